// SPDX-License-Identifier: MIT
// Lines of a file of any size, through one buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "jobfile/kept_copy.hpp"
#include "jobfile/regular_file.hpp"
#include "sluice/core/result.hpp"

namespace sluice {

class LineReader {
 public:
  /// @param name how the file is called in messages
  /// @param copy takes a copy of all that is read, for rewind(); absent: the file itself can be read again
  LineReader(FileDescriptor descriptor, std::string name, std::optional<KeptCopy> copy = std::nullopt);

  /// The next line without its LF or CR LF, and without a byte order mark in front of the first; valid until
  /// the next call. Absent: the end. Fails for a line of more than 64 KiB and when reading fails.
  Result<std::optional<std::string_view>> next();

  /// What the text begins with, blanks, line breaks and a byte order mark aside, before any line is taken.
  /// Absent: a text of blanks only, or none. Looks no further than the buffer reaches.
  Result<std::optional<char>> first_character();

  /// Starts again where reading began. What has not been read of a pipe is read for that.
  Result<void> rewind();

  std::size_t line() const { return line_; }  ///< number of the line that next() gave last; first is 1
  std::uint64_t bytes_read() const { return bytes_read_; }
  int descriptor() const { return descriptor_.number(); }
  const std::string& name() const { return name_; }
  /// "fleet.txt:12", printable
  std::string place() const;

 private:
  Result<void> refill();
  std::string_view take(std::size_t length, std::size_t terminator);

  FileDescriptor descriptor_;
  std::string name_;
  std::optional<KeptCopy> copy_;
  std::int64_t first_offset_ = 0;  // where in the file reading began
  std::string buffer_;
  std::size_t begin_ = 0;  // what is in the buffer and not given out yet: [begin_, end_)
  std::size_t end_ = 0;
  bool at_end_ = false;
  std::size_t line_ = 0;
  std::uint64_t bytes_read_ = 0;
};

}  // namespace sluice
