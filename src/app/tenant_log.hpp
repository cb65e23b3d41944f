// SPDX-License-Identifier: MIT
// What happens to a tenant's requests, told to the daemon's log, and to whoever else counts it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "app/log.hpp"
#include "sluice/engine/observer.hpp"

namespace sluice {

class TenantLog final : public Observer {
 public:
  /// @param log outlives this @param counts told of everything as well; null: nobody is
  /// @param left told of each run that is not served any more
  TenantLog(std::string tenant, Log& log, std::unique_ptr<Observer> counts, std::function<void(RunId)> left)
      : tenant_(std::move(tenant)), log_(log), counts_(std::move(counts)), left_(std::move(left)) {}

  void attempt_sent(const AttemptSent& event, SteadyTime at) override {
    if (counts_ != nullptr) counts_->attempt_sent(event, at);
  }
  void attempt_settled(const AttemptSettled& event, SteadyTime at) override;
  void rate_changed(double requests_per_second) override;
  void endpoint_lost(std::string_view reason) override;
  void endpoint_back() override;
  void others_use(double requests_per_second) override {
    if (counts_ != nullptr) counts_->others_use(requests_per_second);
  }
  void retries_held(bool are_held) override {
    if (counts_ != nullptr) counts_->retries_held(are_held);
  }
  void window_changed(const WindowNews& news) override {
    if (counts_ != nullptr) counts_->window_changed(news);
  }
  void stage_changed(const StageNews& news) override;
  void store_held(bool is_held) override {
    if (counts_ != nullptr) counts_->store_held(is_held);
  }
  void run_left(RunId run) override;

 private:
  std::string tenant_;
  Log& log_;
  std::unique_ptr<Observer> counts_;
  std::function<void(RunId)> left_;
};

}  // namespace sluice
