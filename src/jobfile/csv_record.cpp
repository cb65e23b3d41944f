// SPDX-License-Identifier: MIT
#include "jobfile/csv_record.hpp"

#include <fmt/format.h>

#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

constexpr std::size_t record_bytes_max = 64 * 1024;

}  // namespace

std::string CsvReader::place() const { return fmt::format("{}:{}", printable(lines_.name()), first_line_); }

Result<std::optional<CsvReader::Fields>> CsvReader::next() {
  std::optional<std::string_view> line;
  do {
    auto next_line = lines_.next();
    if (!next_line) return next_line.error();
    if (!*next_line) return std::optional<Fields>();
    line = **next_line;
  } while (line->empty());

  first_line_ = lines_.line();
  if (line->find('"') == line->npos) {
    split_plain(*line);
  } else if (auto split = split_quoted(*line); !split) {
    return split.error();
  }
  return std::optional(Fields(fields_));
}

void CsvReader::split_plain(std::string_view line) {
  fields_.clear();
  for (;;) {
    const std::size_t comma = line.find(',');
    fields_.push_back(line.substr(0, comma));
    if (comma == line.npos) return;
    line.remove_prefix(comma + 1);
  }
}

Result<void> CsvReader::split_quoted(std::string_view line) {
  unquoted_.clear();
  ends_.clear();
  auto state = take_line(line, State::field_begins);
  while (state && *state == State::quoted) {
    unquoted_ += '\n';
    auto next_line = lines_.next();
    if (!next_line) return next_line.error();
    if (!*next_line || unquoted_.size() + (*next_line)->size() > record_bytes_max) {
      return Error{ErrorKind::invalid_input,
                   fmt::format("{}: a quote that begins here is not closed within {} bytes; expected '\"'",
                               place(), record_bytes_max),
                   "Correct the quotes of this row."};
    }
    state = take_line(**next_line, State::quoted);
  }
  if (!state) return state.error();
  end_field();

  fields_.clear();
  std::size_t begin = 0;
  for (const std::size_t end : ends_) {
    fields_.push_back(std::string_view(unquoted_).substr(begin, end - begin));
    begin = end;
  }
  return {};
}

Result<CsvReader::State> CsvReader::take_line(std::string_view line, State state) {
  for (const char c : line) {
    if (state == State::quoted) {
      if (c == '"') {
        state = State::quote_ended;
      } else {
        unquoted_ += c;
      }
    } else if (c == ',') {
      end_field();
      state = State::field_begins;
    } else if (c == '"' && state != State::plain) {
      // The second of two quotes in a quoted field stands for one; at a field's begin it opens the field.
      if (state == State::quote_ended) unquoted_ += c;
      state = State::quoted;
    } else if (c == '"' || state == State::quote_ended) {
      return Error{ErrorKind::invalid_input,
                   fmt::format("{}:{}: a quote in the wrong place; expected \"…\" around a whole field, and "
                               "quotes in it doubled",
                               printable(lines_.name()), lines_.line()),
                   "Correct the quotes of this row."};
    } else {
      unquoted_ += c;
      state = State::plain;
    }
  }
  return state;
}

void CsvReader::end_field() { ends_.push_back(unquoted_.size()); }

}  // namespace sluice
