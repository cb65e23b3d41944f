// SPDX-License-Identifier: MIT
#include "summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace sluice::simulator {
namespace {

std::string counts(const std::map<std::string, long>& numbers) {
  std::string text;
  for (const auto& [name, count] : numbers)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, count);
  return text.empty() ? "none" : text;
}

boost::json::object object_of(const std::map<std::string, long>& numbers) {
  boost::json::object object;
  for (const auto& [name, count] : numbers) object[name] = count;
  return object;
}

boost::json::value seconds_or_null(const std::optional<double>& seconds) {
  return seconds ? boost::json::value(*seconds) : boost::json::value(nullptr);
}

/// Faults that need a request to hit. A clock that is off shows in every answer, and so does latency.
bool has_faults(const FaultPlan& plan) {
  const bool has_drawn = std::any_of(plan.probabilities.begin(), plan.probabilities.end(),
                                     [](double probability) { return probability > 0; });
  return has_drawn || !plan.bad_devices.empty() || plan.bad_device_share > 0 || plan.account || plan.job ||
         !plan.outages.empty() || plan.other_requests_per_second > 0;
}

/// A closed port sees no request, but the requests before and after it show that there was one.
bool fell_into_an_outage(const FaultPlan& plan, const Summary& summary) {
  if (!summary.first_arrival_s || !summary.last_arrival_s) return false;
  const double seconds = *summary.last_arrival_s - *summary.first_arrival_s;
  return std::any_of(plan.outages.begin(), plan.outages.end(),
                     [seconds](const Outage& outage) { return outage.from_s <= seconds; });
}

}  // namespace

bool is_in_vain(const FaultPlan& plan, const Summary& summary) {
  const bool went_wrong = !summary.faults.empty() || !summary.refused.empty() || summary.throttled > 0;
  return has_faults(plan) && !went_wrong && !fell_into_an_outage(plan, summary);
}

std::string to_text(const Summary& summary) {
  std::string text = fmt::format(
      "requests                  {}\n"
      "  executed                {}\n"
      "  throttled               {}\n"
      "  refused by code         {}\n"
      "  faults that fired       {}\n"
      "devices executed          {}\n"
      "  more than once          {}\n"
      "most arrivals in any 1 s  {}\n",
      summary.requests, summary.executed, summary.throttled, counts(summary.refused), counts(summary.faults),
      summary.devices_executed, summary.devices_executed_more_than_once, summary.most_arrivals_in_any_window);
  if (summary.first_arrival_s && summary.last_arrival_s) {
    text +=
        fmt::format("arrivals                  from {:.3f} s to {:.3f} s after the start, {:.3f} s in all\n",
                    *summary.first_arrival_s, *summary.last_arrival_s,
                    *summary.last_arrival_s - *summary.first_arrival_s);
  }
  if (!summary.ledger_problem.empty()) {
    text += fmt::format("the ledger is not complete: {}\n", summary.ledger_problem);
  }
  return text;
}

std::string to_json(const Summary& summary) {
  boost::json::object object;
  object["requests"] = summary.requests;
  object["executed"] = summary.executed;
  object["throttled"] = summary.throttled;
  object["refused"] = object_of(summary.refused);
  object["faults"] = object_of(summary.faults);
  object["devices_executed"] = summary.devices_executed;
  object["devices_executed_more_than_once"] = summary.devices_executed_more_than_once;
  object["most_arrivals_in_any_window"] = summary.most_arrivals_in_any_window;
  object["first_arrival_s"] = seconds_or_null(summary.first_arrival_s);
  object["last_arrival_s"] = seconds_or_null(summary.last_arrival_s);
  if (!summary.ledger_problem.empty()) object["ledger_problem"] = summary.ledger_problem;
  if (!summary.accounts.empty()) {
    boost::json::object accounts;
    for (const auto& [key, seen] : summary.accounts) {
      accounts[key] = {{"requests", seen.requests},
                       {"most_arrivals_in_any_window", seen.most_arrivals_in_any_window},
                       {"first_arrival_s", seen.first_arrival_s},
                       {"last_arrival_s", seen.last_arrival_s}};
    }
    object["accounts"] = std::move(accounts);
  }
  return boost::json::serialize(object);
}

}  // namespace sluice::simulator
