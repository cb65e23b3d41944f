// SPDX-License-Identifier: MIT
// What happens to a tenant's requests, told to the daemon's log, and to whoever else counts it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "app/log.hpp"
#include "sluice/engine/observer.hpp"

namespace sluice {

class TenantLog final : public Observer {
 public:
  using Observers = std::vector<std::unique_ptr<Observer>>;

  /// @param log outlives this @param others told of everything as well
  /// @param left told of each run that is not served any more
  TenantLog(std::string tenant, Log& log, Observers others, std::function<void(RunId)> left)
      : tenant_(std::move(tenant)), log_(log), others_(std::move(others)), left_(std::move(left)) {}

  void attempt_sent(const AttemptSent& event, SteadyTime at) override;
  void attempt_settled(const AttemptSettled& event, SteadyTime at) override;
  void rate_changed(double requests_per_second) override;
  void endpoint_lost(std::string_view reason) override;
  void endpoint_back() override;
  void others_use(double requests_per_second) override;
  void retries_held(bool are_held) override;
  void window_changed(const WindowNews& news) override;
  void stage_changed(const StageNews& news) override;
  void store_held(bool is_held) override;
  void run_left(RunId run) override;

 private:
  void tell_pause(const AttemptSettled& event);

  std::string tenant_;
  Log& log_;
  Observers others_;
  std::function<void(RunId)> left_;
  bool is_pause_told_ = false;
};

}  // namespace sluice
