// SPDX-License-Identifier: MIT
#include "app/tenant_log.hpp"

#include <utility>

namespace sluice {

void TenantLog::attempt_sent(const AttemptSent& event, SteadyTime at) {
  for (const auto& other : others_) other->attempt_sent(event, at);
  is_pause_told_ = false;
}

void TenantLog::attempt_settled(const AttemptSettled& event, SteadyTime at) {
  for (const auto& other : others_) other->attempt_settled(event, at);
  log_.debug("attempt_settled", {{"tenant", tenant_},
                                 {"run", event.run},
                                 {"chunk", event.chunk},
                                 {"attempt", event.attempt},
                                 {"outcome", to_string(event.outcome.kind)},
                                 {"code", event.outcome.code}});
  if (event.transition.halt == Halt::tenant) tell_pause(event);
}

/// Once, however many requests were on their way: nothing more is sent until somebody says so.
void TenantLog::tell_pause(const AttemptSettled& event) {
  if (std::exchange(is_pause_told_, true)) return;
  const std::string& own_words = event.transition.halt_reason;
  log_.error("tenant_paused", {{"tenant", tenant_},
                               {"run", event.run},
                               {"outcome", to_string(event.outcome.kind)},
                               {"code", event.outcome.code},
                               {"reason", own_words.empty() ? event.outcome.message : own_words}});
}

void TenantLog::rate_changed(double requests_per_second) {
  for (const auto& other : others_) other->rate_changed(requests_per_second);
  log_.debug("rate_changed", {{"tenant", tenant_}, {"rate", requests_per_second}});
}

void TenantLog::endpoint_lost(std::string_view reason) {
  for (const auto& other : others_) other->endpoint_lost(reason);
  log_.warning("endpoint_lost", {{"tenant", tenant_}, {"reason", reason}});
}

void TenantLog::endpoint_back() {
  for (const auto& other : others_) other->endpoint_back();
  log_.info("endpoint_back", {{"tenant", tenant_}});
}

void TenantLog::others_use(double requests_per_second) {
  for (const auto& other : others_) other->others_use(requests_per_second);
}

void TenantLog::retries_held(bool are_held) {
  for (const auto& other : others_) other->retries_held(are_held);
}

void TenantLog::store_held(bool is_held) {
  for (const auto& other : others_) other->store_held(is_held);
  if (is_held) {
    log_.warning("store_held", {{"tenant", tenant_}, {"by", "another program"}});
  } else {
    log_.info("store_free", {{"tenant", tenant_}});
  }
}

void TenantLog::window_changed(const WindowNews& news) {
  for (const auto& other : others_) other->window_changed(news);
}

void TenantLog::stage_changed(const StageNews& news) {
  for (const auto& other : others_) other->stage_changed(news);
  log_.info("stage_changed", {{"tenant", tenant_},
                              {"run", news.run},
                              {"stage", news.stage},
                              {"name", news.name},
                              {"waits_for", news.waits_for}});
}

void TenantLog::run_left(RunId run) {
  for (const auto& other : others_) other->run_left(run);
  log_.info("run_left", {{"tenant", tenant_}, {"run", run}});
  if (left_) left_(run);
}

}  // namespace sluice
