// SPDX-License-Identifier: MIT
// A device list, streamed: whatever its size, only the check for duplicates grows, by at most 24 bytes a
// device.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/core/result.hpp"
#include "sluice/jobfile/device_record.hpp"

namespace sluice {

/// Where to read names from. The format is told by the file's ending: .csv (header row, `column`), .ndjson or
/// .jsonl (one object a line, member `column`), else text: one name a line, `#` comments, blank lines
/// ignored.
struct DeviceSource {
  std::vector<std::string> names;  ///< inline; used if `path` is empty
  /// "-" is standard input: text, or if `column` is given NDJSON where it begins with '{', else CSV.
  std::string path;
  std::string column;  ///< empty: "device" (also "device_name" or "DeviceName" if that is what there is)
  /// What next() shall tell of each device. Names in a text or inline have one column only, "device".
  std::vector<WantedColumn> columns;
  bool may_be_empty = false;  ///< a list without devices is an error otherwise
};

class DeviceList {
 public:
  /// Regular files only (symlinks to them included), or standard input.
  static Result<DeviceList> open(DeviceSource source);

  DeviceList(DeviceList&&) noexcept;
  DeviceList& operator=(DeviceList&&) noexcept;
  ~DeviceList();

  /// Appends up to `max` further names to `names`, each followed by '\n'; first occurrences only.
  /// @return how many were appended; 0: the list is at its end, was not empty and did not change while being
  /// read. Fails (invalid_input) with file:line at an invalid name, and for an empty or changed list.
  Result<std::size_t> read(std::size_t max, std::string& names);

  /// The next device that did not come before, with its columns; absent: the end, as with read(). Fails as
  /// read() does, for a wanted column that the list does not have (for NDJSON: that no object had, told at
  /// the end), and for a value in one that is a list or an object.
  Result<std::optional<DeviceRecord>> next();
  /// "fleet.csv:12": where the device stands that next() gave last.
  std::string place() const;

  /// Starts again from the first device; all counts are 0 again. A pipe on standard input is read to its end
  /// for that, from a copy that was made of it. That the list changed between two readings shows at the end
  /// of the second. Fails (unexpected) if the list cannot be read again.
  Result<void> rewind();

  std::size_t devices() const;     ///< distinct names so far
  std::size_t duplicates() const;  ///< names left out so far because they came before

 private:
  class Impl;
  explicit DeviceList(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice
