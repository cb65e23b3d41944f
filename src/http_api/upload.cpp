// SPDX-License-Identifier: MIT
#include "http_api/upload.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace sluice {
namespace {

Error cannot(std::string_view what, int error) {
  return {ErrorKind::storage, fmt::format("the upload cannot be {}: {}", what, std::strerror(error)),
          "Look at the disk that the store is on."};
}

}  // namespace

UploadedFile::UploadedFile(std::string path, std::string id, int descriptor)
    : path_(std::move(path)), id_(std::move(id)), descriptor_(descriptor) {}

UploadedFile::~UploadedFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!is_kept_) ::unlink(path_.c_str());
}

Result<std::shared_ptr<UploadedFile>> UploadedFile::begin(const std::string& folder) {
  if (::mkdir(folder.c_str(), S_IRWXU) != 0 && errno != EEXIST) return cannot("given a folder", errno);
  std::array<unsigned char, 16> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) return cannot("named", EIO);
  std::string id = fmt::format("{:02x}", fmt::join(random, ""));
  std::string path = folder + "/" + id;
  const int descriptor =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (descriptor < 0) return cannot("begun", errno);
  return std::shared_ptr<UploadedFile>{new UploadedFile{std::move(path), std::move(id), descriptor}};
}

Result<void> UploadedFile::append(std::string_view bytes) {
  running_digest_.add(bytes);
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return cannot("written", errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
    bytes_ += static_cast<std::uint64_t>(written);
  }
  return {};
}

Result<void> UploadedFile::finish() {
  const int failed = ::fsync(descriptor_) == 0 ? 0 : errno;
  ::close(std::exchange(descriptor_, -1));
  if (failed != 0) return cannot("written", failed);
  digest_ = running_digest_.hex();
  return {};
}

}  // namespace sluice
