// SPDX-License-Identifier: MIT
#include "app/results_writer.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <iterator>
#include <system_error>
#include <utility>

#include "app/display_text.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

constexpr std::size_t block_bytes = 64 * 1024;
// The store keeps at most 1 KiB of a message; escaping may make it longer.
constexpr std::size_t field_bytes_max = 8 * 1024;

struct Column {
  std::string_view title;
  int columns;
};

// What an operator looks for comes first, for a narrow terminal cuts the rest.
constexpr std::array<Column, 9> table_columns{{{"DEVICE", 32},
                                               {"STATE", 9},
                                               {"EVIDENCE", 9},
                                               {"ATTEMPTS", 8},
                                               {"CODE", 32},
                                               {"MESSAGE", 48},
                                               {"REQUEST_ID", 36},
                                               {"CHUNK", 8},
                                               {"SETTLED_AT", 24}}};

constexpr std::string_view csv_header =
    "device,state,evidence,chunk,attempts,request_id,code,message,settled_at\n";

// printable(), the short way for what is so already.
std::string shown(std::string_view untrusted) {
  return plain_prefix(untrusted) == untrusted.size() ? std::string{untrusted}
                                                     : printable(untrusted, field_bytes_max);
}

// A spreadsheet takes a cell that begins like this for a formula (OWASP, "CSV Injection"). The last four are
// the full-width forms, which some take as well. Spaces before it do not help.
bool begins_like_formula(std::string_view text) {
  using namespace std::string_view_literals;
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return false;
  text.remove_prefix(first);
  if ("=+-@\t\r\n\0"sv.find(text.front()) != std::string_view::npos) return true;
  for (const std::string_view full_width : {"＝"sv, "＋"sv, "－"sv, "＠"sv}) {
    if (text.starts_with(full_width)) return true;
  }
  return false;
}

// The semicolon and the tab too: in half of the world a spreadsheet splits at those.
bool needs_quotes(std::string_view field) {
  return field.find_first_of(",;\t\"\r\n") != std::string_view::npos || field.starts_with(' ') ||
         field.ends_with(' ');
}

Error write_error(int number) {
  if (number == EPIPE) {
    return {.kind = ErrorKind::unexpected,
            .message = "the output was closed before all of it was written",
            .hint = "the results are kept: ask for them again"};
  }
  return {.kind = ErrorKind::unexpected,
          .message = "cannot write the output: " + std::generic_category().message(number),
          .hint = "make room, or write to another place; the results are kept: ask for them again"};
}

}  // namespace

std::optional<ResultsFormat> results_format_from(std::string_view word) {
  if (word == "table") return ResultsFormat::table;
  if (word == "json") return ResultsFormat::json;
  if (word == "ndjson") return ResultsFormat::ndjson;
  if (word == "csv") return ResultsFormat::csv;
  if (word == "txt") return ResultsFormat::txt;
  return std::nullopt;
}

TextSink sink_to(std::FILE* file) {
  return [file](std::string_view block) -> Result<void> {
    errno = 0;
    if (std::fwrite(block.data(), 1, block.size(), file) != block.size() || std::fflush(file) != 0) {
      return write_error(errno);
    }
    return {};
  };
}

ResultsWriter::ResultsWriter(ResultsOptions options, TextSink sink)
    : options_(options), sink_(std::move(sink)) {
  begin();
}

void ResultsWriter::begin() {
  switch (options_.format) {
    case ResultsFormat::json:
      json_.begin_object().member("schema_version", json_schema_version).member("run", options_.run.value);
      json_.key("results").begin_array();
      return;
    case ResultsFormat::csv:
      block_ += csv_header;
      return;
    case ResultsFormat::table: {
      std::string line;
      for (const Column& column : table_columns)
        line.append(padded(column.title, column.columns)).append("  ");
      line.erase(line.find_last_not_of(' ') + 1);
      block_ += (options_.columns > 0 ? fitted(line, options_.columns) : line) + "\n";
      return;
    }
    case ResultsFormat::ndjson:
    case ResultsFormat::txt:
      return;
  }
}

bool ResultsWriter::write(const DeviceResult& row) {
  if (failure_) return false;
  ++rows_;
  switch (options_.format) {
    case ResultsFormat::json:
    case ResultsFormat::ndjson:
      write_json_row(row);
      break;
    case ResultsFormat::csv:
      write_csv_row(row);
      break;
    case ResultsFormat::table:
      write_table_row(row);
      break;
    case ResultsFormat::txt:
      block_.append(options_.raw ? std::string{row.device} : shown(row.device)).append("\n");
      break;
  }
  return block_.size() + json_.text().size() < block_bytes || flush();
}

Result<void> ResultsWriter::finish() {
  if (options_.format == ResultsFormat::json) json_.end_array().end_object().end_document();
  if (!failure_) flush();
  if (failure_) return *failure_;
  return {};
}

void ResultsWriter::write_json_row(const DeviceResult& row) {
  if (options_.format == ResultsFormat::json) json_.break_line();
  json_.begin_object();
  write_device(json_, row, time_text(row.settled_at));
  json_.end_object();
  if (options_.format == ResultsFormat::ndjson) json_.end_document();
}

void ResultsWriter::write_csv_row(const DeviceResult& row) {
  append_csv_text(row.device);
  fmt::format_to(std::back_inserter(block_), ",{},{},{},{},", device_state_word(row.state),
                 evidence_word(row.evidence), row.chunk.value, row.attempts);
  append_csv_text(row.request_id);
  block_ += ',';
  append_csv_text(row.code);
  block_ += ',';
  append_csv_text(row.message);
  block_.append(",").append(time_text(row.settled_at)).append("\n");
}

// A CSV file is looked at with `cat` as well: unless asked for raw, control characters are spelled out.
void ResultsWriter::append_csv_text(std::string_view untrusted) {
  std::string field;
  if (options_.raw) {
    field = untrusted;
  } else {
    if (begins_like_formula(untrusted)) field = "'";
    field += shown(untrusted);
  }
  if (!needs_quotes(field)) {
    block_ += field;
    return;
  }
  block_ += '"';
  for (const char c : field) {
    if (c == '"') block_ += '"';
    block_ += c;
  }
  block_ += '"';
}

void ResultsWriter::write_table_row(const DeviceResult& row) {
  const std::array<std::string, table_columns.size()> cells{shown(row.device),
                                                            std::string{device_state_word(row.state)},
                                                            std::string{evidence_word(row.evidence)},
                                                            std::to_string(row.attempts),
                                                            shown(row.code),
                                                            shown(row.message),
                                                            shown(row.request_id),
                                                            std::to_string(row.chunk.value),
                                                            time_text(row.settled_at)};
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    line.append(padded(cells[i], table_columns[i].columns)).append("  ");
  }
  line.erase(line.find_last_not_of(' ') + 1);
  block_ += (options_.columns > 0 ? fitted(line, options_.columns) : line) + "\n";
}

const std::string& ResultsWriter::time_text(const std::optional<UtcTime>& time) {
  if (time != last_time_) {
    last_time_ = time;
    last_time_text_ = time ? to_rfc3339(*time) : std::string{};
  }
  return last_time_text_;
}

bool ResultsWriter::flush() {
  const std::string_view written = block_.empty() ? std::string_view{json_.text()} : std::string_view{block_};
  if (!written.empty()) {
    if (const Result<void> result = sink_(written); !result) failure_ = result.error();
  }
  block_.clear();
  json_.drop_written();
  return !failure_;
}

}  // namespace sluice
