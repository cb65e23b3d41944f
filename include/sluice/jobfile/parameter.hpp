// SPDX-License-Identifier: MIT
// The `params` of a job file: what may differ from run to run, with a type and perhaps a default.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/core/result.hpp"

namespace sluice {

enum class ParameterType { string, integer, number, boolean };

struct Parameter {
  ParameterType type = ParameterType::string;
  std::optional<std::string> default_json;  ///< as the job file spells it; a string with its quotes
  std::string place;                        ///< "job.json:3:14: params.version"

  bool operator==(const Parameter&) const = default;
};

using DeclaredParameters = std::map<std::string, Parameter, std::less<>>;

/// What `--set name=value` said.
struct ParameterSetting {
  std::string name;
  std::string value;

  bool operator==(const ParameterSetting&) const = default;
};

/// Each parameter's value as JSON text, in its own spelling.
using ParameterValues = std::map<std::string, std::string, std::less<>>;

/// "version=2.14.0"; the value may be empty. Fails (usage) without a name or '='.
Result<ParameterSetting> parse_setting(std::string_view text);

/// Settings over defaults. Fails (usage), all mistakes at once: an unknown parameter, one that is set twice,
/// a value of another type, a parameter without a value.
/// @param file the job file, as it is called in messages
Result<ParameterValues> settle_parameters(std::string_view file, const DeclaredParameters& parameters,
                                          const std::vector<ParameterSetting>& settings);

std::string_view to_string(ParameterType type);
std::optional<ParameterType> parameter_type_from(std::string_view word);

/// 1 to 64 letters, digits, _ and -, beginning with a letter or _.
bool is_parameter_label(std::string_view text);

}  // namespace sluice
