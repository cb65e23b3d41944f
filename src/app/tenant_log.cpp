// SPDX-License-Identifier: MIT
#include "app/tenant_log.hpp"

namespace sluice {

void TenantLog::attempt_settled(const AttemptSettled& event, SteadyTime at) {
  if (counts_ != nullptr) counts_->attempt_settled(event, at);
  log_.debug("attempt_settled", {{"tenant", tenant_},
                                 {"run", event.run},
                                 {"chunk", event.chunk},
                                 {"attempt", event.attempt},
                                 {"outcome", to_string(event.outcome.kind)},
                                 {"code", event.outcome.code}});
}

void TenantLog::rate_changed(double requests_per_second) {
  if (counts_ != nullptr) counts_->rate_changed(requests_per_second);
  log_.debug("rate_changed", {{"tenant", tenant_}, {"rate", requests_per_second}});
}

void TenantLog::endpoint_lost(std::string_view reason) {
  if (counts_ != nullptr) counts_->endpoint_lost(reason);
  log_.warning("endpoint_lost", {{"tenant", tenant_}, {"reason", reason}});
}

void TenantLog::endpoint_back() {
  if (counts_ != nullptr) counts_->endpoint_back();
  log_.info("endpoint_back", {{"tenant", tenant_}});
}

void TenantLog::stage_changed(const StageNews& news) {
  if (counts_ != nullptr) counts_->stage_changed(news);
  log_.info("stage_changed", {{"tenant", tenant_},
                              {"run", news.run},
                              {"stage", news.stage},
                              {"name", news.name},
                              {"waits_for", news.waits_for}});
}

void TenantLog::run_left(RunId run) {
  if (counts_ != nullptr) counts_->run_left(run);
  log_.info("run_left", {{"tenant", tenant_}, {"run", run}});
  if (left_) left_(run);
}

}  // namespace sluice
