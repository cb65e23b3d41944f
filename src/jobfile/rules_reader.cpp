// SPDX-License-Identifier: MIT
#include "jobfile/rules_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "jobfile/params_reader.hpp"
#include "sluice/core/job.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

using Kind = JsonValue::Kind;

const JsonValue* find(const JsonValue* object, std::string_view key, Kind kind) {
  const JsonValue* value = object ? object->find(key) : nullptr;
  return value && value->kind == kind ? value : nullptr;
}

void want(std::vector<WantedColumn>& columns, const WantedColumn& wanted) {
  const auto is_same = [&wanted](const WantedColumn& column) { return column.name == wanted.name; };
  if (std::none_of(columns.begin(), columns.end(), is_same)) columns.push_back(wanted);
}

std::string place_of(const JsonValue& value, std::string_view field, const Findings& findings) {
  const JsonDocument& document = findings.document();
  const Place place = document.place_of(value.begin);
  return fmt::format("{}:{}:{}: {}", printable(document.file()), place.line, place.column, field);
}

void read_where(const JsonValue& text, ReadRules& into, Findings& findings) {
  auto outcome = Condition::parse(text.string);
  if (const auto* fault = std::get_if<ConditionFault>(&outcome)) {
    // The place of the text, and the offset within: escapes make the two differ in length.
    findings.add(text.begin, "targets.where",
                 fmt::format("at offset {} of the condition, after {}: {}", fault->offset,
                             fault->offset == 0
                                 ? "nothing"
                                 : fmt::format("\"{}\"", printable(text.string.substr(0, fault->offset), 60)),
                             fault->text));
    return;
  }
  into.where = std::get<Condition>(std::move(outcome));
  for (const std::string& column : into.where->columns())
    want(into.columns, {column, place_of(text, "targets.where", findings)});
}

/// Of the first stage; no other has any.
std::vector<WantedColumn> read_stratify_by(const JsonValue& root, Findings& findings) {
  std::vector<WantedColumn> columns;
  const JsonValue* stages = find(&root, "stages", Kind::array);
  if (!stages || stages->elements.empty()) return columns;
  const JsonValue* names = find(&stages->elements.front(), "stratify_by", Kind::array);
  if (!names) return columns;
  for (const JsonValue& name : names->elements)
    columns.push_back({name.string, place_of(name, "stages[0].stratify_by", findings)});
  return columns;
}

ReadTemplate read_args(const JsonValue& call, const std::string& path, const DeclaredParameters& params,
                       Findings& findings) {
  if (const JsonValue* parameters = find(&call, "parameters", Kind::object)) {
    for (const JsonValue::Member& member : parameters->members)
      report_template(member.value.string, member.value.begin, path + ".parameters", findings);
  }
  if (const JsonValue* args = find(&call, "args", Kind::object))
    return read_template(*args, path + ".args", params, findings);
  ReadTemplate none;
  none.arguments = ArgumentTemplate({{.text = Call{}.args}});
  return none;
}

}  // namespace

ReadRules read_rules(const JsonValue& root, Findings& findings) {
  ReadRules rules;
  rules.params = read_params(root, findings);
  if (const JsonValue* where = find(find(&root, "targets", Kind::object), "where", Kind::string))
    read_where(*where, rules, findings);
  if (const JsonValue* call = find(&root, "call", Kind::object))
    rules.args = read_args(*call, "call", rules.params, findings);
  if (const JsonValue* compensate = find(&root, "compensate", Kind::object))
    rules.compensate_args = read_args(*compensate, "compensate", rules.params, findings);
  rules.stratify_by = read_stratify_by(root, findings);
  for (const WantedColumn& column : rules.args.columns) want(rules.columns, column);
  if (rules.compensate_args) {
    for (const WantedColumn& column : rules.compensate_args->columns) want(rules.columns, column);
  }
  return rules;
}

}  // namespace sluice
