// SPDX-License-Identifier: MIT
#include "app/health.hpp"

#include "http_api/json_text.hpp"

namespace sluice {
namespace {

using Problems = std::vector<std::string_view>;

bool is_stuck(SteadyTime last_sign, SteadyTime now) {
  // Not now - last_sign: a part that never gave a sign has min(), and the difference would overflow.
  return last_sign < now - stuck_after;
}

Problems stuck_parts(const Vitals& vitals, SteadyTime now) {
  Problems problems;
  if (is_stuck(vitals.loop_at, now)) problems.push_back("the loop has not answered lately");
  if (is_stuck(vitals.database_at, now)) problems.push_back("the database has not answered lately");
  return problems;
}

HealthReport report_of(const Problems& problems, std::string_view word_for_bad) {
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version);
  json.member("status", problems.empty() ? "ok" : word_for_bad).key("problems").begin_array();
  for (const std::string_view problem : problems) json.value(problem);
  json.end_array().end_object().end_document();
  return {problems.empty(), json.take()};
}

}  // namespace

HealthReport judge_health(const Vitals& vitals, SteadyTime now) {
  return report_of(stuck_parts(vitals, now), "stuck");
}

std::vector<std::string_view> problems_of(const Vitals& vitals, SteadyTime now) {
  Problems problems = stuck_parts(vitals, now);
  if (!vitals.is_store_open) problems.push_back("the store is not open");
  if (!vitals.is_recovered) problems.push_back("what an earlier process left has not been taken over yet");
  if (vitals.is_store_held) problems.push_back("another program holds the store");
  if (vitals.is_disk_full) problems.push_back("the disk that the store is on is full");
  if (!vitals.is_configuration_valid) {
    problems.push_back("the configuration file is invalid; an older one is in force");
  }
  if (vitals.is_draining) problems.push_back("it is about to end");
  return problems;
}

HealthReport judge_readiness(const Vitals& vitals, SteadyTime now) {
  return report_of(problems_of(vitals, now), "not_ready");
}

}  // namespace sluice
