// SPDX-License-Identifier: MIT
// A device list, streamed: whatever its size, only the check for duplicates grows, by at most 24 bytes a
// device.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/core/result.hpp"

namespace sluice {

/// Where to read names from. The format is told by the file's ending: .csv (header row, `column`), .ndjson or
/// .jsonl (one object a line, member `column`), else text: one name a line, `#` comments, blank lines
/// ignored.
struct DeviceSource {
  std::vector<std::string> names;  ///< inline; used if `path` is empty
  /// "-" is standard input: text, or if `column` is given NDJSON where it begins with '{', else CSV.
  std::string path;
  std::string column;  ///< empty: "device" (also "device_name" or "DeviceName" if that is what there is)
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

  std::size_t devices() const;     ///< distinct names so far
  std::size_t duplicates() const;  ///< names left out so far because they came before

 private:
  class Impl;
  explicit DeviceList(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice
