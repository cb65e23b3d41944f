// SPDX-License-Identifier: MIT
#include "jobfile/line_reader.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

constexpr std::size_t line_bytes_max = 64 * 1024;
constexpr std::size_t buffer_bytes = 128 * 1024;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

}  // namespace

LineReader::LineReader(FileDescriptor descriptor, std::string name, std::optional<KeptCopy> copy)
    : descriptor_(std::move(descriptor)),
      name_(std::move(name)),
      copy_(std::move(copy)),
      // Standard input may be a file that somebody has read a part of. A pipe has no offset: then it is 0.
      first_offset_(std::max<std::int64_t>(0, ::lseek(descriptor_.number(), 0, SEEK_CUR))),
      buffer_(buffer_bytes, '\0') {}

std::string LineReader::place() const { return fmt::format("{}:{}", printable(name_), line_); }

Result<std::optional<std::string_view>> LineReader::next() {
  for (;;) {
    const std::size_t available = end_ - begin_;
    if (available > 0) {
      const void* const found = std::memchr(buffer_.data() + begin_, '\n', available);
      const std::size_t length =
          found ? static_cast<std::size_t>(static_cast<const char*>(found) - (buffer_.data() + begin_))
                : available;
      if (length > line_bytes_max) {
        ++line_;
        return Error{ErrorKind::invalid_input,
                     fmt::format("{}: the line is longer than {} bytes; expected one device a line", place(),
                                 line_bytes_max),
                     "Check that this is a device list and not some other file."};
      }
      if (found) return take(length, 1);
      if (at_end_) return take(length, 0);
    } else if (at_end_) {
      return std::optional<std::string_view>();
    }
    if (auto filled = refill(); !filled) return filled.error();
  }
}

Result<std::optional<char>> LineReader::first_character() {
  for (;;) {
    std::string_view text(buffer_.data() + begin_, end_ - begin_);
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    // Part of a mark may be all that has come so far.
    const bool is_undecided = first == text.npos || byte_order_mark.starts_with(text);
    const bool is_all_there_is = at_end_ || end_ - begin_ == buffer_.size();
    if (!is_undecided) return std::optional(text[first]);
    if (is_all_there_is) return std::optional<char>();
    if (auto filled = refill(); !filled) return filled.error();
  }
}

Result<void> LineReader::rewind() {
  while (copy_ && !at_end_) {
    begin_ = end_ = 0;
    if (auto filled = refill(); !filled) return filled;
  }
  if (copy_) {
    descriptor_ = std::move(*copy_).take();
    copy_.reset();
  }
  if (::lseek(descriptor_.number(), first_offset_, SEEK_SET) < 0)
    return read_error(name_, "device list", errno);
  begin_ = end_ = 0;
  at_end_ = false;
  line_ = 0;
  bytes_read_ = 0;
  return {};
}

std::string_view LineReader::take(std::size_t length, std::size_t terminator) {
  std::string_view line(buffer_.data() + begin_, length);
  begin_ += length + terminator;
  ++line_;
  if (terminator > 0 && line.ends_with('\r')) line.remove_suffix(1);
  if (line_ == 1 && line.starts_with(byte_order_mark)) line.remove_prefix(byte_order_mark.size());
  return line;
}

Result<void> LineReader::refill() {
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= std::exchange(begin_, 0);
  const std::ptrdiff_t bytes = read_some(descriptor_.number(), buffer_.data() + end_, buffer_.size() - end_);
  if (bytes < 0) return read_error(name_, "device list", static_cast<int>(-bytes));
  at_end_ = bytes == 0;
  if (copy_ && bytes > 0) {
    auto kept = copy_->append({buffer_.data() + end_, static_cast<std::size_t>(bytes)});
    if (!kept) return kept;
  }
  end_ += static_cast<std::size_t>(bytes);
  bytes_read_ += static_cast<std::uint64_t>(bytes);
  return {};
}

}  // namespace sluice
