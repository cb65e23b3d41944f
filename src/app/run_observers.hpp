// SPDX-License-Identifier: MIT
// Several runs, one dispatcher, and an observer for each run: what concerns one is told to its own, what
// concerns the account to all.
#pragma once

#include <map>
#include <utility>

#include "sluice/engine/observer.hpp"

namespace sluice {

class RunObservers final : public Observer {
 public:
  /// The observer outlives this.
  void add(RunId run, Observer& observer) { observers_.emplace(run, &observer); }

  void attempt_sent(const AttemptSent& event, SteadyTime at) override {
    observers_.at(event.run)->attempt_sent(event, at);
  }
  void attempt_settled(const AttemptSettled& event, SteadyTime at) override {
    observers_.at(event.run)->attempt_settled(event, at);
  }
  void stage_changed(const StageNews& news) override { observers_.at(news.run)->stage_changed(news); }

  void rate_changed(double requests_per_second) override {
    tell_all([=](Observer& observer) { observer.rate_changed(requests_per_second); });
  }
  void endpoint_lost(std::string_view reason) override {
    tell_all([=](Observer& observer) { observer.endpoint_lost(reason); });
  }
  void endpoint_back() override {
    tell_all([](Observer& observer) { observer.endpoint_back(); });
  }
  void others_use(double requests_per_second) override {
    tell_all([=](Observer& observer) { observer.others_use(requests_per_second); });
  }
  void retries_held(bool are_held) override {
    tell_all([=](Observer& observer) { observer.retries_held(are_held); });
  }
  void store_held(bool is_held) override {
    tell_all([=](Observer& observer) { observer.store_held(is_held); });
  }

 private:
  template <class Tell>
  void tell_all(const Tell& tell) {
    for (const auto& [run, observer] : observers_) tell(*observer);
  }

  std::map<RunId, Observer*> observers_;
};

}  // namespace sluice
