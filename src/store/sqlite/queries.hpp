// SPDX-License-Identifier: MIT
// What can be asked of the store, over any connection; the owner's and the readers' answers are the same.
// Failures are StoreFailure; SqliteReads makes Results of them.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "sluice/store/audit_log.hpp"
#include "sluice/store/figures.hpp"
#include "sluice/store/job_files.hpp"
#include "sluice/store/pages.hpp"
#include "sluice/store/schedule_book.hpp"
#include "sluice/store/store.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/job_file_queries.hpp"
#include "store/sqlite/page_queries.hpp"
#include "store/sqlite/schedule_queries.hpp"
#include "store/sqlite/store_failure.hpp"

namespace sluice::queries {

std::vector<RunRecord> runs(Connection& connection, std::size_t limit);
/// Those with a smaller id, newest first.
std::vector<RunRecord> runs_before(Connection& connection, std::optional<RunId> before, std::size_t limit);
std::optional<RunRecord> run(Connection& connection, RunId run);
void for_each_device(Connection& connection, RunId run, const DeviceFilter& filter,
                     const DeviceVisitor& visit);
std::vector<CodeCount> top_codes(Connection& connection, RunId run, std::size_t limit);
/// @param live_owner attempts of this owner that have no result are in flight, not lost; 0: nobody is alive
SendLog sends_of_run(Connection& connection, RunId run, std::int64_t live_owner);
SendLog sends_of_account(Connection& connection, RunId run, std::int64_t live_owner);
std::string job_text(Connection& connection, RunId run);
QueueState queue_state(Connection& connection, RunId run, UtcTime now);
std::optional<NewestResult> newest_result(Connection& connection, RunId run);
std::vector<DoubtfulChunk> doubts(Connection& connection, RunId run);
/// Those with a larger id, in the order of their ids.
std::vector<DoubtfulChunk> doubts_after(Connection& connection, RunId run, ChunkId after, std::size_t limit);
std::vector<DecidedChunk> doubt_decisions(Connection& connection, RunId run);
std::int64_t newest_owner(Connection& connection);
std::int64_t newest_attempt(Connection& connection);

// rollout_queries.cpp
RenderedArguments arguments(Connection& connection, ArgumentsId arguments);
std::vector<StageRecord> stages(Connection& connection, RunId run);
RunTally tally(Connection& connection, RunId run);
std::optional<RateOrder> rate_order(Connection& connection, std::string_view tenant);
void for_each_unfinished_device(Connection& connection, std::string_view tenant,
                                const std::function<bool(RunId, std::string_view)>& visit);
/// The newest stage that may be sent.
int open_stage(Connection& connection, RunId run);

// sqlite_audit.cpp
void for_each_audit_row(Connection& connection, std::int64_t after, const AuditVisitor& visit);

// figure_queries.cpp
StoreFigures figures(Connection& connection, UtcTime now, const std::set<RunId>& out_of_hours);

/// Of a chunk that is held for this reason no result on record says why.
inline constexpr std::string_view store_restored_message =
    "the store may be an older copy of itself: what was sent since is not on record";

/// A value of a closed set. The schema's CHECKs hold these sets closed, so another word means a damaged file.
template <class T>
T known(std::optional<T> value, const Connection& connection) {
  if (value) return *value;
  fail(ErrorKind::storage, "store " + connection.path() + ": holds a word that is none of the schema's",
       "The file is damaged. Restore a backup.");
}

/// Calls the visitor with each name of the text. @return false: the visitor wants no more
template <class Visit>
bool visit_names(std::string_view names, const Visit& visit) {
  while (!names.empty()) {
    const std::size_t end = std::min(names.find('\n'), names.size());
    if (!visit(names.substr(0, end))) return false;
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return true;
}

/// not_found unless there is such a run and it is sealed.
void require_run(Connection& connection, RunId run);

}  // namespace sluice::queries

namespace sluice {

/// The reading half of a seam, answered over a connection.
template <class Seam>
class SqliteReads : public Seam,
                    public Pages,
                    public ScheduleReader,
                    public AuditReader,
                    public Figures,
                    public JobFileReader {
 public:
  Pages& pages() override { return *this; }
  ScheduleReader& schedule_reader() override { return *this; }
  AuditReader& audit_reader() override { return *this; }
  Figures& figures() override { return *this; }
  JobFileReader& job_file_reader() override { return *this; }

  Result<std::vector<JobFileRecord>> job_files() override {
    return answer([&] { return queries::job_files(connection()); });
  }

  Result<std::vector<RunRecord>> runs(std::size_t limit) override {
    return answer([&] { return queries::runs(connection(), limit); });
  }
  Result<std::optional<RunRecord>> run(RunId run) override {
    return answer([&] { return queries::run(connection(), run); });
  }
  Result<void> for_each_device(RunId run, const DeviceFilter& filter, const DeviceVisitor& visit) override {
    return answer([&] { queries::for_each_device(connection(), run, filter, visit); });
  }
  Result<std::vector<CodeCount>> top_codes(RunId run, std::size_t limit) override {
    return answer([&] { return queries::top_codes(connection(), run, limit); });
  }
  Result<SendLog> sends_of_run(RunId run) override {
    return answer([&] { return queries::sends_of_run(connection(), run, live_owner()); });
  }
  Result<SendLog> sends_of_account(RunId run) override {
    return answer([&] { return queries::sends_of_account(connection(), run, live_owner()); });
  }
  Result<std::string> job_text(RunId run) override {
    return answer([&] { return queries::job_text(connection(), run); });
  }
  Result<QueueState> queue_state(RunId run, UtcTime now) override {
    return answer([&] { return queries::queue_state(connection(), run, now); });
  }
  Result<std::optional<NewestResult>> newest_result(RunId run) override {
    return answer([&] { return queries::newest_result(connection(), run); });
  }
  Result<std::vector<DoubtfulChunk>> doubts(RunId run) override {
    return answer([&] { return queries::doubts(connection(), run); });
  }
  Result<std::vector<DecidedChunk>> doubt_decisions(RunId run) override {
    return answer([&] { return queries::doubt_decisions(connection(), run); });
  }
  Result<RenderedArguments> arguments(ArgumentsId arguments) override {
    return answer([&] { return queries::arguments(connection(), arguments); });
  }
  Result<std::vector<StageRecord>> stages(RunId run) override {
    return answer([&] { return queries::stages(connection(), run); });
  }
  Result<RunTally> tally(RunId run) override {
    return answer([&] { return queries::tally(connection(), run); });
  }
  Result<std::optional<RateOrder>> rate_order(std::string_view tenant) override {
    return answer([&] { return queries::rate_order(connection(), tenant); });
  }
  Result<void> for_each_unfinished_device(
      std::string_view tenant, const std::function<bool(RunId, std::string_view)>& visit) override {
    return answer([&] { queries::for_each_unfinished_device(connection(), tenant, visit); });
  }

  Result<std::vector<ScheduleRecord>> schedules() override {
    return answer([&] { return queries::schedules(connection()); });
  }
  Result<std::optional<ScheduleRecord>> schedule(std::string_view name) override {
    return answer([&] { return queries::schedule(connection(), name); });
  }
  Result<std::vector<TickRecord>> ticks(ScheduleId schedule, std::size_t limit,
                                        std::optional<TickId> before) override {
    return answer([&] { return queries::ticks(connection(), schedule, limit, before); });
  }
  Result<std::vector<TickRecord>> ticks_between(ScheduleId schedule, UtcTime from, UtcTime to) override {
    return answer([&] { return queries::ticks_between(connection(), schedule, from, to); });
  }
  Result<std::vector<WaitingTick>> waiting_ticks(ScheduleId schedule) override {
    return answer([&] { return queries::waiting_ticks(connection(), schedule); });
  }
  Result<std::vector<RunId>> unfinished_runs(ScheduleId schedule) override {
    return answer([&] { return queries::unfinished_runs(connection(), schedule); });
  }

  Result<void> for_each_audit_row(std::int64_t after, const AuditVisitor& visit) override {
    return answer([&] { queries::for_each_audit_row(connection(), after, visit); });
  }
  Result<StoreFigures> read_figures(UtcTime now, const std::set<RunId>& out_of_hours) override {
    return answer([&] { return queries::figures(connection(), now, out_of_hours); });
  }
  Result<Page<RunRecord, RunId>> runs_page(const RunsWanted& wanted) override {
    return answer([&] { return queries::runs_page(connection(), wanted); });
  }
  Result<Page<ChunkRow, ChunkPlace>> chunks_page(const ChunksWanted& wanted) override {
    return answer([&] { return queries::chunks_page(connection(), wanted); });
  }
  Result<Page<AttemptRow, AttemptId>> attempts_page(const AttemptsWanted& wanted) override {
    return answer([&] { return queries::attempts_page(connection(), wanted); });
  }
  Result<void> for_each_leaf(RunId run, const LeafVisitor& visit) override {
    return answer([&] { queries::for_each_leaf(connection(), run, visit); });
  }
  Result<void> for_each_send(RunId run, const SendVisitor& visit) override {
    return answer([&] { queries::for_each_send(connection(), run, visit); });
  }
  Result<void> for_each_chunk_outcome(RunId run, const ChunkOutcomeVisitor& visit) override {
    return answer([&] { queries::for_each_chunk_outcome(connection(), run, visit); });
  }
  Result<std::optional<LateResults>> late_results(RunId run, UtcTime since, int attempts_max) override {
    return answer([&] { return queries::late_results(connection(), run, since, attempts_max); });
  }
  Result<std::vector<CodeDevices>> code_devices(RunId run, std::size_t examples) override {
    return answer([&] { return queries::code_devices(connection(), run, examples); });
  }
  Result<std::optional<std::int64_t>> devices_page(
      const DevicesWanted& wanted, const std::function<void(const DeviceResult&)>& visit) override {
    return answer([&] { return queries::devices_page(connection(), wanted, visit); });
  }
  Result<std::optional<DeviceHistoryWanted::Place>> device_history(const DeviceHistoryWanted& wanted,
                                                                   const DeviceRunVisitor& visit) override {
    return answer([&] { return queries::device_history(connection(), wanted, visit); });
  }
  Result<Page<DoubtfulChunk, ChunkId>> doubts_page(const DoubtsWanted& wanted) override {
    return answer([&] { return queries::doubts_page(connection(), wanted); });
  }
  Result<Page<EventRow, std::int64_t>> events_page(const EventsWanted& wanted) override {
    return answer([&] { return queries::events_page(connection(), wanted); });
  }
  Result<std::int64_t> newest_event() override {
    return answer([&] { return queries::newest_event(connection()); });
  }
  Result<Page<TenantRow, std::string>> tenants_page(const TenantsWanted& wanted) override {
    return answer([&] { return queries::tenants_page(connection(), wanted); });
  }
  Result<std::optional<TenantRow>> tenant(const std::string& name) override {
    return answer([&] { return queries::tenant(connection(), name); });
  }
  Result<Page<JobFileRow, std::string>> job_files_page(const JobFilesWanted& wanted) override {
    return answer([&] { return queries::job_files_page(connection(), wanted); });
  }

 private:
  virtual Connection& connection() = 0;
  /// The owner that is alive; 0: none.
  virtual std::int64_t live_owner() = 0;
};

}  // namespace sluice
