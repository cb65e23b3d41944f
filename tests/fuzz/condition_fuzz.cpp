// SPDX-License-Identifier: MIT
// The `where` of a job's targets. The input's first line is a condition, the rest the values of its columns,
// one a line: "-" is missing, "#…" a number, all else text. What is parsed gives the same answer each time
// and the opposite under `not`, missing values hold in nothing but a `not`, and what is refused has a place
// in the text.
#include <string>
#include <variant>
#include <vector>

#include "fuzz/claim.hpp"
#include "sluice/jobfile/condition.hpp"

using namespace sluice;
using fuzz::claim;

namespace {

ColumnValue value_of(std::string_view line) {
  if (line == "-") return {};
  if (line.starts_with('#')) return {ColumnValue::Kind::number, line.substr(1)};
  return {ColumnValue::Kind::text, line};
}

std::vector<ColumnValue> values_for(const Condition& condition, std::string_view lines) {
  std::vector<ColumnValue> values;
  while (values.size() < condition.columns().size()) {
    const auto [line, rest] = fuzz::split_first_line(lines);
    values.push_back(value_of(line));
    lines = rest;
  }
  return values;
}

void claim_fault_has_place(const ConditionFault& fault, std::string_view text) {
  claim(fault.offset <= text.size(), "a fault's place is within the text", text);
  claim(!fault.text.empty() && fuzz::is_free_of_controls(fault.text), "a fault can be shown", fault.text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const auto [text, lines] = fuzz::split_first_line(fuzz::text_of(bytes, size));
  const auto outcome = Condition::parse(text);
  if (const auto* fault = std::get_if<ConditionFault>(&outcome)) {
    claim_fault_has_place(*fault, text);
    return 0;
  }
  const Condition& condition = std::get<Condition>(outcome);
  claim(!condition.columns().empty(), "a condition is about some column", text);
  const std::vector<ColumnValue> values = values_for(condition, lines);
  const bool holds = condition.holds_for(values);
  claim(holds == condition.holds_for(values), "the same device gets the same answer", text);

  const auto opposite = Condition::parse("not (" + std::string(text) + ")");
  if (const auto* negated = std::get_if<Condition>(&opposite)) {
    claim(negated->columns() == condition.columns(), "not adds no column", text);
    claim(negated->holds_for(values) != holds, "not turns the answer round", text);
  }
  return 0;
}
