// SPDX-License-Identifier: MIT
// The daemon's store, for blocking code on another thread than the database's: each verb borrows the store
// for as long as it takes, and what others want recorded gets its turn in between. Long readings go through a
// reader of their own and hold nobody up.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <optional>

#include "sluice/store/audit_log.hpp"
#include "sluice/store/housekeeping.hpp"
#include "sluice/store/job_files.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

/// For one thread at a time. The schedule book, keyed requests and events are not lent: their verbs are
/// short, and the loop reaches them through AsyncStore; to ask for them throws std::logic_error.
class LentStore final : public Store, private AuditLog, private Housekeeping, private JobFiles {
 public:
  /// Everything outlives this, and the database thread must not end before the last verb has. @param reader
  /// of the same store, used by nobody else
  LentStore(Store& store, boost::asio::any_io_executor database, StoreReader& reader);
  ~LentStore() override;

  /// From any thread: from now on every verb that writes fails (refused), since the process is about to end.
  void stop() { is_stopped_ = true; }

  // Between begin and commit the store stays borrowed, and is what is read.
  Result<void> begin() override;
  Result<void> commit() override;
  void abandon() override;

  Result<std::vector<RunRecord>> runs(std::size_t limit) override { return source().runs(limit); }
  Result<std::optional<RunRecord>> run(RunId run) override { return source().run(run); }
  Result<std::string> job_text(RunId run) override { return source().job_text(run); }
  Result<void> for_each_device(RunId run, const DeviceFilter& filter, const DeviceVisitor& visit) override {
    return source().for_each_device(run, filter, visit);
  }
  Result<std::vector<CodeCount>> top_codes(RunId run, std::size_t limit) override {
    return source().top_codes(run, limit);
  }
  Result<SendLog> sends_of_run(RunId run) override { return source().sends_of_run(run); }
  Result<SendLog> sends_of_account(RunId run) override { return source().sends_of_account(run); }
  Result<QueueState> queue_state(RunId run, UtcTime now) override { return source().queue_state(run, now); }
  Result<std::optional<NewestResult>> newest_result(RunId run) override {
    return source().newest_result(run);
  }
  Result<std::vector<DoubtfulChunk>> doubts(RunId run) override { return source().doubts(run); }
  Result<std::vector<DecidedChunk>> doubt_decisions(RunId run) override {
    return source().doubt_decisions(run);
  }
  Result<RenderedArguments> arguments(ArgumentsId arguments) override {
    return source().arguments(arguments);
  }
  Result<std::vector<StageRecord>> stages(RunId run) override { return source().stages(run); }
  Result<RunTally> tally(RunId run) override { return source().tally(run); }
  Result<std::optional<RateOrder>> rate_order(std::string_view tenant) override {
    return source().rate_order(tenant);
  }
  Result<void> for_each_unfinished_device(
      std::string_view tenant, const std::function<bool(RunId, std::string_view)>& visit) override {
    return source().for_each_unfinished_device(tenant, visit);
  }
  bool has_owner() const override { return true; }
  Pages& pages() override { return source().pages(); }
  ScheduleReader& schedule_reader() override { return source().schedule_reader(); }
  AuditReader& audit_reader() override { return source().audit_reader(); }
  Figures& figures() override { return source().figures(); }
  JobFileReader& job_file_reader() override { return source().job_file_reader(); }

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

  std::optional<std::chrono::nanoseconds> silent_for() const override { return std::nullopt; }
  ScheduleBook& schedule_book() override;
  JobFiles& job_file_book() override { return *this; }
  AuditLog& audit_log() override { return *this; }
  Housekeeping& housekeeping() override { return *this; }
  KeyedRequests& keyed_requests() override;
  EventBook& event_book() override;

 private:
  class Loan;

  Result<void> note_job_file(const JobFileRecord& file) override;
  Result<void> note_sent_before(const JobFileRecord& file, const SentContent& sent) override;
  Result<std::optional<SentContent>> sent_content(std::string_view digest) override;
  Result<std::optional<UtcTime>> contents_unknown_until() override;
  Result<void> append(const AuditEntry& entry) override;
  OrderSource set_source(OrderSource source) override;
  Result<std::vector<PrunableRun>> prunable_runs(UtcTime ended_before, std::size_t limit) override;
  Result<std::vector<RunId>> half_pruned_runs() override;
  Result<PruneStep> prune_step(RunId run, std::int64_t rows_max, UtcTime now) override;
  Result<std::int64_t> prune_runless(UtcTime before, std::int64_t rows_max) override;

  StoreReader& source() { return group_ ? static_cast<StoreReader&>(store_) : reader_; }
  template <class Verb>
  std::invoke_result_t<Verb, Store&> borrow(const Verb& verb);

  Store& store_;
  boost::asio::any_io_executor database_;
  StoreReader& reader_;
  std::unique_ptr<Loan> group_;  ///< between begin and commit
  std::atomic<bool> is_stopped_ = false;
  OrderSource source_{.place = "daemon"};  ///< of the borrower's orders
};

}  // namespace sluice
