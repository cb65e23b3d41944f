// SPDX-License-Identifier: MIT
// What a device list says about a device besides its name: the values of the columns that somebody asked for.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sluice {

/// A field of a CSV row is text, and an empty one is missing: CSV knows no other way to leave it out. A
/// member of a JSON object has its own type; null, and one that is not there, are missing.
struct ColumnValue {
  enum class Kind { missing, text, number, boolean };

  Kind kind = Kind::missing;
  std::string_view text;  ///< a number as it is spelled in the list; a boolean as true or false

  bool operator==(const ColumnValue&) const = default;
};

/// A column that is used somewhere, and where: "job.json:12:20: targets.where", for the error if there is
/// none.
struct WantedColumn {
  std::string name;
  std::string place;

  bool operator==(const WantedColumn&) const = default;
};

/// Valid until the next one is asked for.
struct DeviceRecord {
  std::string_view name;
  std::span<const ColumnValue> values;  ///< in the order of the columns that were asked for
};

}  // namespace sluice
