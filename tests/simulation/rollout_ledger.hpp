// SPDX-License-Identifier: MIT
// What the operator was promised about rollouts, held against what was truly sent and what is on record:
// stages, thresholds, pauses, hours, paces and shares. Its model is written from the promises alone; it asks
// none of the product's rules.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "simulation/form.hpp"
#include "simulation/record_view.hpp"
#include "simulation/scenario.hpp"
#include "simulation/world.hpp"
#include "sluice/core/stage_rules.hpp"
#include "sluice/engine/observer.hpp"

namespace sluice::simulation {

class RolloutLedger {
 public:
  RolloutLedger(World& world, const Scenario& scenario, const Machine& machine, RecordView& record);

  /// The run of that plan is the record's so-and-so many.
  void known_as(int plan, std::int64_t run) { runs_[static_cast<std::size_t>(plan)].id = run; }

  // The process.
  void process_started(bool knows_deny_list);
  void dispatcher_started(const std::vector<int>& plans);
  void clocks_changed() { ++clock_changes_; }
  /// It was stopped or asleep until now.
  void woken() { woken_at_ = world_.now(); }

  // The wire.
  void sent(int plan, const AttemptRow& attempt, const std::vector<DeviceName>& devices);
  /// The process has just been told what came of that attempt, or is deciding about it without a request.
  void heard(int plan, std::int64_t attempt);

  // What the operator was told, and said.
  void settled(int plan, const AttemptSettled& event);
  void stages_moved(int plan);
  void gate_answered(int plan, int stage, GateAnswer answer);
  void braked(int plan) { truth(plan).is_braked = true; }
  void unbraked(int plan) { truth(plan).is_braked = false; }
  void resume_asked(int plan);
  /// It is on record, or refused.
  void resume_over(int plan);
  /// What is sent again is settled again later.
  void doubts_asked() {
    for (Truth& run : runs_) run.settled_seen.clear();
  }
  void doubts_decided(int plan) { remember_bad(truth(plan)); }
  void rate_asked() { order_.reset(); }
  void rate_ordered(double rate, UtcTime until);

  // The record.
  void opened();
  void recovered() { require_stopped(); }
  void restored();
  void recount(const RunRow& run, int plan, const std::vector<ChunkRow>& chunks);

 private:
  /// Devices of a stage, or of all.
  struct Count {
    std::int64_t devices = 0;
    std::int64_t accepted = 0;
    std::int64_t failed = 0;
    std::int64_t in_doubt = 0;
    std::int64_t canceled = 0;
    std::map<std::string, std::int64_t> bad_by_code;

    std::int64_t settled() const { return accepted + failed + in_doubt + canceled; }
    void add(const std::string& state, const std::string& code, std::int64_t count);
  };

  struct Told {
    int stage = 1;
    int devices = 0;
    bool is_part = false;
    ChunkState state = ChunkState::pending;
    OutcomeKind outcome = OutcomeKind::accepted;
    std::string code;
    bool says_threshold = false;
  };

  /// A result in the order in which the process heard it.
  struct Result {
    std::int64_t attempt = 0;
    Nanos at{0};
    std::optional<Told> told;
  };

  struct Truth {
    std::optional<std::int64_t> id;
    bool is_braked = false;
    std::optional<Nanos> resumed_at;
    int resumes_pending = 0;          ///< asked for, and not on record as far as is known
    std::optional<Nanos> stopped_at;  ///< a threshold was passed, and nobody has said to go on
    std::deque<Nanos> sends;          ///< since somebody said to go on
    std::vector<Count> counts;        ///< by stage
    int rejected_in_a_row = 0;
    bool is_row_known = false;  ///< from the run's begin on; else the row may be longer
    std::deque<Result> results;
    std::vector<Count> at_resume;
    int stages_seen = 0;
    std::map<int, std::int64_t> settled_seen;
    std::map<int, GateAnswer> answers;
    struct DevicesSent {
      Nanos at;
      std::int64_t devices;
    };
    std::deque<DevicesSent> paced;  ///< in the last minute

    // Of the present dispatcher.
    bool is_served = false;
    std::optional<UtcTime> deadline;
    double passed_over = 0;
  };

  struct Passed {
    bool is_any = false;
    bool cancels = false;
    bool is_certain = true;  ///< no more is needed than what the model knows
    std::string which;
  };

  Truth& truth(int plan) { return runs_[static_cast<std::size_t>(plan)]; }
  const RolloutPlan& plan_of(int plan) const {
    return scenario_.runs[static_cast<std::size_t>(plan)].rollout;
  }
  static Count sum(const std::vector<Count>& counts);
  std::vector<Count> count_record(std::int64_t run, std::size_t stages);
  void remember_bad(Truth& run);
  void go_on(Truth& run);
  void judge_results(int plan);
  void judge(int plan, const Result& result);
  static Passed passed(const StopPlan& rules, const Count& stage, const Count& run, int row,
                       const Told& newest);
  void require_stopped();
  bool has_got_worse(const StopPlan& rules, bool is_of_gate, const Count& stage, const Count& run,
                     const Count& stage_before, const Count& run_before) const;
  void check_opening(int plan, const RunRow& run, int stage);
  void check_gate(int plan, int done, const Count& count, const StageRow& done_row, const StageRow& next_row,
                  bool is_past_gate);
  void check_stage(int plan, const RunRow& run, int stage);
  void check_hours(int plan, const RunRow& run);
  void check_device_pace(int plan, std::size_t devices);
  void check_rate_order();
  void check_shares(int plan, const AttemptRow& attempt);
  template <class... Parts>
  void violated(std::string invariant, fmt::format_string<Parts...> sentence, Parts&&... parts) {
    world_.violated(std::move(invariant), fmt::format(sentence, std::forward<Parts>(parts)...));
  }

  World& world_;
  const Scenario& scenario_;
  const Machine& machine_;
  RecordView& record_;
  std::vector<Truth> runs_;
  std::uint64_t clock_changes_ = 0;
  Nanos woken_at_{0};
  bool knows_deny_list_ = false;

  struct RateOrderTruth {
    double rate = 0;
    UtcTime until;
    Nanos ordered_at{0};
    Nanos margin{0};  ///< so long after it, it is heeded
    std::uint64_t clock_changes = 0;
  };
  std::optional<RateOrderTruth> order_;

  // Of the present dispatcher.
  std::uint64_t clock_changes_at_start_ = 0;
  Nanos started_at_{0};
  std::optional<Nanos> last_send_;
};

}  // namespace sluice::simulation
