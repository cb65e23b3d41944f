// SPDX-License-Identifier: MIT
#include "jobfile/params_reader.hpp"

#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "jobfile/nearest_word.hpp"
#include "jobfile/object_reader.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

constexpr std::string_view types_in_words = "\"string\", \"integer\", \"number\" or \"boolean\"";

std::string place_of(const Findings& findings, std::size_t offset, std::string_view field) {
  const JsonDocument& document = findings.document();
  const Place place = document.place_of(offset);
  return fmt::format("{}:{}:{}: {}", printable(document.file()), place.line, place.column, field);
}

std::optional<ParameterType> read_type(const ObjectReader& reader) {
  reader.require("type", types_in_words);
  const JsonValue* value = reader.of_kind("type", JsonValue::Kind::string, types_in_words);
  if (!value) return std::nullopt;
  const auto type = parameter_type_from(value->string);
  if (type) return type;
  constexpr std::array<std::string_view, 4> words{"string", "integer", "number", "boolean"};
  const auto nearest = nearest_word(value->string, words);
  reader.report(*value, "type",
                fmt::format("\"{}\" is no type; {}", printable(value->string, 60),
                            nearest ? fmt::format("did you mean \"{}\"?", *nearest)
                                    : fmt::format("expected {}", types_in_words)));
  return std::nullopt;
}

bool is_of_type(const JsonValue& value, std::string_view spelled, ParameterType type) {
  switch (type) {
    case ParameterType::string:
      return value.kind == JsonValue::Kind::string;
    case ParameterType::integer:
      return value.kind == JsonValue::Kind::number && spelled.find_first_of(".eE") == spelled.npos;
    case ParameterType::number:
      return value.kind == JsonValue::Kind::number;
    case ParameterType::boolean:
      return value.kind == JsonValue::Kind::boolean;
  }
  return false;
}

Parameter read_param(const JsonValue::Member& member, Findings& findings) {
  const std::string field = field_path("params", member.name);
  Parameter parameter{.place = place_of(findings, member.name_begin, field)};
  if (!is_parameter_label(member.name)) {
    findings.add(
        member.name_begin, field,
        "not a parameter's name; expected 1 to 64 letters, digits, _ and -, beginning with a letter");
  }
  if (member.value.kind != JsonValue::Kind::object) {
    findings.add(member.value.begin, field,
                 fmt::format("{} where a parameter belongs; expected an object with \"type\" and perhaps "
                             "\"default\"",
                             in_words(member.value.kind)));
    return parameter;
  }
  const ObjectReader reader(member.value, field, job_keys::param, findings);
  const auto type = read_type(reader);
  if (!type) return parameter;
  parameter.type = *type;
  const JsonValue* value = reader.find("default");
  if (!value) return parameter;
  const std::string_view spelled = findings.document().text_of(*value);
  if (is_of_type(*value, spelled, *type)) {
    parameter.default_json = std::string(spelled);
  } else {
    reader.report(*value, "default",
                  fmt::format("{} does not fit; expected a value of type {}", printable(spelled, 60),
                              to_string(*type)));
  }
  return parameter;
}

}  // namespace

DeclaredParameters read_params(const JsonValue& root, Findings& findings) {
  DeclaredParameters parameters;
  const JsonValue* params = root.find("params");
  if (!params) return parameters;
  if (params->kind != JsonValue::Kind::object) {
    findings.add(params->begin, "params",
                 fmt::format("{} where something else belongs; expected an object of parameters, each with "
                             "\"type\" and perhaps \"default\"",
                             in_words(params->kind)));
    return parameters;
  }
  report_duplicates(*params, "params", findings);
  for (const JsonValue::Member& member : params->members) {
    parameters.emplace(member.name, read_param(member, findings));
  }
  return parameters;
}

}  // namespace sluice
