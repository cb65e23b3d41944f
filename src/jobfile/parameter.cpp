// SPDX-License-Identifier: MIT
#include "sluice/jobfile/parameter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "jobfile/json_escape.hpp"
#include "jobfile/json_reading.hpp"
#include "jobfile/nearest_word.hpp"
#include "jobfile/utf8.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

constexpr std::array<std::pair<std::string_view, ParameterType>, 4> types{
    {{"string", ParameterType::string},
     {"integer", ParameterType::integer},
     {"number", ParameterType::number},
     {"boolean", ParameterType::boolean}}};

constexpr std::size_t shown_text_max = 60;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Exactly a number as JSON writes it, without blanks around it.
bool is_json_number(std::string_view text) {
  constexpr std::string_view characters = "0123456789+-.eE";
  if (text.empty() || text.find_first_not_of(characters) != text.npos) return false;
  return std::holds_alternative<JsonValue>(read_json(text, {}));
}

bool is_integer(std::string_view text) {
  return is_json_number(text) && text.find_first_of(".eE") == text.npos;
}

std::string_view in_words(ParameterType type) {
  switch (type) {
    case ParameterType::string:
      return "text in UTF-8";
    case ParameterType::integer:
      return "a whole number such as 12";
    case ParameterType::number:
      return "a number as JSON writes it, such as 10.0";
    case ParameterType::boolean:
      return "true or false";
  }
  return "something else";
}

std::optional<std::string> json_of(ParameterType type, std::string_view text) {
  switch (type) {
    case ParameterType::string:
      if (first_invalid_utf8(text)) return std::nullopt;
      return json_string(text);
    case ParameterType::integer:
      if (!is_integer(text)) return std::nullopt;
      break;
    case ParameterType::number:
      if (!is_json_number(text)) return std::nullopt;
      break;
    case ParameterType::boolean:
      if (text != "true" && text != "false") return std::nullopt;
      break;
  }
  return std::string(text);
}

std::string unknown(std::string_view file, const std::string& name, const DeclaredParameters& parameters) {
  std::string message =
      fmt::format("--set {}: {} has no such parameter", printable(name, shown_text_max), printable(file));
  if (parameters.empty()) return message + ", and no \"params\" at all";
  std::vector<std::string_view> names;
  for (const auto& [known, parameter] : parameters) names.push_back(known);
  if (const auto nearest = nearest_word(name, names))
    return message + fmt::format("; did you mean \"{}\"?", *nearest);
  return message + fmt::format("; expected one of {}", fmt::join(names, ", "));
}

/// What is wrong with one setting; empty: nothing, and its value is taken over.
std::string take_setting(std::string_view file, const DeclaredParameters& parameters,
                         const ParameterSetting& setting, ParameterValues& into) {
  const auto known = parameters.find(setting.name);
  if (known == parameters.end()) return unknown(file, setting.name, parameters);
  const auto json = json_of(known->second.type, setting.value);
  if (!json) {
    return fmt::format("--set {}={}: not a value of type {}; expected {}", setting.name,
                       printable(setting.value, shown_text_max), to_string(known->second.type),
                       in_words(known->second.type));
  }
  if (!into.emplace(setting.name, *json).second) return fmt::format("--set {}: set twice", setting.name);
  return {};
}

void add_line(std::string& message, const std::string& line) {
  if (line.empty()) return;
  if (!message.empty()) message += '\n';
  message += line;
}

}  // namespace

Result<ParameterSetting> parse_setting(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals != text.npos && is_parameter_label(text.substr(0, equals))) {
    return ParameterSetting{std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
  }
  return Error{ErrorKind::usage,
               fmt::format("--set {}: expected the name of a parameter, =, and its value",
                           printable(text, shown_text_max)),
               "For example --set version=2.14.0, with \"version\" in the job file's \"params\"."};
}

Result<ParameterValues> settle_parameters(std::string_view file, const DeclaredParameters& parameters,
                                          const std::vector<ParameterSetting>& settings) {
  ParameterValues values;
  std::string wrong;
  for (const ParameterSetting& setting : settings)
    add_line(wrong, take_setting(file, parameters, setting, values));
  for (const auto& [name, parameter] : parameters) {
    const auto is_same = [&name](const ParameterSetting& setting) { return setting.name == name; };
    if (std::any_of(settings.begin(), settings.end(), is_same)) continue;
    if (parameter.default_json) {
      values.emplace(name, *parameter.default_json);
    } else {
      add_line(wrong, fmt::format("{}: no value, and no default", parameter.place));
    }
  }
  if (wrong.empty()) return values;
  return Error{ErrorKind::usage, std::move(wrong),
               "Give each parameter its value with --set NAME=VALUE, or a default in the job file."};
}

std::string_view to_string(ParameterType type) {
  for (const auto& [word, known] : types) {
    if (known == type) return word;
  }
  return "unknown";
}

std::optional<ParameterType> parameter_type_from(std::string_view word) {
  for (const auto& [known, type] : types) {
    if (known == word) return type;
  }
  return std::nullopt;
}

bool is_parameter_label(std::string_view text) {
  return !text.empty() && text.size() <= 64 && is_letter(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_letter(c) || is_digit(c) || c == '-'; });
}

}  // namespace sluice
