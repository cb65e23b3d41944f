// SPDX-License-Identifier: MIT
// Seam: the durable record. A queue of chunks, and every attempt ever made for them. Blocking; the loop uses
// async_store.hpp. Every verb is one transaction of its own, or a part of one that begin/commit put around
// it.
//
// The order that makes a crash harmless: claim() records the attempt (nonce, timestamp, key, digest) durably,
// then the request may go out, then settle() records what came of it together with the chunk's next state.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/core/chunk.hpp"
#include "sluice/core/chunk_rules.hpp"
#include "sluice/core/doubt_rules.hpp"
#include "sluice/core/fair_share.hpp"
#include "sluice/core/ids.hpp"
#include "sluice/core/outcome.hpp"
#include "sluice/core/result.hpp"
#include "sluice/core/run.hpp"
#include "sluice/core/run_tally.hpp"
#include "sluice/core/time.hpp"

namespace sluice {

struct NewStage {
  std::string name;
  std::int64_t devices = 0;

  bool operator==(const NewStage&) const = default;
};

struct NewRun {
  std::string job_name;
  std::string tenant;
  std::string endpoint;
  std::string job_text;
  double rate = 0;
  UtcTime created_at;
  std::string submitter = {};
  std::string digest = {};
  std::optional<std::chrono::microseconds> predicted = {};
  std::vector<NewStage> stages = {};  ///< empty: everything at once
  RunPurpose purpose = RunPurpose::run;
  std::optional<RunId> parent = {};
  RunOrigin origin = {};  ///< of a tick: it has fired when the run is sealed
};

/// Devices as text: each name followed by '\n'.
struct NewChunk {
  int devices = 0;
  std::string names;
  int stage = 1;
  std::optional<ArgumentsId> arguments = {};  ///< absent: the job's own
};

/// Arguments made from parameters and columns.
struct RenderedArguments {
  std::string args;
  std::string compensate_args;  ///< of the call that undoes it; empty: as the job says

  bool operator==(const RenderedArguments&) const = default;
};

/// The part of an attempt that must be durable before its first byte leaves. Holds no secret.
struct AttemptIntent {
  std::string nonce;
  std::string timestamp;  ///< as signed into the request
  std::string key_id;
  std::string digest;  ///< of the request: a replay is rebuilt and must match it

  bool operator==(const AttemptIntent&) const = default;
};

struct ClaimedChunk {
  ChunkId chunk;
  RunId run;
  AttemptId attempt;
  AttemptIntent intent;
  /// The intent is an earlier attempt's. The queue may have been paused meanwhile: who sends must first see
  /// that now is still within identical_replay_window of facts.request_stamped_at.
  bool is_replay = false;
  AttemptFacts facts;
  std::string names;  ///< each followed by '\n'
  int stage = 1;
  std::optional<RenderedArguments> arguments;  ///< absent: the job's own
};

/// Makes the intent for a fresh attempt at the chunk: called on the database thread, inside the claim's
/// transaction, so it must be pure or its own.
using IntentMaker = std::function<AttemptIntent(const ClaimedChunk& chunk)>;

struct ClaimRequest {
  std::string tenant;
  std::vector<RunId> runs;  ///< only these; empty: any of the tenant's
  int limit = 1;
  int retries_max =
      std::numeric_limits<int>::max();  ///< of them, fresh attempts at chunks that spent one before
  UtcTime now;
  IntentMaker make_intent;
  std::map<RunId, RunShare> shares = {};  ///< a run that is not here ranks first, without a limit
};

/// What one attempt came to.
struct Settlement {
  ChunkId chunk;
  AttemptId attempt;
  Outcome outcome;
  Transition transition;
  std::optional<UtcTime> sent_at;  ///< when its first byte went out; absent: nothing went out
  UtcTime settled_at;
};

/// An attempt that a dead process left without a result.
struct UnresolvedAttempt {
  ChunkId chunk;
  RunId run;
  AttemptId attempt;
  AttemptFacts facts;
  int stage = 1;
};

using RecoveryRule = std::function<Transition(const UnresolvedAttempt&)>;

/// One device of a run, as `results` reports it.
struct DeviceResult {
  std::string_view device;  ///< valid during the call only
  /// Pending: nothing has reached the cloud. What may have, and is to be sent again, is told as in flight.
  ChunkState state = ChunkState::pending;
  Evidence evidence = Evidence::none;
  ChunkId chunk;
  int attempts = 0;  ///< requests that went to the wire for its chunk and for what that is a half of
  // Of the newest result that concerns the device; empty if there is none. Untrusted text.
  std::string_view request_id;
  std::string_view code;
  std::string_view message;
  std::optional<UtcTime> settled_at;
  int stage = 1;
  std::optional<ArgumentsId> arguments;  ///< absent: the job's own
};

struct DeviceFilter {
  std::optional<ChunkState> state;
  std::optional<Evidence> evidence;
};

/// Return false to stop.
using DeviceVisitor = std::function<bool(const DeviceResult&)>;

struct CodeCount {
  std::string code;
  std::int64_t attempts = 0;
  std::string example;  ///< one message

  bool operator==(const CodeCount&) const = default;
};

/// When the requests of a run's tenant went to the wire.
struct SendLog {
  double rate = 0;               ///< the largest that any of their runs was allowed, requests per second
  std::vector<UtcTime> sent_at;  ///< ascending
  std::int64_t unknown = 0;      ///< attempts cut off by a crash: may have been sent, time unknown
};

/// A chunk of which nobody can say whether it was executed. Texts are untrusted.
struct DoubtfulChunk {
  ChunkId chunk;
  int devices = 0;
  Held held = Held::no;
  std::string code;  ///< of the result that left it in doubt, or "store_restored"
  std::string message;
  std::string request_id;
  std::int64_t sends = 0;        ///< requests that may have gone to the wire for it, its ancestors' included
  std::optional<UtcTime> since;  ///< when it came into doubt; absent: not on record

  bool operator==(const DoubtfulChunk&) const = default;
};

/// An operator's word on what is in doubt.
struct DoubtDecision {
  RunId run;
  DoubtVerdict verdict = DoubtVerdict::accept;
  std::set<ChunkId> chunks;  ///< only these; empty: all that are in doubt
  std::optional<std::int64_t> expected_devices;
  std::string actor;   ///< who says so
  std::string reason;  ///< why; neither may be empty
  UtcTime now;
};

struct DoubtResolved {
  std::int64_t chunks = 0;
  std::int64_t devices = 0;

  bool operator==(const DoubtResolved&) const = default;
};

/// What was decided about one chunk.
struct DecidedChunk {
  ChunkId chunk;
  int devices = 0;
  DoubtVerdict verdict = DoubtVerdict::accept;
  std::string actor;
  std::string reason;
  UtcTime at;

  bool operator==(const DecidedChunk&) const = default;
};

/// What holds a run's next chunk back.
struct QueueState {
  std::optional<UtcTime> next_due_at;   ///< earliest due time of a pending chunk
  std::optional<UtcTime> due_later_at;  ///< earliest due time that has not come yet
  std::int64_t due_now = 0;             ///< pending chunks that are due
  std::int64_t retries_due_now = 0;     ///< of them, those that the retry budget can hold back
  std::int64_t unclear_devices = 0;     ///< of the pending ones, those that may have got the command already
};

/// A stage of a run, as it was planned and as it came about.
struct StageRecord {
  int number = 1;
  std::string name;
  std::int64_t devices = 0;
  std::optional<UtcTime> opened_at;
  std::optional<UtcTime> settled_at;   ///< when its last device had a result
  std::optional<UtcTime> approved_at;  ///< by the newest approval
  std::string approved_by;
  bool is_past_gate = false;  ///< the approval counts whatever the gate before it says

  bool operator==(const StageRecord&) const = default;
};

/// A person's word that a stage of a run may start.
struct StageApproval {
  RunId run;
  std::optional<int> stage;  ///< absent: the next one
  std::string actor;         ///< never empty
  std::string digest;        ///< of the plan as the approver knows it; empty: as the run has it
  bool not_by_submitter = false;
  bool is_past_gate = false;
  UtcTime now;
};

/// What is said about a run's going on.
struct RunOrder {
  RunId run;
  RunControl control = RunControl::active;
  ControlCause cause = ControlCause::operator_order;
  std::string reason = {};
  std::string actor = {};  ///< who says so, if a person does
  UtcTime now;
};

/// A pace that a person has set for an account.
struct RateOrder {
  std::string tenant;
  double rate = 0;  ///< requests per second
  UtcTime until;
  std::string actor = {};
  UtcTime now = {};

  bool operator==(const RateOrder&) const = default;
};

/// What the newest attempt of a run came to, for who looks at a run that another process sends.
struct NewestResult {
  UtcTime settled_at;
  bool is_answer = false;  ///< the endpoint said something, whatever it was
  std::string code;        ///< untrusted text

  bool operator==(const NewestResult&) const = default;
};

// The rest of the seam, noun by noun, each in a header of its own.
class AuditLog;
class AuditReader;
class EventBook;
class Figures;
class Housekeeping;
class JobFileReader;
class JobFiles;
class KeyedRequests;
class Pages;
class ScheduleBook;
class ScheduleReader;

class StoreReader {
 public:
  virtual ~StoreReader() = default;

  /// Sealed runs, newest first.
  virtual Result<std::vector<RunRecord>> runs(std::size_t limit) = 0;
  virtual Result<std::optional<RunRecord>> run(RunId run) = 0;

  /// The job file as the run was submitted with it; not_found if there is no such run.
  virtual Result<std::string> job_text(RunId run) = 0;

  /// Every device of the run, in the order of the job's list.
  virtual Result<void> for_each_device(RunId run, const DeviceFilter& filter, const DeviceVisitor& visit) = 0;

  /// Codes of the run's attempts that were not accepted, most frequent first.
  virtual Result<std::vector<CodeCount>> top_codes(RunId run, std::size_t limit) = 0;

  /// Sends of this run alone.
  virtual Result<SendLog> sends_of_run(RunId run) = 0;
  /// Sends under any key that this run was sent with, of whatever run or tenant: the limit belongs to the
  /// account.
  virtual Result<SendLog> sends_of_account(RunId run) = 0;

  virtual Result<QueueState> queue_state(RunId run, UtcTime now) = 0;

  /// Of the run's newest attempt that has one, but for those that a crash cut off; absent: there is none.
  virtual Result<std::optional<NewestResult>> newest_result(RunId run) = 0;

  /// The run's chunks in doubt, in the order of the job's list.
  virtual Result<std::vector<DoubtfulChunk>> doubts(RunId run) = 0;
  /// What operators decided about the run's chunks, oldest first.
  virtual Result<std::vector<DecidedChunk>> doubt_decisions(RunId run) = 0;

  /// not_found: there are none of that number.
  virtual Result<RenderedArguments> arguments(ArgumentsId arguments) = 0;
  /// In order; empty: the run has none.
  virtual Result<std::vector<StageRecord>> stages(RunId run) = 0;
  /// How the devices of each stage stand, and the row of refusals.
  virtual Result<RunTally> tally(RunId run) = 0;
  /// The newest order for the tenant; it may be over.
  virtual Result<std::optional<RateOrder>> rate_order(std::string_view tenant) = 0;
  /// Every device of the tenant's unfinished runs.
  virtual Result<void> for_each_unfinished_device(
      std::string_view tenant, const std::function<bool(RunId run, std::string_view device)>& visit) = 0;

  /// Whether some process owns the store right now.
  virtual bool has_owner() const = 0;

  virtual Pages& pages() = 0;
  virtual ScheduleReader& schedule_reader() = 0;
  virtual AuditReader& audit_reader() = 0;
  virtual Figures& figures() = 0;
  virtual JobFileReader& job_file_reader() = 0;
};

class Store : public StoreReader {
 public:
  // Grouping: what is between begin and commit becomes durable together. Each verb in between is all or
  // nothing by itself. Without begin, each verb commits by itself. When commit fails, nothing in the group
  // has happened. After an error of the disk that leaves its content unknown, this verb and every other fails
  // with ErrorKind::storage_lost until the store is opened anew.
  virtual Result<void> begin() = 0;
  virtual Result<void> commit() = 0;
  /// Instead of commit(): nothing in the group has happened. Without a group: nothing.
  virtual void abandon() = 0;

  // Import. A run is invisible to claim() and to the reader until it is sealed.
  virtual Result<RunId> create_run(const NewRun& run) = 0;
  virtual Result<ArgumentsId> add_arguments(RunId run, const RenderedArguments& arguments) = 0;
  // Chunks keep the order in which they are added: without stages and arguments, the order of the job's list.
  virtual Result<void> add_chunks(RunId run, const std::vector<NewChunk>& chunks) = 0;
  virtual Result<void> seal_run(RunId run, std::int64_t duplicates) = 0;
  virtual Result<void> drop_unsealed(RunId run) = 0;

  /// pending → in flight for chunks that are due, of sealed, active runs of a tenant that is not paused, in
  /// stages that may be sent. Replays first, then retries, then by share, due time and position in the list.
  /// Fewer than asked for, or none: nothing more is due, or the shares are used up.
  virtual Result<std::vector<ClaimedChunk>> claim(const ClaimRequest& request) = 0;

  /// in flight → what the transition says, with the attempt's result, the counters, and the halves of a
  /// split. Refused (ErrorKind::refused) if the chunk is not in flight under this very attempt and this very
  /// owner. In a canceled run nothing goes back to pending: a chunk of which some
  /// attempt was silent or unclear becomes in doubt, any other canceled; and nothing is presumed by policy.
  virtual Result<void> settle(const Settlement& settlement) = 0;

  /// Applies the rule to every attempt that an earlier process left unresolved, and counts the crash to its
  /// chunk. On record they are silent, with the code "process_lost", or "poison" where the rule holds the
  /// chunk for that. @return how many there were
  virtual Result<std::int64_t> recover(const RecoveryRule& rule, UtcTime now) = 0;

  /// in doubt → what the operator's word makes of it (core/doubt_rules.hpp), with who and why on record; all
  /// of it or nothing. A resend makes the run unfinished again. Refused: as check_verdict() says, for a
  /// resend in a run that another one has retried, and for a chunk that is not in doubt. not_found: no such
  /// run.
  virtual Result<DoubtResolved> resolve_doubt(const DoubtDecision& decision) = 0;

  /// Canceled is for ever, and only an unfinished run can be: else refused. Cancelling ends what is pending,
  /// as told at settle(). The reason is dropped when the run becomes active. A pause for another cause than a
  /// person's order is for an active, unfinished run, and comes to nothing otherwise.
  virtual Result<void> set_run_control(const RunOrder& order) = 0;

  /// The stage after the newest that may be sent may be sent as well. Refused if that is not `number`.
  virtual Result<void> open_stage(RunId run, int number, UtcTime now) = 0;
  /// Every device of the stage has a result. Said once; the first time stays.
  virtual Result<void> note_stage_settled(RunId run, int number, UtcTime now) = 0;
  /// @return the stage's number. Refused: no such stage to come, another plan, or the submitter's own word
  /// where another's is wanted. The same word twice is recorded once.
  virtual Result<int> approve(const StageApproval& approval) = 0;
  virtual Result<void> set_rate(const RateOrder& order) = 0;
  /// By the program itself. An empty reason lifts the pause.
  virtual Result<void> set_tenant_pause(std::string_view tenant, std::string_view reason, UtcTime now) = 0;
  /// By a person: it goes on the audit. @param words why, untrusted text; may be empty
  virtual Result<void> lift_tenant_pause(std::string_view tenant, std::string_view actor,
                                         std::string_view words, UtcTime now) = 0;
  /// Where it is sent from now on, and how fast; the largest rate it ever had is kept for the proof of its
  /// pace.
  virtual Result<void> move_run(RunId run, std::string_view endpoint, double rate) = 0;

  /// How long ago the store's last owner is known to have stopped sending, on a clock that does not jump;
  /// absent: unknown (it crashed, or the machine was started anew). A store that no one ever sent from: a
  /// year. What this owner itself has sent is not considered.
  virtual std::optional<std::chrono::nanoseconds> silent_for() const = 0;

  // Their verbs are transactions, and parts of a group, as this seam's are.
  virtual ScheduleBook& schedule_book() = 0;
  virtual JobFiles& job_file_book() = 0;
  virtual AuditLog& audit_log() = 0;
  virtual Housekeeping& housekeeping() = 0;
  virtual KeyedRequests& keyed_requests() = 0;
  virtual EventBook& event_book() = 0;
};

}  // namespace sluice
