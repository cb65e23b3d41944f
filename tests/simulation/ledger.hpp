// SPDX-License-Identifier: MIT
// What truly happened: every send, every execution, every answer and every promise made to the operator. It
// lives outside of the process and never crashes, and holds each step against the invariants.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "simulation/cloud.hpp"
#include "simulation/crash_vfs.hpp"
#include "simulation/form.hpp"
#include "simulation/record_view.hpp"
#include "simulation/rollout_ledger.hpp"
#include "simulation/scenario.hpp"
#include "simulation/world.hpp"
#include "sluice/core/doubt_rules.hpp"
#include "sluice/core/run.hpp"
#include "sluice/engine/again.hpp"
#include "sluice/engine/observer.hpp"

namespace sluice::simulation {

/// Counted over a seed, for the summary.
struct Totals {
  std::uint64_t seeds = 0;
  std::uint64_t processes = 0;
  std::uint64_t kills = 0;
  std::uint64_t power_cuts = 0;
  std::uint64_t failed_syncs = 0;
  std::uint64_t disk_errors = 0;
  std::uint64_t sends = 0;
  std::uint64_t replays = 0;
  std::uint64_t executions = 0;  ///< of requests
  std::uint64_t recounts = 0;
  std::uint64_t chunks = 0;  ///< at the end, by what became of them:
  std::uint64_t confirmed = 0;
  std::uint64_t presumed = 0;
  std::uint64_t failed = 0;
  std::uint64_t in_doubt = 0;
  std::uint64_t canceled = 0;
  std::uint64_t virtual_seconds = 0;
  std::uint64_t twice = 0;  ///< seeds that were run a second time
};

class Ledger {
 public:
  Ledger(World& world, const Scenario& scenario, const Machine& machine, RecordView& record, Disk& disk,
         CrashVfs& vfs, std::string database, Totals& totals);

  // The process.
  void process_started(bool knows_deny_list);
  void dispatcher_started(const std::vector<RunId>& runs);
  void endpoint_lost(bool is_lost);
  void stop_asked() { is_stop_asked_ = true; }

  // The wire.
  void passed_gate();
  void sent(const Form& form, std::string_view body, bool is_fresh_connection);
  void executed(const Form& form);
  /// The process has been handed this answer. Without one: it was met with silence.
  void answered(const std::string& nonce, const CloudAnswer* answer);
  /// … or that it could not be sent.
  void heard(const std::string& nonce);

  // What the operator was told.
  void settled(const AttemptSettled& event);
  void submitted(int run);
  /// @return a number to report the end of it with
  int control_asked(int run, RunControl control);
  void control_done(int run, RunControl control, int asked);
  void control_refused(int run, RunControl control);
  void tenant_resumed();
  /// Devices of the run are to be sent once more, by a run of their own.
  void child_asked(int run, const AgainSelection& selection);
  bool has_child(int run) const { return runs_[static_cast<std::size_t>(run)].has_child; }
  void verdict_asked(DoubtVerdict verdict, const std::vector<std::int64_t>& chunks);
  void verdict_done();

  /// A recount of everything. @param is_settled no process has anything in flight
  void recount(bool is_settled);
  /// Right after the store was opened by a new process, before it recovers.
  void opened();
  void recovered();
  /// An older copy has been put in the store's place.
  void restored();
  /// All that is unfinished must be held.
  void require_all_held();

  std::optional<RunId> run_id(int run) const { return runs_[static_cast<std::size_t>(run)].id; }
  std::optional<int> plan_of(RunId run) const;
  bool was_submitted(int run) const { return runs_[static_cast<std::size_t>(run)].is_submitted; }
  void count_ends();
  RolloutLedger& rollouts() { return rollouts_; }

 private:
  struct DeviceTruth {
    int executions = 0;
    int open_nonces = 0;  ///< nonces that were sent and of which it is not certain that nothing came
    int permissions = 0;  ///< the operator's
    bool is_final = false;
    bool was_refused_alone = false;
    bool is_taken = false;  ///< by a run that was made for it once more
  };

  /// A run over devices of another.
  struct Child {
    std::int64_t parent = 0;
    std::string list;
  };

  struct RunTruth {
    std::optional<RunId> id;
    std::vector<DeviceTruth> devices;
    std::string list;
    bool is_submitted = false;
    bool is_lost = false;  ///< with the restored copy
    bool has_child = false;
    RunControl control = RunControl::active;
    bool is_control_certain = true;
    int times_asked = 0;                           ///< for another control
    std::optional<std::int64_t> no_attempt_after;  ///< paused or canceled
  };

  struct NonceTruth {
    std::vector<DeviceName> devices;
    std::string body;
    std::string key;
    int sends = 0;
    int executions = 0;
    Nanos first_sent{0};
    int boot = 0;
    UtcTime claimed_at;  ///< as the record says
    bool is_open = false;
    bool is_answered = false;
    bool is_answer_settled = false;
    bool blames_device = false;
    bool says_accepted = false;
    Nanos silent_until{0};  ///< as its answer asked for
  };

  /// What every later process must heed, as far as it can tell the time.
  struct RecordedSilence {
    Nanos until{0};
    Nanos wall_error{0};
  };

  DeviceTruth& device(DeviceName name);
  bool may_repeat(int run) const;
  void load_attempts();
  void check_rate();
  void check_silence();
  void check_breaker_and_budget(const AttemptRow& attempt);
  void check_intent(const Form& form, const AttemptRow* attempt);
  bool would_survive(const std::string& nonce);
  void check_first_send(const Form& form, NonceTruth& nonce);
  void check_replay(const Form& form, std::string_view body, bool is_fresh_connection,
                    const NonceTruth& nonce);
  void open(NonceTruth& nonce);
  void close(NonceTruth& nonce);
  void forget_sends();
  void meet_child(const RunRow& row);
  void check_live_once(const std::vector<ChunkRow>& chunks);
  void heed_halt(RunTruth& run, const Transition& next);
  const std::vector<DeviceName>& devices_of(std::int64_t chunk);
  void recount_run(const RunRow& run, const std::vector<ChunkRow>& chunks);
  void recount_chunk(const ChunkRow& chunk);
  void check_prefixes();
  void check_acknowledged(const std::vector<RunRow>& runs);
  void remember_kept();
  template <class... Parts>
  void violated(std::string invariant, fmt::format_string<Parts...> sentence, Parts&&... parts) {
    world_.violated(std::move(invariant), fmt::format(sentence, std::forward<Parts>(parts)...));
  }

  World& world_;
  const Scenario& scenario_;
  const Machine& machine_;
  RecordView& record_;
  Disk& disk_;
  CrashVfs& vfs_;
  std::string database_;
  Totals& totals_;

  RolloutLedger rollouts_;
  std::map<std::int64_t, Child> children_;
  std::vector<Child> expected_children_;  ///< asked for; whether they are on record is not known yet
  std::vector<RunTruth> runs_;
  std::unordered_map<std::string, NonceTruth> nonces_;
  std::deque<Nanos> sends_;

  // Of the record, as it was seen last. It may only grow.
  std::vector<AttemptRow> attempts_;
  std::unordered_map<std::string, std::size_t> newest_of_nonce_;  ///< index into attempts_
  std::map<std::int64_t, std::size_t> by_attempt_;
  std::map<std::int64_t, std::string> results_;
  std::vector<KeptRow> events_;
  std::vector<KeptRow> decisions_;
  std::map<std::int64_t, std::vector<DeviceName>> chunk_devices_;
  std::set<std::int64_t> settled_attempts_;           ///< acknowledged
  std::map<std::int64_t, std::string> final_chunks_;  ///< acknowledged: which state
  std::map<std::int64_t, int> crashes_;               ///< of a chunk
  std::vector<std::int64_t> left_in_flight_;          ///< chunks, when the store was opened
  std::optional<std::int64_t> no_attempt_of_tenant_after_;

  RecordedSilence recorded_silence_;

  // Of the present process.
  Nanos wall_error_at_start_{0};
  std::deque<SteadyTime> dispatcher_sends_;
  std::deque<SteadyTime> dispatcher_retries_;
  SteadyTime silent_until_;
  bool is_endpoint_lost_ = false;
  bool is_stop_asked_ = false;
  std::optional<SteadyTime> last_probe_at_;
};

}  // namespace sluice::simulation
