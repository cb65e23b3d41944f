// SPDX-License-Identifier: MIT
// CSV by the letter of RFC 4180, written for the fuzz targets and from nothing of the product: what its
// reader and its writer are measured against.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::fuzz {

using CsvRecord = std::vector<std::string>;

/// The records of a text in which '\n' or "\r\n" ends a line; the last line may lack its end. Absent: the
/// text is no CSV.
inline std::optional<std::vector<CsvRecord>> read_rfc4180(std::string_view text) {
  std::vector<CsvRecord> records;
  std::size_t at = 0;
  const auto here = [&] { return at < text.size() ? text[at] : '\n'; };
  const auto is_line_end = [&] { return here() == '\n' || text.substr(at).starts_with("\r\n"); };
  while (at < text.size()) {
    CsvRecord record;
    for (bool more = true; more;) {
      std::string field;
      if (here() == '"') {
        for (++at;; ++at) {
          if (at == text.size()) return std::nullopt;
          if (text[at] == '"' && !text.substr(at + 1).starts_with('"')) break;
          if (text[at] == '"') ++at;
          field += text[at];
        }
        ++at;
        if (here() != ',' && !is_line_end()) return std::nullopt;
      } else {
        for (; here() != ',' && !is_line_end(); ++at) {
          if (here() == '"') return std::nullopt;
          field += here();
        }
      }
      record.push_back(field);
      more = here() == ',';
      at += more ? 1 : 0;
    }
    at += text.substr(at).starts_with('\r') ? 2 : 1;
    records.push_back(record);
  }
  return records;
}

}  // namespace sluice::fuzz
