// SPDX-License-Identifier: MIT
#include "jobfile/regular_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

std::string_view kind_in_words(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
  return "something else";
}

Error not_regular(const std::string& path, std::string_view what, std::string_view kind) {
  return Error{ErrorKind::invalid_input,
               fmt::format("{}: {}, not a {}; expected a regular file", printable(path), kind, what),
               "Give the path of a regular file."};
}

Error open_error(const std::string& path, std::string_view what, int number) {
  if (number == ENOENT) {
    return Error{
        ErrorKind::not_found, fmt::format("{}: there is no such {}", printable(path), what),
        "Check the path; a relative one starts at the folder you are in, in a job file at the job file's."};
  }
  // What open(2) says of a socket.
  if (number == ENXIO) return not_regular(path, what, "a socket or a device");
  return read_error(path, what, number);
}

}  // namespace

FileDescriptor::~FileDescriptor() {
  if (number_ >= 0) ::close(number_);
}

Error read_error(const std::string& path, std::string_view what, int number) {
  const std::string reason = std::generic_category().message(number);
  const bool is_permission = number == EACCES || number == EPERM;
  return Error{ErrorKind::invalid_input,
               fmt::format("{}: cannot read the {}: {}", printable(path), what, reason),
               is_permission ? "Give the user that runs sluice permission to read it."
                             : "Check the path and the disk, then try again."};
}

Result<OpenFile> open_regular_file(const std::string& path, std::string_view what) {
  if (path.empty() || path.find('\0') != path.npos) {
    return Error{ErrorKind::invalid_input,
                 fmt::format("\"{}\" is not the path of a {}", printable(path), what),
                 "Give the path of a regular file."};
  }
  // Not blocking: otherwise opening a pipe waits until somebody writes to it.
  FileDescriptor descriptor(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (descriptor.number() < 0) return open_error(path, what, errno);
  struct stat status{};
  if (::fstat(descriptor.number(), &status) != 0) return read_error(path, what, errno);
  if (!S_ISREG(status.st_mode)) return not_regular(path, what, kind_in_words(status.st_mode));
  return OpenFile{std::move(descriptor), status};
}

std::ptrdiff_t read_some(int descriptor, char* into, std::size_t bytes_max) {
  for (;;) {
    const ssize_t bytes = ::read(descriptor, into, bytes_max);
    if (bytes >= 0) return bytes;
    if (errno == EAGAIN) {
      // Somebody made standard input's pipe non-blocking for all who share it.
      pollfd readable{descriptor, POLLIN, 0};
      ::poll(&readable, 1, -1);
    } else if (errno != EINTR) {
      return -errno;
    }
  }
}

Result<std::string> read_regular_file(const std::string& path, std::string_view what, std::size_t bytes_max) {
  const auto file = open_regular_file(path, what);
  if (!file) return file.error();
  return read_whole(*file, path, what, bytes_max);
}

Result<std::string> read_whole(const OpenFile& file, const std::string& path, std::string_view what,
                               std::size_t bytes_max) {
  // One byte more than allowed is asked for, to notice a longer file whatever its status says.
  std::string text(bytes_max + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const std::ptrdiff_t bytes = read_some(file.descriptor.number(), text.data() + size, text.size() - size);
    if (bytes < 0) return read_error(path, what, static_cast<int>(-bytes));
    if (bytes == 0) break;
    size += static_cast<std::size_t>(bytes);
  }
  if (size > bytes_max) {
    return Error{ErrorKind::invalid_input,
                 fmt::format("{}: longer than {} bytes; expected a {} of at most that size", printable(path),
                             bytes_max, what),
                 "Keep long device lists in a file of their own, named by \"devices_file\"."};
  }
  text.resize(size);
  text.shrink_to_fit();
  return text;
}

}  // namespace sluice
