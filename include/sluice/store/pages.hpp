// SPDX-License-Identifier: MIT
// Seam: the record, page by page. Pages follow each other by the key of the row that the last one ended with,
// so a deep page costs what the first one does, and what happens in between neither repeats nor hides a row
// that was there all the time.
//
// A page looks at a bounded number of rows, so it may come back short, or empty, with a `next` where the look
// goes on. Only a page without `next` is the last one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/core/chunk.hpp"
#include "sluice/core/chunk_rules.hpp"
#include "sluice/core/ids.hpp"
#include "sluice/core/outcome.hpp"
#include "sluice/core/result.hpp"
#include "sluice/core/run.hpp"
#include "sluice/core/time.hpp"
#include "sluice/store/run_picture.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

/// Whatever limit is asked for, a page has at most so many rows.
inline constexpr std::size_t page_rows_max = 1000;

template <class Row, class Place>
struct Page {
  std::vector<Row> rows;
  std::optional<Place> next;  ///< to be asked for as `after`; absent: there is nothing more
};

/// Newest first.
struct RunsWanted {
  std::optional<RunStatus> status;
  std::optional<std::string> tenant;
  std::optional<std::string> job;
  std::optional<std::string> schedule;
  std::optional<RunId> after;
  std::size_t limit = page_rows_max;
};

/// A chunk's place in its run: a half that starts where its whole did comes before it.
struct ChunkPlace {
  std::int64_t position = 0;  ///< of its first device in the run's list, from 0
  int devices = 0;

  auto operator<=>(const ChunkPlace&) const = default;
};

/// By place.
struct ChunksWanted {
  RunId run;
  std::optional<ChunkState> state;
  std::optional<int> stage;
  std::optional<ChunkPlace> after;
  std::size_t limit = page_rows_max;
};

/// Texts are untrusted.
struct ChunkRow {
  ChunkId id;
  ChunkPlace place;
  std::optional<ChunkId> parent;  ///< the chunk that it is a half of
  int stage = 1;
  ChunkState state = ChunkState::pending;
  Evidence evidence = Evidence::none;
  Held held = Held::no;
  bool is_unclear = false;  ///< some attempt of it may have been executed
  int attempts_spent = 0;
  int requests = 0;  ///< that went to the wire, its ancestors' included
  int crashes = 0;
  std::optional<UtcTime> due_at;  ///< of a pending one
  // Of its newest result, or an ancestor's; empty: there is none.
  std::string request_id;
  std::string code;
  std::string message;
  std::optional<UtcTime> settled_at;
};

/// Oldest first.
struct AttemptsWanted {
  ChunkId chunk;
  std::optional<AttemptId> after;
  std::size_t limit = page_rows_max;
};

/// Texts are untrusted.
struct AttemptRow {
  AttemptId id;
  int number = 1;                      ///< of the chunk's attempts that count
  std::optional<AttemptId> replay_of;  ///< the first send of the same request
  int replay_number = 0;
  UtcTime claimed_at;
  std::optional<UtcTime> sent_at;
  std::optional<UtcTime> settled_at;  ///< absent: it has no result, and none of the below
  std::optional<OutcomeKind> outcome;
  bool may_have_been_sent = false;  ///< a crash cut it off: nobody knows
  int http_status = 0;              ///< 0: no answer
  std::string request_id;
  std::string code;
  std::string message;
};

/// How a name is looked for.
enum class NameMatch { prefix, part, whole };

/// Whether its newest result has the code, which is empty for silence and the like. What has no result has no
/// code, not even an empty one.
inline bool has_code(const DeviceResult& device, std::string_view code) {
  return device.code == code && (device.settled_at || !code.empty());
}

/// In the order of the run's list.
struct DevicesWanted {
  RunId run;
  DeviceFilter filter;
  std::optional<int> stage;
  std::optional<std::string> code;  ///< as has_code() takes it
  std::string name;                 ///< empty: any
  NameMatch match = NameMatch::prefix;
  std::int64_t after = 0;  ///< how many of the run's devices have been dealt with
  std::size_t limit = page_rows_max;
};

/// Runs newest first.
struct DeviceHistoryWanted {
  std::string device;
  std::optional<std::string> tenant;
  struct Place {
    RunId run;
    std::int64_t after = 0;  ///< as above, in that run
  };
  std::optional<Place> from;
  std::size_t limit = page_rows_max;
};

/// What a run did with a device.
using DeviceRunVisitor = std::function<void(const RunRecord& run, const DeviceResult& device)>;

enum class EventOrder { oldest_first, newest_first };

struct EventsWanted {
  EventOrder order = EventOrder::oldest_first;
  std::optional<RunId> run;
  std::optional<std::string> tenant;
  std::optional<std::string> what;
  std::optional<std::int64_t> after;  ///< in that order
  std::size_t limit = page_rows_max;
};

/// Texts are untrusted.
struct EventRow {
  std::int64_t id = 0;  ///< larger than that of every event that became durable before
  UtcTime at;
  std::optional<RunId> run;
  std::string tenant;    ///< its run's, where there is one; empty: of all
  std::string schedule;  ///< its name; empty: none
  std::string job_file;
  std::string what;
  std::string reason;
  std::string actor;

  bool operator==(const EventRow&) const = default;
};

/// By name.
struct TenantsWanted {
  std::optional<std::string> after;
  std::size_t limit = page_rows_max;
};

/// A tenant that some run was ever made for.
struct TenantRow {
  std::string name;
  std::string paused_reason;  ///< empty: it is not paused; untrusted text
  UtcTime silent_until;       ///< the server has asked for silence until then
  std::int64_t unfinished_runs = 0;
  std::int64_t unfinished_devices = 0;
  std::int64_t failed_devices = 0;   ///< of the unfinished runs
  std::optional<RateOrder> ordered;  ///< the newest pace that a person has set; it may be over
};

/// By name.
struct JobFilesWanted {
  std::optional<std::string> after;
  std::size_t limit = page_rows_max;
};

/// A file of the daemon's folder, as it was last seen. Texts are untrusted.
struct JobFileRow {
  std::string name;
  std::string state;  ///< "good", "invalid" or "removed"
  std::int64_t revision = 1;
  std::string digest;
  std::string error;
  UtcTime seen_at;
  std::optional<RunId> run;
  std::string schedule;  ///< its name; empty: none
};

/// By chunk.
struct DoubtsWanted {
  RunId run;
  std::optional<ChunkId> after;
  std::size_t limit = page_rows_max;
};

/// What belongs to a run that is not there is not_found; a page of a run without such rows is empty.
class Pages {
 public:
  virtual ~Pages() = default;

  virtual Result<Page<RunRecord, RunId>> runs_page(const RunsWanted& wanted) = 0;
  virtual Result<Page<ChunkRow, ChunkPlace>> chunks_page(const ChunksWanted& wanted) = 0;
  virtual Result<Page<AttemptRow, AttemptId>> attempts_page(const AttemptsWanted& wanted) = 0;

  // Not pages: all of them, leaves by place, sends in the order in which they were claimed.
  virtual Result<void> for_each_leaf(RunId run, const LeafVisitor& visit) = 0;
  virtual Result<void> for_each_send(RunId run, const SendVisitor& visit) = 0;
  /// Of the chunks that succeeded, failed or are in doubt, those with a result.
  virtual Result<void> for_each_chunk_outcome(RunId run, const ChunkOutcomeVisitor& visit) = 0;
  /// Of so many of the newest attempts, at most; absent: none has a result of `since` or later.
  virtual Result<std::optional<LateResults>> late_results(RunId run, UtcTime since, int attempts_max) = 0;
  /// By code, of results that were not accepted; @param examples of each, at most
  virtual Result<std::vector<CodeDevices>> code_devices(RunId run, std::size_t examples) = 0;

  /// @return the next page's `after`; absent: there is nothing more
  virtual Result<std::optional<std::int64_t>> devices_page(
      const DevicesWanted& wanted, const std::function<void(const DeviceResult&)>& visit) = 0;
  virtual Result<std::optional<DeviceHistoryWanted::Place>> device_history(const DeviceHistoryWanted& wanted,
                                                                           const DeviceRunVisitor& visit) = 0;

  virtual Result<Page<DoubtfulChunk, ChunkId>> doubts_page(const DoubtsWanted& wanted) = 0;

  virtual Result<Page<EventRow, std::int64_t>> events_page(const EventsWanted& wanted) = 0;
  /// 0: there is none.
  virtual Result<std::int64_t> newest_event() = 0;

  virtual Result<Page<TenantRow, std::string>> tenants_page(const TenantsWanted& wanted) = 0;
  virtual Result<std::optional<TenantRow>> tenant(const std::string& name) = 0;
  virtual Result<Page<JobFileRow, std::string>> job_files_page(const JobFilesWanted& wanted) = 0;
};

}  // namespace sluice
