// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>

#include "http_api/device_json.hpp"
#include "http_api/json_time.hpp"
#include "http_api/resources/page_answer.hpp"
#include "http_api/resources/query_reader.hpp"
#include "http_api/resources/resource.hpp"
#include "http_api/run_json.hpp"
#include "sluice/store/pages.hpp"

namespace sluice {
namespace {

constexpr std::size_t example_devices = 3;

std::optional<RunStatus> run_status_from(std::string_view word) {
  for (const RunStatus status :
       {RunStatus::pending, RunStatus::running, RunStatus::paused, RunStatus::succeeded,
        RunStatus::completed_with_failures, RunStatus::finished_in_doubt, RunStatus::canceled}) {
    if (word == to_string(status)) return status;
  }
  return std::nullopt;
}

Result<ApiAnswer> list_runs(StoreReader& store, const ApiRequest& request, UtcTime /*now*/) {
  QueryReader query{request};
  RunsWanted wanted;
  wanted.limit = query.limit();
  wanted.status = query.word("status", run_status_from,
                             "pending, running, paused, succeeded, completed_with_failures, "
                             "finished_in_doubt, canceled");
  wanted.tenant = query.text("tenant");
  wanted.job = query.text("job");
  wanted.schedule = query.text("schedule");
  if (const auto cursor = query.cursor("runs", 1)) wanted.after = RunId{cursor->numbers[0]};
  if (query.problem()) return *query.problem();

  const auto page = store.pages().runs_page(wanted);
  if (page.has_error()) return page.error();
  const bool has_owner = store.has_owner();
  PageAnswer answer{request};
  for (const RunRecord& run : page->rows) write_listed_run(answer.items(), run, has_owner);
  std::optional<Cursor> next;
  if (page->next) next = Cursor{.list = "runs", .numbers = {page->next->value}};
  return answer.finish(next);
}

void write_chunk(JsonText& json, const ChunkRow& chunk) {
  json.begin_object().member("chunk", chunk.id.value).key("parent");
  chunk.parent ? json.value(chunk.parent->value) : json.null();
  json.member("position", chunk.place.position).member("devices", chunk.place.devices);
  json.member("stage", chunk.stage).member("state", to_string(chunk.state));
  json.member("evidence", evidence_word(chunk.evidence)).member("held", to_string(chunk.held));
  json.member("unclear", chunk.is_unclear).member("attempts_spent", chunk.attempts_spent);
  json.member("requests", chunk.requests).member("crashes", chunk.crashes);
  write_time(json, "due_at", chunk.due_at);
  json.member("request_id", chunk.request_id).member("code", chunk.code).member("message", chunk.message);
  write_time(json, "settled_at", chunk.settled_at);
  json.end_object();
}

/// As the run's counters know it.
std::optional<std::int64_t> chunks_in_all(const StateCounts& chunks, const ChunksWanted& wanted) {
  if (wanted.stage) return std::nullopt;
  if (!wanted.state) return total(chunks) + chunks.split;
  switch (*wanted.state) {
    case ChunkState::pending:
      return chunks.pending;
    case ChunkState::in_flight:
      return chunks.in_flight;
    case ChunkState::succeeded:
      return chunks.accepted + chunks.presumed;
    case ChunkState::failed:
      return chunks.failed;
    case ChunkState::in_doubt:
      return chunks.in_doubt;
    case ChunkState::split:
      return chunks.split;
    case ChunkState::canceled:
      return chunks.canceled;
  }
  return std::nullopt;
}

std::optional<int> stage_of(QueryReader& query) {
  const std::optional<std::int64_t> stage = query.number("stage", 1, 1'000'000);
  return stage ? std::optional{static_cast<int>(*stage)} : std::nullopt;
}

Result<ApiAnswer> list_chunks(StoreReader& store, const ApiRequest& request, UtcTime /*now*/) {
  QueryReader query{request};
  ChunksWanted wanted;
  wanted.limit = query.limit();
  wanted.state = query.word("state", chunk_state_from,
                            "pending, in_flight, succeeded, failed, in_doubt, split, canceled");
  wanted.stage = stage_of(query);
  if (const auto cursor = query.cursor("chunks", 2)) {
    wanted.after = ChunkPlace{.position = cursor->numbers[0],
                              .devices = static_cast<int>(std::min<std::int64_t>(cursor->numbers[1], 1'000))};
  }
  if (query.problem()) return *query.problem();
  const Result<RunRecord> run = run_in_path(store, request);
  if (run.has_error()) return run.error();
  wanted.run = run->id;

  const auto page = store.pages().chunks_page(wanted);
  if (page.has_error()) return page.error();
  PageAnswer answer{request};
  for (const ChunkRow& chunk : page->rows) write_chunk(answer.items(), chunk);
  std::optional<Cursor> next;
  if (page->next) next = Cursor{.list = "chunks", .numbers = {page->next->position, page->next->devices}};
  return answer.finish(next, chunks_in_all(run->chunks, wanted));
}

void write_attempt(JsonText& json, const AttemptRow& attempt) {
  json.begin_object().member("attempt", attempt.id.value).member("number", attempt.number).key("replay_of");
  attempt.replay_of ? json.value(attempt.replay_of->value) : json.null();
  json.member("replay_number", attempt.replay_number);
  write_time(json, "claimed_at", attempt.claimed_at);
  write_time(json, "sent_at", attempt.sent_at);
  json.member("may_have_been_sent", attempt.may_have_been_sent);
  write_time(json, "settled_at", attempt.settled_at);
  json.key("outcome");
  attempt.outcome ? json.value(to_string(*attempt.outcome)) : json.null();
  json.member("http_status", attempt.http_status).member("request_id", attempt.request_id);
  json.member("code", attempt.code).member("message", attempt.message).end_object();
}

Result<ApiAnswer> list_attempts(StoreReader& store, const ApiRequest& request, UtcTime /*now*/) {
  QueryReader query{request};
  AttemptsWanted wanted;
  wanted.limit = query.limit();
  if (const auto cursor = query.cursor("attempts", 1)) wanted.after = AttemptId{cursor->numbers[0]};
  if (query.problem()) return *query.problem();
  const Result<std::int64_t> chunk = number_in_path(request, "chunk");
  if (chunk.has_error()) return chunk.error();
  wanted.chunk = ChunkId{*chunk};

  const auto page = store.pages().attempts_page(wanted);
  if (page.has_error()) return page.error();
  PageAnswer answer{request};
  for (const AttemptRow& attempt : page->rows) write_attempt(answer.items(), attempt);
  std::optional<Cursor> next;
  if (page->next) next = Cursor{.list = "attempts", .numbers = {page->next->value}};
  return answer.finish(next);
}

std::optional<Evidence> evidence_filter_from(std::string_view word) {
  const std::optional<Evidence> evidence = evidence_from(word);
  if (evidence == Evidence::none) return std::nullopt;
  return evidence;
}

/// Absent where the counters do not know: they count what may have arrived as pending.
std::optional<std::int64_t> devices_in_all(const StateCounts& devices, const DevicesWanted& wanted) {
  if (wanted.stage || wanted.code || !wanted.name.empty()) return std::nullopt;
  if (!wanted.filter.state && !wanted.filter.evidence) return total(devices);
  if (wanted.filter.evidence == Evidence::confirmed) return devices.accepted;
  if (wanted.filter.evidence == Evidence::presumed) return devices.presumed;
  if (wanted.filter.state == ChunkState::succeeded) return devices.accepted + devices.presumed;
  if (wanted.filter.state == ChunkState::failed) return devices.failed;
  if (wanted.filter.state == ChunkState::in_doubt) return devices.in_doubt;
  if (wanted.filter.state == ChunkState::canceled) return devices.canceled;
  return std::nullopt;
}

Result<ApiAnswer> list_device_history(StoreReader& store, const ApiRequest& request, UtcTime /*now*/) {
  QueryReader query{request};
  DeviceHistoryWanted wanted;
  wanted.limit = query.limit();
  wanted.tenant = query.text("tenant");
  wanted.device = request.parameter("name");
  if (const auto cursor = query.cursor("history", 2)) {
    wanted.from = DeviceHistoryWanted::Place{RunId{cursor->numbers[0]}, cursor->numbers[1]};
  }
  if (query.problem()) return *query.problem();

  const bool has_owner = store.has_owner();
  PageAnswer answer{request};
  const auto next = store.pages().device_history(wanted, [&](const RunRecord& run, const DeviceResult& row) {
    JsonText& json = answer.items().begin_object();
    json.member("run", run.id.value).member("job", run.job_name).member("tenant", run.tenant);
    json.member("status", status_word(run, has_owner));
    write_time(json, "created_at", run.created_at);
    write_device(json, row, row.settled_at ? to_rfc3339(*row.settled_at) : std::string{});
    json.end_object();
  });
  if (next.has_error()) return next.error();
  std::optional<Cursor> cursor;
  if (*next) cursor = Cursor{.list = "history", .numbers = {(*next)->run.value, (*next)->after}};
  return answer.finish(cursor);
}

void write_code(JsonText& json, const CodeCount& code, const CodeDevices& devices) {
  json.begin_object();
  json.member("code", code.code).member("attempts", code.attempts).member("example", code.example);
  json.member("devices_failed", devices.failed).member("devices_in_doubt", devices.in_doubt);
  json.key("devices").begin_array();
  for (const std::string& name : devices.examples) json.value(name);
  json.end_array().end_object();
}

Result<ApiAnswer> list_codes(StoreReader& store, const ApiRequest& request, UtcTime /*now*/) {
  QueryReader query{request};
  const std::size_t limit = query.limit();
  if (query.problem()) return *query.problem();
  const Result<RunRecord> run = run_in_path(store, request);
  if (run.has_error()) return run.error();
  const auto codes = store.top_codes(run->id, limit);
  if (codes.has_error()) return codes.error();
  const auto devices = store.pages().code_devices(run->id, example_devices);
  if (devices.has_error()) return devices.error();
  PageAnswer answer{request};
  for (const CodeCount& code : *codes) {
    const auto found = std::ranges::find(*devices, code.code, &CodeDevices::code);
    write_code(answer.items(), code, found != devices->end() ? *found : CodeDevices{.code = code.code});
  }
  return answer.finish(std::nullopt);
}

Result<ApiAnswer> show_job_text(StoreReader& store, const ApiRequest& request, UtcTime /*now*/) {
  const Result<RunRecord> run = run_in_path(store, request);
  if (run.has_error()) return run.error();
  const Result<std::string> text = store.job_text(run->id);
  if (text.has_error()) return text.error();
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version).member("run", run->id.value);
  json.member("job", run->job_name).member("job_file", run->origin.job_file);
  json.member("job_revision", run->origin.job_revision).member("text", *text);
  return json_answer(json.end_object().end_document().take());
}

}  // namespace

Result<DevicesWanted> devices_wanted(const ApiRequest& request) {
  QueryReader query{request};
  DevicesWanted wanted;
  wanted.limit = query.limit();
  if (const auto filter = query.word("state", device_filter_from,
                                     "pending, in_flight, accepted, confirmed, presumed, failed, in_doubt, "
                                     "canceled")) {
    wanted.filter = *filter;
  }
  if (const auto evidence = query.word("evidence", evidence_filter_from, "confirmed, presumed"))
    wanted.filter.evidence = *evidence;
  wanted.stage = stage_of(query);
  wanted.code = query.text("code");
  const std::optional<std::string> prefix = query.text("prefix");
  const std::optional<std::string> part = query.text("search");
  if (prefix && part) {
    return Error{ErrorKind::usage, "prefix and search exclude each other", "Give one of them."};
  }
  wanted.name = prefix ? *prefix : part.value_or("");
  wanted.match = part ? NameMatch::part : NameMatch::prefix;
  if (const auto position = query.number("position", 0, std::numeric_limits<std::int64_t>::max()))
    wanted.after = *position;
  if (const auto cursor = query.cursor("devices", 1)) wanted.after = cursor->numbers[0];
  if (query.problem()) return *query.problem();
  return wanted;
}

Result<ApiAnswer> list_devices(StoreReader& store, const ApiRequest& request, UtcTime /*now*/) {
  Result<DevicesWanted> wanted = devices_wanted(request);
  if (wanted.has_error()) return wanted.error();
  const Result<RunRecord> run = run_in_path(store, request);
  if (run.has_error()) return run.error();
  wanted->run = run->id;

  PageAnswer answer{request};
  const auto next = store.pages().devices_page(*wanted, [&answer](const DeviceResult& row) {
    answer.items().begin_object();
    write_device(answer.items(), row, row.settled_at ? to_rfc3339(*row.settled_at) : std::string{});
    answer.items().end_object();
  });
  if (next.has_error()) return next.error();
  std::optional<Cursor> cursor;
  if (*next) cursor = Cursor{.list = "devices", .numbers = {**next}};
  return answer.finish(cursor, devices_in_all(run->devices, *wanted));
}

std::vector<std::string> device_query_keys() {
  return {"state", "evidence", "stage", "code", "prefix", "search", "position", "limit", "cursor"};
}

std::vector<Resource> run_resources() {
  return {
      {"/api/v1/runs", "listRuns", {"status", "tenant", "job", "schedule", "limit", "cursor"}, list_runs},
      {"/api/v1/runs/{run}/chunks", "listChunks", {"state", "stage", "limit", "cursor"}, list_chunks},
      {"/api/v1/chunks/{chunk}/attempts", "listAttempts", {"limit", "cursor"}, list_attempts},
      {"/api/v1/devices/{name}", "listDeviceHistory", {"tenant", "limit", "cursor"}, list_device_history},
      {"/api/v1/runs/{run}/codes", "listCodes", {"limit"}, list_codes},
      {"/api/v1/runs/{run}/job", "getJobText", {}, show_job_text},
  };
}

}  // namespace sluice
