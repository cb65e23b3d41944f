// SPDX-License-Identifier: MIT
// The real store, but for a while it cannot record results, as on a full disk; or takes nothing at all, while
// another program holds the file.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/store/store.hpp"

namespace sluice::test {

class UnsteadyStore : public Store {
 public:
  explicit UnsteadyStore(std::unique_ptr<Store> real) : real_(std::move(real)) {}

  /// How often a claim was tried.
  int claims = 0;

  /// Asked before each settle.
  std::function<bool()> can_settle = [] { return true; };

  Result<void> settle(const Settlement& settlement) override {
    if (!can_settle()) return Error{ErrorKind::storage, "the disk is full", ""};
    return real_->settle(settlement);
  }

  Result<std::vector<RunRecord>> runs(std::size_t limit) override { return real_->runs(limit); }
  Result<std::optional<RunRecord>> run(RunId run) override { return real_->run(run); }
  Result<std::string> job_text(RunId run) override { return real_->job_text(run); }
  Result<void> for_each_device(RunId run, const DeviceFilter& filter, const DeviceVisitor& visit) override {
    return real_->for_each_device(run, filter, visit);
  }
  Result<std::vector<CodeCount>> top_codes(RunId run, std::size_t limit) override {
    return real_->top_codes(run, limit);
  }
  Result<SendLog> sends_of_run(RunId run) override { return real_->sends_of_run(run); }
  Result<SendLog> sends_of_account(RunId run) override { return real_->sends_of_account(run); }
  Result<QueueState> queue_state(RunId run, UtcTime now) override { return real_->queue_state(run, now); }
  Result<std::optional<NewestResult>> newest_result(RunId run) override { return real_->newest_result(run); }
  Result<std::vector<DoubtfulChunk>> doubts(RunId run) override { return real_->doubts(run); }
  Result<std::vector<DecidedChunk>> doubt_decisions(RunId run) override {
    return real_->doubt_decisions(run);
  }
  Result<RenderedArguments> arguments(ArgumentsId arguments) override { return real_->arguments(arguments); }
  Result<std::vector<StageRecord>> stages(RunId run) override { return real_->stages(run); }
  Result<RunTally> tally(RunId run) override { return real_->tally(run); }
  Result<std::optional<RateOrder>> rate_order(std::string_view tenant) override {
    return real_->rate_order(tenant);
  }
  Result<void> for_each_unfinished_device(
      std::string_view tenant, const std::function<bool(RunId, std::string_view)>& visit) override {
    return real_->for_each_unfinished_device(tenant, visit);
  }
  bool has_owner() const override { return real_->has_owner(); }
  Pages& pages() override { return real_->pages(); }
  ScheduleReader& schedule_reader() override { return real_->schedule_reader(); }
  AuditReader& audit_reader() override { return real_->audit_reader(); }
  Figures& figures() override { return real_->figures(); }
  JobFileReader& job_file_reader() override { return real_->job_file_reader(); }
  ScheduleBook& schedule_book() override { return real_->schedule_book(); }
  JobFiles& job_file_book() override { return real_->job_file_book(); }
  AuditLog& audit_log() override { return real_->audit_log(); }
  Housekeeping& housekeeping() override { return real_->housekeeping(); }
  KeyedRequests& keyed_requests() override { return real_->keyed_requests(); }
  EventBook& event_book() override { return real_->event_book(); }
  /// Asked before each group: whether another program holds the file.
  std::function<bool()> is_held = [] { return false; };

  Result<void> begin() override {
    if (is_held()) return Error{ErrorKind::storage_busy, "another program holds the store", ""};
    return real_->begin();
  }
  Result<void> commit() override { return real_->commit(); }
  void abandon() override { real_->abandon(); }
  Result<RunId> create_run(const NewRun& run) override { return real_->create_run(run); }
  Result<ArgumentsId> add_arguments(RunId run, const RenderedArguments& arguments) override {
    return real_->add_arguments(run, arguments);
  }
  Result<void> add_chunks(RunId run, const std::vector<NewChunk>& chunks) override {
    return real_->add_chunks(run, chunks);
  }
  Result<void> seal_run(RunId run, std::int64_t duplicates) override {
    return real_->seal_run(run, duplicates);
  }
  Result<void> drop_unsealed(RunId run) override { return real_->drop_unsealed(run); }
  Result<std::vector<ClaimedChunk>> claim(const ClaimRequest& request) override {
    ++claims;
    return real_->claim(request);
  }
  Result<std::int64_t> recover(const RecoveryRule& rule, UtcTime now) override {
    return real_->recover(rule, now);
  }
  Result<DoubtResolved> resolve_doubt(const DoubtDecision& decision) override {
    return real_->resolve_doubt(decision);
  }
  Result<void> set_run_control(const RunOrder& order) override { return real_->set_run_control(order); }
  Result<void> open_stage(RunId run, int number, UtcTime now) override {
    return real_->open_stage(run, number, now);
  }
  Result<void> note_stage_settled(RunId run, int number, UtcTime now) override {
    return real_->note_stage_settled(run, number, now);
  }
  Result<int> approve(const StageApproval& approval) override { return real_->approve(approval); }
  Result<void> set_rate(const RateOrder& order) override { return real_->set_rate(order); }
  Result<void> set_tenant_pause(std::string_view tenant, std::string_view reason, UtcTime now) override {
    return real_->set_tenant_pause(tenant, reason, now);
  }
  Result<void> lift_tenant_pause(std::string_view tenant, std::string_view actor, std::string_view words,
                                 UtcTime now) override {
    return real_->lift_tenant_pause(tenant, actor, words, now);
  }
  Result<void> move_run(RunId run, std::string_view endpoint, double rate) override {
    return real_->move_run(run, endpoint, rate);
  }
  std::optional<std::chrono::nanoseconds> silent_for() const override { return real_->silent_for(); }

 private:
  std::unique_ptr<Store> real_;
};

}  // namespace sluice::test
