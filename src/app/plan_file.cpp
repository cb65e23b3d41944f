// SPDX-License-Identifier: MIT
#include "app/plan_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <string_view>
#include <vector>

#include "jobfile/regular_file.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

namespace json = boost::json;

constexpr std::size_t plan_bytes_max = std::size_t{4} * 1024 * 1024;
constexpr std::size_t value_bytes_shown = 60;

Error no_plan(const std::string& path) {
  return {ErrorKind::invalid_input, fmt::format("{}: this is no plan of sluice's", printable(path, 256)),
          "Make one: sluice plan JOB --output json > plan.json"};
}

std::string shown(const json::object& plan, std::string_view member) {
  const json::value* value = plan.if_contains(member);
  return value == nullptr ? "nothing" : printable(json::serialize(*value), value_bytes_shown);
}

/// What a reader recognises, in the order in which plans are printed. The digest covers all of it, and the
/// devices one by one.
std::string what_differs(const json::object& kept, const json::object& now) {
  std::vector<std::string> differences;
  for (const std::string_view member : {"job", "tenant", "endpoint", "rate", "devices", "excluded", "denied",
                                        "unmatched", "groups", "chunks", "stages"}) {
    const std::string before = shown(kept, member);
    const std::string after = shown(now, member);
    if (before != after) differences.push_back(fmt::format("{} was {} and is {}", member, before, after));
  }
  if (differences.empty()) return "the job file, its parameters, or which devices these are";
  return fmt::format("{}", fmt::join(differences, "; "));
}

}  // namespace

Result<void> require_same_plan(const std::string& path, const std::string& plan_now) {
  const Result<std::string> text = read_regular_file(path, "plan", plan_bytes_max);
  if (text.has_error()) return text.error();
  boost::system::error_code error;
  const json::value kept = json::parse(*text, error);
  const json::object* plan = error ? nullptr : kept.if_object();
  const json::value* digest = plan == nullptr ? nullptr : plan->if_contains("digest");
  if (digest == nullptr || !digest->is_string()) return no_plan(path);
  const json::value now = json::parse(plan_now);
  if (*digest == now.at("digest")) return {};
  return Error{ErrorKind::refused,
               fmt::format("this is not what {} planned: {}", printable(path, 256),
                           what_differs(*plan, now.as_object())),
               "Nothing was sent. Look at the new plan, and keep it if it is what you want."};
}

}  // namespace sluice
