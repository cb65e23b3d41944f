// SPDX-License-Identifier: MIT
// Device names as each format of a device list holds them, one after the other, unchecked; and the columns
// beside them, for those who ask.
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
#include "sluice/jobfile/device_record.hpp"
#include "sluice/jobfile/json_document.hpp"

namespace sluice {

/// In the order of the wanted columns.
using ColumnValues = std::vector<ColumnValue>;

/// A name, valid until the next one is asked for; absent: the end of the list.
using NextName = Result<std::optional<std::string_view>>;

/// A list without columns has one all the same, the device's name itself. Fails for any other.
/// @param list what is said to have no columns
Result<void> check_only_device_is_wanted(const std::vector<WantedColumn>& wanted, std::string_view list);

// Each reader has, besides next() and place():
//   values(into)  appends what the record of the name given last has in each wanted column
//   check_end()   fails if a wanted column has not been seen up to the end
//   rewind()      starts again

/// Names that the job file itself lists.
class InlineNames {
 public:
  InlineNames(std::vector<std::string> names, std::vector<WantedColumn> wanted)
      : names_(std::move(names)), wanted_(std::move(wanted)) {}
  NextName next();
  std::string place() const;
  Result<void> values(ColumnValues& into) const;
  Result<void> check_end() const { return {}; }
  Result<void> rewind();

 private:
  std::vector<std::string> names_;
  std::vector<WantedColumn> wanted_;
  std::size_t given_ = 0;
};

/// One name a line; blank lines and lines that begin with # are left out.
class TextNames {
 public:
  TextNames(LineReader lines, std::vector<WantedColumn> wanted)
      : lines_(std::move(lines)), wanted_(std::move(wanted)) {}
  NextName next();
  std::string place() const { return lines_.place(); }
  const LineReader& lines() const { return lines_; }
  Result<void> values(ColumnValues& into) const;
  Result<void> check_end() const { return {}; }
  Result<void> rewind() { return lines_.rewind(); }

 private:
  LineReader lines_;
  std::vector<WantedColumn> wanted_;
  std::string_view name_;
};

/// One column of a CSV file with a header row.
class CsvNames {
 public:
  /// @param column empty: "device", else "device_name", else "DeviceName"
  CsvNames(LineReader lines, std::string column, std::vector<WantedColumn> wanted)
      : csv_(std::move(lines)), column_(std::move(column)), wanted_(std::move(wanted)) {}
  NextName next();
  std::string place() const { return csv_.place(); }
  const LineReader& lines() const { return csv_.lines(); }
  Result<void> values(ColumnValues& into) const;
  Result<void> check_end() const { return {}; }
  Result<void> rewind();

 private:
  Result<void> read_header();
  Result<void> find_wanted(CsvReader::Fields header);
  Error more_than_one(std::string_view column) const;

  CsvReader csv_;
  std::string column_;
  std::vector<WantedColumn> wanted_;
  std::size_t columns_ = 0;  // how many the header names; 0: it has not been read
  std::size_t index_ = 0;    // which of them holds the name
  std::vector<std::size_t> wanted_indices_;
  CsvReader::Fields fields_;  // of the record whose name was given last
};

/// One member of the JSON objects that stand one a line.
class JsonLineNames {
 public:
  /// @param member empty: "device", else "device_name", else "DeviceName"
  JsonLineNames(LineReader lines, std::string member, std::vector<WantedColumn> wanted)
      : lines_(std::move(lines)),
        member_(std::move(member)),
        wanted_(std::move(wanted)),
        is_seen_(wanted_.size(), false) {}
  NextName next();
  std::string place() const { return lines_.place(); }
  const LineReader& lines() const { return lines_; }
  Result<void> values(ColumnValues& into) const;
  /// A member may be missing in an object, but not in all of them.
  Result<void> check_end() const;
  Result<void> rewind();

 private:
  Result<void> read_object(std::string_view line);
  NextName name() const;
  void note_members();
  Result<ColumnValue> value_of(const WantedColumn& wanted) const;

  LineReader lines_;
  std::string member_;
  std::vector<WantedColumn> wanted_;
  std::vector<bool> is_seen_;             // whether some object had the wanted member
  std::vector<std::string> first_names_;  // of the first object's members
  std::string_view line_;
  JsonValue object_;  // of the name that was given last
};

}  // namespace sluice
