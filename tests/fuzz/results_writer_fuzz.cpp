// SPDX-License-Identifier: MIT
// The rows of `results`: whatever bytes a device is called or a cloud says, one row in is one row out, which
// another reader reads back, and which neither a spreadsheet nor a terminal takes for anything but text.
// The input holds rows, ended by the byte 0x1E, of fields, ended by 0x1F; and is a row by itself, all of it
// in each field.
#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <string>
#include <vector>

#include "app/results_writer.hpp"
#include "fuzz/claim.hpp"
#include "fuzz/rfc4180.hpp"

using namespace sluice;
using fuzz::claim;

namespace {

constexpr std::size_t fields_max = 4;
using Texts = std::array<std::string_view, fields_max>;  // device, request id, code, message

std::vector<Texts> rows_of(std::string_view input) {
  std::vector<Texts> rows{{input, input, input, input}};
  for (std::string_view rest = input; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\x1e'), rest.size());
    std::string_view row = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    Texts texts{};
    for (std::string_view& text : texts) {
      const std::size_t field_end = std::min(row.find('\x1f'), row.size());
      text = row.substr(0, field_end);
      row.remove_prefix(std::min(field_end + 1, row.size()));
    }
    rows.push_back(texts);
  }
  return rows;
}

std::string written(const std::vector<Texts>& rows, ResultsOptions options) {
  std::string out;
  ResultsWriter writer{options, [&](std::string_view block) -> Result<void> {
                         out += block;
                         return {};
                       }};
  for (const auto& [device, request_id, code, message] : rows) {
    const bool goes_on = writer.write({.device = device,
                                       .state = ChunkState::failed,
                                       .evidence = Evidence::none,
                                       .chunk = ChunkId{3},
                                       .attempts = 2,
                                       .request_id = request_id,
                                       .code = code,
                                       .message = message,
                                       .settled_at = UtcTime{std::chrono::seconds{1}}});
    claim(goes_on, "writing goes on while the sink takes it");
  }
  claim(writer.finish().has_value(), "writing ends well while the sink takes it");
  return out;
}

std::size_t count_lines(std::string_view text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

void claim_lines_steer_no_terminal(std::string_view text) {
  while (!text.empty()) {
    const auto [line, rest] = fuzz::split_first_line(text);
    claim(fuzz::is_free_of_controls(line), "a row steers no terminal", line);
    text = rest;
  }
}

bool a_spreadsheet_calculates(std::string_view cell) {
  const std::size_t first = cell.find_first_not_of(" \t\r\n");
  if (first == cell.npos) return false;
  cell.remove_prefix(first);
  if (std::string_view{"=+-@"}.find(cell.front()) != std::string_view::npos) return true;
  for (const std::string_view full_width : {"＝", "＋", "－", "＠"}) {
    if (cell.starts_with(full_width)) return true;
  }
  return false;
}

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

std::vector<fuzz::CsvRecord> records_of(const std::string& csv, std::size_t rows) {
  const auto records = fuzz::read_rfc4180(csv);
  claim(records.has_value(), "what is written is CSV", csv);
  claim(records->size() == rows + 1, "one row in is one row out, after the header", csv);
  for (const fuzz::CsvRecord& record : *records) claim(record.size() == 9, "each row has all columns", csv);
  return *records;
}

Texts texts_of(const fuzz::CsvRecord& record) { return {record[0], record[5], record[6], record[7]}; }

void claim_csv_is_harmless(const std::vector<Texts>& rows) {
  const std::string csv = written(rows, {.format = ResultsFormat::csv});
  claim_lines_steer_no_terminal(csv);
  claim(count_lines(csv) == rows.size() + 1, "a row is a line", csv);
  const std::vector<fuzz::CsvRecord> records = records_of(csv, rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Texts shown = texts_of(records[i + 1]);
    for (std::size_t j = 0; j < fields_max; ++j) {
      claim(!a_spreadsheet_calculates(shown[j]), "a cell is no formula", shown[j]);
      if (!is_plain(rows[i][j])) continue;
      const std::string guard = a_spreadsheet_calculates(rows[i][j]) ? "'" : "";
      claim(shown[j] == guard + std::string{rows[i][j]}, "plain text is written as it is", shown[j]);
    }
  }
}

void claim_raw_csv_reads_back(const std::vector<Texts>& rows) {
  const std::string csv = written(rows, {.format = ResultsFormat::csv, .raw = true});
  const std::vector<fuzz::CsvRecord> records = records_of(csv, rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    claim(texts_of(records[i + 1]) == rows[i], "raw text reads back byte for byte", csv);
  }
}

void claim_json_is_valid(const std::vector<Texts>& rows) {
  const std::string json = written(rows, {.format = ResultsFormat::ndjson});
  claim_lines_steer_no_terminal(json);
  claim(count_lines(json) == rows.size(), "a row is a line", json);
  std::string_view rest = json;
  for (const Texts& row : rows) {
    const auto [line, after] = fuzz::split_first_line(rest);
    boost::json::error_code error;
    const boost::json::value object = boost::json::parse(line, error);
    claim(!error && object.is_object(), "a row is a JSON object", line);
    if (is_plain(row[3])) {
      claim(object.at("message").as_string() == boost::json::string_view{row[3]}, "plain text reads back",
            line);
    }
    rest = after;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::vector<Texts> rows = rows_of(fuzz::text_of(bytes, size));

  claim_csv_is_harmless(rows);
  claim_raw_csv_reads_back(rows);
  claim_json_is_valid(rows);
  for (const ResultsFormat format : {ResultsFormat::table, ResultsFormat::txt}) {
    const std::string text = written(rows, {.format = format, .columns = 80});
    claim_lines_steer_no_terminal(text);
    claim(count_lines(text) == rows.size() + (format == ResultsFormat::table ? 1 : 0), "a row is a line",
          text);
  }
  return 0;
}
