// SPDX-License-Identifier: MIT
#include "jobfile/kept_copy.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>
#include <utility>

#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

std::string folder() {
  const char* const named = std::getenv("TMPDIR");
  return named != nullptr && *named != '\0' ? named : "/tmp";
}

Error cannot_keep(int number) {
  return Error{ErrorKind::unexpected,
               fmt::format("standard input: cannot keep a copy of it in {}: {}", printable(folder()),
                           std::generic_category().message(number)),
               "Make room there, name another folder with TMPDIR, or put the list into a file."};
}

}  // namespace

Result<KeptCopy> KeptCopy::make() {
  FileDescriptor nameless(::open(folder().c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (nameless.number() >= 0) return KeptCopy(std::move(nameless));
  // Not every file system can do without a name.
  std::string path = folder() + "/sluice_input_XXXXXX";
  FileDescriptor named(::mkostemp(path.data(), O_CLOEXEC));
  if (named.number() < 0) return cannot_keep(errno);
  ::unlink(path.c_str());
  return KeptCopy(std::move(named));
}

Result<void> KeptCopy::append(std::string_view text) {
  while (!text.empty()) {
    const ssize_t bytes = ::write(descriptor_.number(), text.data(), text.size());
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) return cannot_keep(errno);
    text.remove_prefix(static_cast<std::size_t>(bytes));
  }
  return {};
}

}  // namespace sluice
