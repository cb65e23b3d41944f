// SPDX-License-Identifier: MIT
// Opens what an operator named, and refuses everything that is not a regular file without waiting for it.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "sluice/core/result.hpp"

namespace sluice {

/// Owns an open file.
class FileDescriptor {
 public:
  explicit FileDescriptor(int number) : number_(number) {}
  FileDescriptor(FileDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~FileDescriptor();

  int number() const { return number_; }

 private:
  int number_;
};

struct OpenFile {
  FileDescriptor descriptor;
  struct stat status;  ///< as it was when the file was opened
};

/// @param what how the file is called in messages: "job file", "device list"
/// @return not_found if there is no such file, invalid_input for a folder, a pipe, no permission, …
Result<OpenFile> open_regular_file(const std::string& path, std::string_view what);

/// The whole file that `path` was opened as; invalid_input if it is longer than `bytes_max`.
Result<std::string> read_whole(const OpenFile& file, const std::string& path, std::string_view what,
                               std::size_t bytes_max);

/// The whole file; invalid_input if it is longer than `bytes_max`.
Result<std::string> read_regular_file(const std::string& path, std::string_view what, std::size_t bytes_max);

/// read(2), again after a signal. @return bytes read, 0 at the end; negative: errno
std::ptrdiff_t read_some(int descriptor, char* into, std::size_t bytes_max);

/// Error for an errno that reading `path` gave.
Error read_error(const std::string& path, std::string_view what, int number);

}  // namespace sluice
