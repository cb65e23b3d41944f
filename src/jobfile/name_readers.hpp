// SPDX-License-Identifier: MIT
// Device names as each format of a device list holds them, one after the other, unchecked.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "jobfile/csv_record.hpp"
#include "jobfile/line_reader.hpp"
#include "sluice/core/result.hpp"

namespace sluice {

/// A name, valid until the next one is asked for; absent: the end of the list.
using NextName = Result<std::optional<std::string_view>>;

/// Names that the job file itself lists.
class InlineNames {
 public:
  explicit InlineNames(std::vector<std::string> names) : names_(std::move(names)) {}
  NextName next();
  std::string place() const;

 private:
  std::vector<std::string> names_;
  std::size_t given_ = 0;
};

/// One name a line; blank lines and lines that begin with # are left out.
class TextNames {
 public:
  explicit TextNames(LineReader lines) : lines_(std::move(lines)) {}
  NextName next();
  std::string place() const { return lines_.place(); }
  const LineReader& lines() const { return lines_; }

 private:
  LineReader lines_;
};

/// One column of a CSV file with a header row.
class CsvNames {
 public:
  /// @param column empty: "device", else "device_name", else "DeviceName"
  CsvNames(LineReader lines, std::string column) : csv_(std::move(lines)), column_(std::move(column)) {}
  NextName next();
  std::string place() const { return csv_.place(); }
  const LineReader& lines() const { return csv_.lines(); }

 private:
  Result<void> read_header();

  CsvReader csv_;
  std::string column_;
  std::size_t columns_ = 0;  // how many the header names; 0: it has not been read
  std::size_t index_ = 0;    // which of them holds the name
};

/// One member of the JSON objects that stand one a line.
class JsonLineNames {
 public:
  /// @param member empty: "device", else "device_name", else "DeviceName"
  JsonLineNames(LineReader lines, std::string member)
      : lines_(std::move(lines)), member_(std::move(member)) {}
  NextName next();
  std::string place() const { return lines_.place(); }
  const LineReader& lines() const { return lines_; }

 private:
  Result<std::string> name_in(std::string_view line) const;

  LineReader lines_;
  std::string member_;
  std::string name_;
};

}  // namespace sluice
