// SPDX-License-Identifier: MIT
// Records of a CSV file as RFC 4180 describes them: commas, quotes, doubled quotes, line breaks inside
// quotes.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "jobfile/line_reader.hpp"
#include "sluice/core/result.hpp"

namespace sluice {

class CsvReader {
 public:
  using Fields = std::span<const std::string_view>;

  explicit CsvReader(LineReader lines) : lines_(std::move(lines)) {}

  /// The fields of the next record that is not an empty line; valid until the next call. Absent: the end.
  /// Fails for quotes in the wrong place and for a record of more than 64 KiB.
  Result<std::optional<Fields>> next();

  Result<void> rewind() { return lines_.rewind(); }

  /// "fleet.csv:12": where the record that next() gave last begins.
  std::string place() const;
  const LineReader& lines() const { return lines_; }

 private:
  enum class State { field_begins, plain, quoted, quote_ended };

  void split_plain(std::string_view line);
  Result<void> split_quoted(std::string_view line);
  Result<State> take_line(std::string_view line, State state);
  void end_field();

  LineReader lines_;
  std::size_t first_line_ = 0;
  std::string unquoted_;           // the fields of a record with quotes, without them, one after the other
  std::vector<std::size_t> ends_;  // where in it each field ends
  std::vector<std::string_view> fields_;
};

}  // namespace sluice
