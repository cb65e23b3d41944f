// SPDX-License-Identifier: MIT
// Reads a line of logfmt as others do: names and values with = between, blanks between pairs, and a value in
// quotes as JSON writes it. For the tests and the fuzz target of the log.
#pragma once

#include <boost/json/parse.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::testing {

using LogfmtPairs = std::vector<std::pair<std::string, std::string>>;

/// Where the quoted text at the front of `rest` ends; 0: it does not.
inline std::size_t end_of_quoted(std::string_view rest) {
  for (std::size_t at = 1; at < rest.size(); ++at) {
    if (rest[at] == '\\') {
      ++at;
    } else if (rest[at] == '"') {
      return at + 1;
    }
  }
  return 0;
}

inline std::optional<LogfmtPairs> read_logfmt(std::string_view line) {
  LogfmtPairs pairs;
  while (!line.empty()) {
    const std::size_t equals = line.find('=');
    if (equals == 0 || equals == line.npos) return std::nullopt;
    const std::string name{line.substr(0, equals)};
    line.remove_prefix(equals + 1);
    const bool is_quoted = line.starts_with('"');
    const std::size_t end = is_quoted ? end_of_quoted(line) : std::min(line.find(' '), line.size());
    if (end == 0) return std::nullopt;
    std::string value{line.substr(0, end)};
    if (is_quoted) {
      boost::json::error_code error;
      const boost::json::value read = boost::json::parse(value, error);
      if (error || !read.is_string()) return std::nullopt;
      value = std::string{read.get_string()};
    }
    pairs.emplace_back(name, value);
    line.remove_prefix(end);
    if (line.empty()) break;
    if (line.front() != ' ') return std::nullopt;
    line.remove_prefix(1);
  }
  return pairs;
}

}  // namespace sluice::testing
