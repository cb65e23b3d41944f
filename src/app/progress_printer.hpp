// SPDX-License-Identifier: MIT
// Watches one run and shows it on stderr: redrawn in place on a terminal, plain lines in a pipe, or JSON
// lines.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "app/options.hpp"
#include "app/progress_model.hpp"
#include "sluice/engine/observer.hpp"

namespace sluice {

class ProgressPrinter : public Observer {
 public:
  /// @param mode automatic: a block on a terminal, plain lines elsewhere
  ProgressPrinter(const ProgressStart& start, ProgressMode mode, bool is_verbose);

  void attempt_sent(const AttemptSent& event, SteadyTime at) override;
  void attempt_settled(const AttemptSettled& event, SteadyTime at) override;
  void rate_changed(double requests_per_second) override;
  void endpoint_lost(std::string_view reason) override;
  void endpoint_back() override;
  void others_use(double requests_per_second) override { model_.others_use(requests_per_second); }
  void retries_held(bool are_held) override { model_.retries_held(are_held); }
  void store_held(bool is_held) override;
  void stage_changed(const StageNews& news) override;

  /// Call it four times a second; it prints what is due.
  void tick(SteadyTime now);
  /// The last state, and after it nothing more.
  void finish(SteadyTime now);

  ProgressView view(SteadyTime now) const { return model_.view(now); }

 private:
  enum class Form { block, lines, json, nothing };

  void print(SteadyTime now);
  void say(const std::string& line);

  ProgressModel model_;
  Form form_;
  bool is_verbose_;
  bool has_colour_ = false;
  SteadyTime next_print_at_;
  std::size_t lines_drawn_ = 0;
  std::map<AttemptId, int> on_their_way_;  ///< and the devices of each
  std::int64_t devices_on_their_way_ = 0;
};

}  // namespace sluice
