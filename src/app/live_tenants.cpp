// SPDX-License-Identifier: MIT
#include "app/live_tenants.hpp"

#include <chrono>
#include <utility>

namespace sluice {
namespace {

class LiveObserver final : public Observer {
 public:
  LiveObserver(LiveTenant& tenant, Clock& clock) : tenant_(tenant), clock_(clock) {}
  ~LiveObserver() override { tenant_.in_flight.clear(); }

  void attempt_sent(const AttemptSent& event, SteadyTime at) override {
    const auto ago = std::chrono::floor<std::chrono::microseconds>(clock_.steady_now() - at);
    tenant_.sends.note(clock_.utc_now() - ago);
    tenant_.in_flight.insert(event.attempt);
  }
  void attempt_settled(const AttemptSettled& event, SteadyTime) override {
    tenant_.in_flight.erase(event.attempt);
  }
  void rate_changed(double requests_per_second) override { tenant_.rate_in_force = requests_per_second; }
  void endpoint_lost(std::string_view) override { tenant_.is_endpoint_reachable = false; }
  void endpoint_back() override { tenant_.is_endpoint_reachable = true; }
  void others_use(double requests_per_second) override { tenant_.others_rate = requests_per_second; }
  void retries_held(bool are_held) override { tenant_.are_retries_held = are_held; }
  void store_held(bool is_held) override { tenant_.is_store_held = is_held; }

 private:
  LiveTenant& tenant_;
  Clock& clock_;
};

}  // namespace

std::unique_ptr<Observer> LiveTenants::observe(const std::string& tenant, double requests_per_second) {
  return std::make_unique<LiveObserver>(known(tenant, requests_per_second), clock_);
}

void LiveTenants::begin_to_serve(const std::string& tenant, double requests_per_second) {
  LiveTenant& live = known(tenant, requests_per_second);
  SendHistory sends = live.sends;
  live = {.rate_in_force = requests_per_second, .in_flight = {}, .sends = std::move(sends)};
}

const LiveTenant* LiveTenants::find(std::string_view tenant) const {
  const auto found = tenants_.find(tenant);
  return found == tenants_.end() ? nullptr : &found->second;
}

LiveTenant& LiveTenants::known(const std::string& tenant, double requests_per_second) {
  LiveTenant idle{
      .rate_in_force = requests_per_second, .in_flight = {}, .sends = SendHistory{clock_.utc_now()}};
  return tenants_.try_emplace(tenant, std::move(idle)).first->second;
}

}  // namespace sluice
