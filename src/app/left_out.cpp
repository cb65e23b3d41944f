// SPDX-License-Identifier: MIT
#include "app/left_out.hpp"

#include <fmt/format.h>

#include <string_view>

#include "app/display_text.hpp"

namespace sluice {

std::string left_out_text(const TargetCounts& counts) {
  std::string text;
  const auto add = [&text](std::int64_t count, std::string_view reason) {
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", grouped(count), reason);
  };
  add(counts.unmatched, "not matched by the condition");
  add(counts.excluded, "excluded");
  add(counts.denied, "denied by the tenant's list");
  add(counts.taken, "in an unfinished run");
  return text;
}

void add_left_out(JsonText& json, const TargetCounts& counts) {
  json.member("duplicates", counts.duplicates).member("unmatched", counts.unmatched);
  json.member("excluded", counts.excluded).member("denied", counts.denied).member("taken", counts.taken);
}

}  // namespace sluice
