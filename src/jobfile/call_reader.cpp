// SPDX-License-Identifier: MIT
#include "jobfile/call_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <variant>

#include "jobfile/json_reading.hpp"
#include "jobfile/object_reader.hpp"
#include "sluice/core/reserved_parameters.hpp"

namespace sluice {
namespace {

constexpr std::string_view args_in_words =
    "strict JSON without comments and trailing commas, because args is sent byte for byte as it is written";

void report_duplicates_below(const JsonValue& value, const std::string& path, Findings& findings) {
  if (value.kind == JsonValue::Kind::object) report_duplicates(value, path, findings);
  for (const JsonValue::Member& member : value.members) {
    report_duplicates_below(member.value, field_path(path, member.name), findings);
  }
  for (std::size_t i = 0; i < value.elements.size(); ++i) {
    report_duplicates_below(value.elements[i], fmt::format("{}[{}]", path, i), findings);
  }
}

/// The author's own bytes. They have been read once with the job file's rules; now again with those of JSON.
std::string read_args(const ObjectReader& call) {
  const JsonValue* args =
      call.of_kind("args", JsonValue::Kind::object, "an object such as {\"ratio\": 10.0}");
  if (!args) return Call{}.args;
  const std::string_view text = call.findings().document().text_of(*args);
  const auto outcome = read_json(text, {JsonLimits{}.depth_max, false});
  if (const auto* fault = std::get_if<JsonFault>(&outcome)) {
    call.findings().add(args->begin + fault->offset, call.field("args"),
                        fmt::format("{}; expected {}", fault->text, args_in_words));
  }
  report_duplicates_below(*args, call.field("args"), call.findings());
  return std::string(text);
}

bool is_parameter_name(std::string_view name) {
  constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
  return !name.empty() && name.size() <= 128 && name.find_first_not_of(allowed) == name.npos;
}

void read_parameter(const JsonValue::Member& member, const ObjectReader& call, Call& into) {
  Findings& findings = call.findings();
  const std::string field = field_path(call.field("parameters"), member.name);
  if (is_reserved_parameter(member.name)) {
    findings.add(member.name_begin, field, "set by sluice itself; expected another parameter's name");
  } else if (!is_parameter_name(member.name)) {
    findings.add(member.name_begin, field,
                 "not a parameter's name; expected 1 to 128 letters, digits and _ . -");
  }
  if (member.value.kind == JsonValue::Kind::string) {
    into.parameters.emplace(member.name, member.value.string);
  } else if (member.value.kind == JsonValue::Kind::number) {
    into.parameters.emplace(member.name, std::string(findings.document().text_of(member.value)));
  } else {
    findings.add(member.value.begin, field,
                 fmt::format("{} where something else belongs; expected text or a number",
                             in_words(member.value.kind)));
  }
}

void read_parameters(const ObjectReader& call, Call& into) {
  const JsonValue* parameters =
      call.of_kind("parameters", JsonValue::Kind::object, "an object of texts and numbers");
  if (!parameters) return;
  report_duplicates(*parameters, call.field("parameters"), call.findings());
  for (const JsonValue::Member& member : parameters->members) read_parameter(member, call, into);
}

}  // namespace

bool is_token(std::string_view text) {
  return !text.empty() && text.size() <= 128 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

Call read_call(const JsonValue& value, Findings& findings, std::string_view key) {
  const ObjectReader reader(value, std::string{key}, job_keys::call, findings);
  reader.require("product_key", "the product's key, for example \"a1BwAGVxxxx\"");
  reader.require("identifier", "the service's identifier, for example \"Set\"");

  Call call;
  call.product_key = reader.text("product_key", is_token, token_in_words).value_or("");
  call.identifier = reader.text("identifier", is_token, token_in_words).value_or("");
  call.args = read_args(reader);
  if (const auto qos = reader.whole_number("qos", 0, 1)) call.qos = static_cast<int>(*qos);
  call.iot_instance_id = reader.text("iot_instance_id", is_token, token_in_words);
  read_parameters(reader, call);
  return call;
}

}  // namespace sluice
