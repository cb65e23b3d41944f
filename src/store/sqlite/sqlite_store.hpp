// SPDX-License-Identifier: MIT
// The SQLite engine of the Store seam. The verbs are spread over eight sources: sqlite_store.cpp (grouping,
// control), sqlite_take_over.cpp (open and close), sqlite_import.cpp, sqlite_claim.cpp, sqlite_settle.cpp
// (results, recovery), sqlite_doubt.cpp, sqlite_rollout.cpp (stages, paces) and
// sqlite_schedules.cpp.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sluice/store/event_book.hpp"
#include "sluice/store/housekeeping.hpp"
#include "sluice/store/job_files.hpp"
#include "sluice/store/keyed_requests.hpp"
#include "sluice/store/open_store.hpp"
#include "sluice/store/store.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/counters.hpp"
#include "store/sqlite/generation_file.hpp"
#include "store/sqlite/owner_lock.hpp"
#include "store/sqlite/queries.hpp"
#include "store/sqlite/store_failure.hpp"

namespace sluice {

class SqliteStore final : public SqliteReads<Store>,
                          public ScheduleBook,
                          public JobFiles,
                          public AuditLog,
                          public Housekeeping,
                          public KeyedRequests,
                          public EventBook {
 public:
  /// Throws a StoreFailure. The steps are told in open_store.hpp.
  SqliteStore(const std::string& path, UtcTime now, BootClock boot_clock, StoreNotice notice);
  /// In memory.
  SqliteStore(UtcTime now, BootClock boot_clock);
  ~SqliteStore() override;

  bool has_owner() const override { return true; }

  Result<void> begin() override;
  Result<void> commit() override;
  void abandon() override;

  Result<RunId> create_run(const NewRun& run) override;
  Result<ArgumentsId> add_arguments(RunId run, const RenderedArguments& arguments) override;
  Result<void> add_chunks(RunId run, const std::vector<NewChunk>& chunks) override;
  Result<void> seal_run(RunId run, std::int64_t duplicates) override;
  Result<void> drop_unsealed(RunId run) override;

  Result<std::vector<ClaimedChunk>> claim(const ClaimRequest& request) override;
  Result<void> settle(const Settlement& settlement) override;
  Result<std::int64_t> recover(const RecoveryRule& rule, UtcTime now) override;
  Result<DoubtResolved> resolve_doubt(const DoubtDecision& decision) override;

  Result<void> set_run_control(const RunOrder& order) override;
  Result<void> open_stage(RunId run, int number, UtcTime now) override;
  Result<void> note_stage_settled(RunId run, int number, UtcTime now) override;
  Result<int> approve(const StageApproval& approval) override;
  Result<void> set_rate(const RateOrder& order) override;
  Result<void> set_tenant_pause(std::string_view tenant, std::string_view reason, UtcTime now) override;
  Result<void> lift_tenant_pause(std::string_view tenant, std::string_view actor, std::string_view words,
                                 UtcTime now) override;
  Result<void> move_run(RunId run, std::string_view endpoint, double rate) override;

  std::optional<std::chrono::nanoseconds> silent_for() const override;

  Result<void> note_job_file(const JobFileRecord& file) override;
  Result<void> note_sent_before(const JobFileRecord& file, const SentContent& sent) override;
  Result<std::optional<SentContent>> sent_content(std::string_view digest) override;
  Result<std::optional<UtcTime>> contents_unknown_until() override;
  Result<ScheduleId> add_schedule(const NewSchedule& schedule) override;
  Result<std::int64_t> revise_schedule(const ScheduleRevision& revision) override;
  Result<bool> set_schedule_state(const ScheduleOrder& order) override;
  Result<void> move_schedule(const ScheduleMove& move) override;
  Result<std::vector<RecordedTick>> record_ticks(const TickRecording& recording) override;
  Result<void> fail_tick(TickId tick, const std::string& reason, UtcTime now) override;
  Result<std::int64_t> requeue_started_ticks(UtcTime now) override;

  ScheduleBook& schedule_book() override { return *this; }
  JobFiles& job_file_book() override { return *this; }
  AuditLog& audit_log() override { return *this; }
  Result<void> append(const AuditEntry& entry) override;
  OrderSource set_source(OrderSource source) override { return std::exchange(source_, std::move(source)); }
  Housekeeping& housekeeping() override { return *this; }
  Result<std::vector<PrunableRun>> prunable_runs(UtcTime ended_before, std::size_t limit) override;
  Result<std::vector<RunId>> half_pruned_runs() override;
  Result<PruneStep> prune_step(RunId run, std::int64_t rows_max, UtcTime now) override;
  Result<std::int64_t> prune_runless(UtcTime before, std::int64_t rows_max) override;
  KeyedRequests& keyed_requests() override { return *this; }
  Result<RequestState> take_request(const KeyedRequest& request, UtcTime now, UtcTime forget_before) override;
  Result<void> keep_answer(std::int64_t number, const KeptAnswer& answer) override;
  Result<void> leave_request(std::int64_t number) override;
  Result<std::int64_t> forget_requests(UtcTime before, std::int64_t limit) override;
  EventBook& event_book() override { return *this; }
  Result<void> note_event(const ProcessEvent& event) override;

 private:
  enum class Turn { replay, retry, first };  ///< as the schema numbers them
  struct Found {
    Generation generation;
    bool had_identity = false;  ///< the store comes from a sluice that wrote generation files
  };
  struct ClaimableRun;
  struct Candidate;
  struct Flight;
  struct Conclusion;
  struct Doubt;

  Connection& connection() override { return db_; }
  std::int64_t live_owner() override { return owner_; }

  /// Runs a verb as a transaction of its own, or as a part of the group.
  template <class Body>
  auto write(Body body) -> Result<std::invoke_result_t<Body>>;

  void refuse_another_store(const std::optional<Generation>& beside);
  void seal_what_is_there();
  void require_in_place();
  void take_over(const std::optional<Generation>& beside, UtcTime now);
  void keep_copy_of_older_schema();
  Found what_is_found(const std::optional<Generation>& beside);
  bool was_left_open();
  void require_sound_file();
  void note_last_owner();
  void become_owner(std::int64_t id, UtcTime now);
  void drop_unsealed_runs();
  std::string judge(const Found& found, const std::optional<Generation>& beside, UtcTime now);
  std::int64_t hold_everything_unfinished(const std::string& reason, UtcTime now);
  void pass_over_ticks(UtcTime now);
  void note_progress();
  void tell(const std::string& sentence) const;
  void drop(RunId run);
  void require_unsealed(RunId run);
  void keep_job_file(const JobFileRecord& file, std::string_view event, std::string_view reason);
  void note_content_submitted(RunId run);

  std::vector<ClaimableRun> claimable_runs(const ClaimRequest& request);
  void collect(const ClaimableRun& run, int stage, Turn turn, int limit, const ClaimRequest& request,
               std::vector<Candidate>& found);
  std::vector<Candidate> due_in_turn(std::vector<ClaimableRun>& runs, Turn turn, std::size_t room,
                                     const ClaimRequest& request);
  ClaimedChunk take(const Candidate& candidate, const ClaimRequest& request);
  UtcTime stamped_at(AttemptId first, UtcTime now);
  void record_attempt(const Candidate& candidate, const ClaimRequest& request, ClaimedChunk& claimed);

  Flight flight_of(ChunkId chunk);
  void conclude(const Flight& flight, const Conclusion& conclusion);
  void note_silence(RunId run, UtcTime until);
  void split(const Flight& flight, UtcTime now);
  void halt(const Flight& flight, const Conclusion& conclusion);
  void halt_run(RunId run, const Conclusion& conclusion, const std::string& reason);
  RunControl control_of(RunId run);
  bool is_under_way(RunId run);
  void cancel_run(RunId run, UtcTime now);
  void cancel_pending(RunId run);
  void refuse_if_retried(RunId run);
  std::vector<Doubt> doubts_meant(const DoubtDecision& decision);
  void apply(const DoubtDecision& decision, const Doubt& doubt);

  void record_schedule_event(ScheduleId schedule, std::string_view what, std::string_view reason,
                             std::string_view actor, UtcTime now);
  std::optional<TickId> record_new_tick(const TickRecording& recording, const TickDecision& decision);
  void record_tick_order(const TickRecording& recording, const std::vector<RecordedTick>& recorded);
  std::optional<TickId> record_waiting_tick(const TickRecording& recording, const TickDecision& decision);

  void change_counters(RunId run, const CounterChange& change);
  void note_finish(RunId run, UtcTime now);
  void record_event(UtcTime at, std::optional<RunId> run, std::optional<std::string_view> tenant,
                    std::string_view what, std::string_view reason, std::string_view actor = {});

  bool is_being_pruned(RunId run);
  bool has_newest_row(RunId run);
  void begin_to_prune(RunId run, UtcTime now);
  std::int64_t prune_chunks(RunId run, std::int64_t rows_max);
  std::int64_t prune_rest(RunId run, std::int64_t rows_max);
  void record_submission(RunId run);
  std::optional<RequestState> state_of_known(const KeyedRequest& request);
  /// That the request which is being carried out has led to this order, in the transaction that does it.
  void mark_request_with_order(std::int64_t audit);
  void mark_request_with_run(RunId run);
  void record_audit(const AuditEntry& entry);
  /// What a person has ordered; nothing without an actor.
  void record_order(UtcTime at, std::string_view actor, std::string_view action, std::string target,
                    std::string before, std::string after, std::string reason = {});

  BootClock boot_clock_;
  StoreNotice notice_;
  std::optional<OwnerLock> lock_;  // outlives the connection: the last write happens under it
  std::optional<GenerationFile> generation_file_;
  Connection db_;
  std::int64_t newest_attempt_ = 0;  ///< of the database, with what the open transaction adds
  Generation beside_;                ///< of the generation file
  bool is_generation_stale_ = false;
  std::int64_t owner_ = 0;
  /// Of the last owner, if it closed the store under the present start of the machine.
  std::optional<std::chrono::nanoseconds> last_closed_;
  bool ever_sent_ = false;
  OrderSource source_{.place = "cli"};  ///< of the orders
  bool grouped_ = false;
  std::optional<Error> group_lost_;  // why SQLite rolled the whole group back
};

/// "run 7", as the audit names it.
inline std::string in_words(RunId run) { return "run " + std::to_string(run.value); }

template <class Body>
auto SqliteStore::write(Body body) -> Result<std::invoke_result_t<Body>> {
  if (group_lost_) return *group_lost_;
  // Whatever undoes the verb, an exception of its caller's included, undoes this as well.
  struct NewestAttempt {
    std::int64_t& newest;
    std::int64_t before = newest;
    bool is_kept = false;
    ~NewestAttempt() {
      if (!is_kept) newest = before;
    }
  } newest{.newest = newest_attempt_};
  auto result = answer([&] {
    if (!grouped_) require_in_place();
    Transaction transaction{db_, grouped_ ? Transaction::Kind::part : Transaction::Kind::whole};
    if constexpr (std::is_void_v<std::invoke_result_t<Body>>) {
      body();
      transaction.commit();
    } else {
      auto value = body();
      transaction.commit();
      return value;
    }
  });
  newest.is_kept = result.has_value();
  if (!grouped_ && result.has_value()) note_progress();
  if (grouped_ && result.has_error() && !db_.in_transaction()) group_lost_ = result.error();
  return result;
}

}  // namespace sluice
