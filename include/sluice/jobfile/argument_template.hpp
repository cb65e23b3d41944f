// SPDX-License-Identifier: MIT
// Arguments with places to fill in: ${param.version} of the job's params, ${column.model} of the device's own
// row. Everything else is the author's text, byte for byte.
//
// A JSON string that consists of one place alone becomes the value with its own type and spelling: a
// number 10.0 stays 10.0, a CSV column is text and so a JSON string. Inside a longer string the value is put
// in as text.
// $${ stands for a plain ${.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/jobfile/device_record.hpp"
#include "sluice/jobfile/parameter.hpp"

namespace sluice {

class ArgumentTemplate {
 public:
  /// A place to be filled in, or text that stays.
  struct Piece {
    enum class Kind { text, param, column };
    Kind kind = Kind::text;
    std::string text;        ///< or the param's or column's name
    bool is_whole = false;   ///< the JSON string consists of this place alone; its quotes go
    std::size_t column = 0;  ///< which of the columns that render() is given, once bound

    bool operator==(const Piece&) const = default;
  };

  /// Why a device has no arguments.
  struct Fault {
    std::string column;
    std::string text;  ///< "is empty or missing"
  };

  ArgumentTemplate() = default;
  explicit ArgumentTemplate(std::vector<Piece> pieces) : pieces_(std::move(pieces)) {}

  const std::vector<Piece>& pieces() const { return pieces_; }
  bool uses_columns() const;

  /// With the params filled in, each of which must have a value, and each column's index in `columns` looked
  /// up.
  ArgumentTemplate bound(const ParameterValues& params, std::span<const WantedColumn> columns) const;

  /// Of a bound template. @param into receives the arguments
  /// @return why there are none; absent: there are
  std::optional<Fault> render(std::span<const ColumnValue> values, std::string& into) const;

 private:
  std::vector<Piece> pieces_;
};

}  // namespace sluice
