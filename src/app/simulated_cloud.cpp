// SPDX-License-Identifier: MIT
#include "app/simulated_cloud.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

namespace sluice {

Result<std::unique_ptr<SimulatedCloud>> SimulatedCloud::open(const simulator::Options& options,
                                                             const Clock& clock) {
  std::unique_ptr<simulator::Ledger> ledger;
  if (!options.ledger_file.empty()) {
    auto opened = simulator::Ledger::open(options.ledger_file);
    if (auto* problem = std::get_if<std::string>(&opened)) return Error{ErrorKind::refused, *problem, ""};
    ledger = std::move(std::get<std::unique_ptr<simulator::Ledger>>(opened));
  }
  return std::unique_ptr<SimulatedCloud>{new SimulatedCloud{options, clock, std::move(ledger)}};
}

SimulatedCloud::SimulatedCloud(const simulator::Options& options, const Clock& clock,
                               std::unique_ptr<simulator::Ledger> ledger)
    : clock_(clock), cloud_(options), ledger_(std::move(ledger)) {}

bool SimulatedCloud::refuses_connections() {
  return cloud_.refuses_connections(moment(clock_.steady_now()).since_start);
}

simulator::Passage SimulatedCloud::receive() { return cloud_.receive(moment(clock_.steady_now())); }

simulator::Verdict SimulatedCloud::arrive(const simulator::Request& request,
                                          const simulator::Passage& passage) {
  const SteadyTime now = clock_.steady_now();
  judge_unheard_until(now);
  return judge(request, passage, now);
}

void SimulatedCloud::arrive_unheard(simulator::Request request, const simulator::Passage& passage,
                                    SteadyTime at) {
  const auto place = std::ranges::upper_bound(unheard_, at, {}, &Unheard::at);
  unheard_.insert(place, {std::move(request), passage, at});
}

simulator::Summary SimulatedCloud::summary() {
  judge_unheard_until(clock_.steady_now());
  simulator::Summary summary = cloud_.summary();
  if (ledger_) summary.ledger_problem = ledger_->problem();
  return summary;
}

/// By the clock at that time, which may lie behind.
simulator::Moment SimulatedCloud::moment(SteadyTime at) const {
  const auto ago = std::chrono::round<std::chrono::microseconds>(clock_.steady_now() - at);
  return {at - start_, std::chrono::floor<std::chrono::seconds>(clock_.utc_now() - ago)};
}

simulator::Verdict SimulatedCloud::judge(const simulator::Request& request, const simulator::Passage& passage,
                                         SteadyTime at) {
  simulator::Verdict verdict = cloud_.arrive(request, passage, moment(at));
  if (ledger_) ledger_->append(verdict.entry);
  return verdict;
}

/// The cloud wants the requests in the order of their arrival.
void SimulatedCloud::judge_unheard_until(SteadyTime time) {
  const auto arrived = std::ranges::upper_bound(unheard_, time, {}, &Unheard::at);
  for (auto next = unheard_.begin(); next != arrived; ++next) judge(next->request, next->passage, next->at);
  unheard_.erase(unheard_.begin(), arrived);
}

}  // namespace sluice
