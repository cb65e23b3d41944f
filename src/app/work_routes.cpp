// SPDX-License-Identifier: MIT
#include "app/work_routes.hpp"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "app/again_rules.hpp"
#include "app/daemon.hpp"
#include "app/doubt_report.hpp"
#include "app/queued_job.hpp"
#include "app/resumed_run.hpp"
#include "app/submitted_report.hpp"
#include "app/system_now.hpp"
#include "http_api/api_reason.hpp"
#include "http_api/body_reader.hpp"
#include "http_api/order_source.hpp"
#include "sluice/core/doubt_rules.hpp"
#include "sluice/engine/run_control.hpp"
#include "sluice/engine/tenant_limits.hpp"

namespace sluice {
namespace {

namespace asio = boost::asio;
using Key = std::string_view;

constexpr std::array<Key, 5> again_names{"failed", "not_sent", "in_doubt", "where", "expect_devices"};
constexpr std::array<Key, 1> undo_names{"expect_devices"};
constexpr std::array<Key, 3> doubt_names{"reason", "chunks", "expect_devices"};
constexpr std::int64_t devices_max = 1'000'000'000'000;

struct WorkGround {
  Daemon& daemon;
  Environment environment;
  FindDeviceList find_list;
};
using Ground = std::shared_ptr<const WorkGround>;

bool is_any_text(std::string_view) { return true; }

ApiAnswer made(RunId run, std::string document) {
  return {.status = 202,
          .body = std::move(document),
          .headers = {{"Location", fmt::format("/api/v1/runs/{}", run.value)}}};
}

struct Queued {
  Submitted submitted;
  std::string tenant;
};

Result<Queued> queue_posted(Store& store, const PostedJob& posted, const Config& config,
                            const Environment& environment, const ApiRequest& asked) {
  const OrderOrigin origin{store.audit_log(), source_of(asked)};
  Result<PreparedJob> prepared = prepare_job_text(posted.text, posted.send, config, environment);
  if (prepared.has_error()) return prepared.error();
  const Result<void> given = give_devices(prepared->job, posted);
  if (given.has_error()) return given.error();
  const Result<void> may = check_commands(prepared->job, asked.client);
  if (may.has_error()) return may.error();
  SubmitRequest request = submit_request(*prepared, posted.send);
  request.submitter = asked.client.name;
  const Result<Submitted> submitted = queue_job(store, *prepared, posted.send, std::move(request),
                                                without_asking(prepared->job, posted.send));
  if (submitted.has_error()) return submitted.error();
  return Queued{*submitted, prepared->setup.name};
}

asio::awaitable<ApiAnswer> submit_posted(Ground ground, ApiRequest request) {
  const Result<PostedJob> posted = posted_job(request, ground->find_list);
  if (posted.has_error()) co_return refused(posted.error());
  auto work = [&, config = ground->daemon.config()](Store& store) {
    return queue_posted(store, *posted, *config, ground->environment, request);
  };
  const Result<Queued> queued = co_await ground->daemon.on_worker(std::move(work));
  if (queued.has_error()) co_return refused(queued.error());
  ground->daemon.look_for_work(queued->tenant);
  co_return made(queued->submitted.run, submitted_json(queued->submitted));
}

struct PostedAgain {
  AgainSelection selection;
  std::string where;
  std::optional<std::int64_t> expected_devices;
};

PostedAgain read_retry(const ObjectReader& reader) {
  AgainSelection selection{.failed = reader.boolean("failed").value_or(false),
                           .not_sent = reader.boolean("not_sent").value_or(false),
                           .in_doubt = reader.boolean("in_doubt").value_or(false),
                           .where = {}};
  if (!selection.failed && !selection.not_sent && !selection.in_doubt)
    selection.failed = selection.not_sent = true;
  return {std::move(selection),
          reader.text("where", is_any_text, "a condition over the columns of results").value_or(""),
          reader.whole_number("expect_devices", 1, devices_max)};
}

PostedAgain read_undo(const ObjectReader& reader) {
  return {{.in_doubt = true, .accepted = true, .where = {}},
          {},
          reader.whole_number("expect_devices", 1, devices_max)};
}

struct QueuedAgain {
  AgainSurvey survey;
  Result<RunId> run;  ///< fails: the number of devices is not what the client has said, or he has said none
};

Result<void> check_limits_again(Store& store, const AgainSurvey& survey, const WorkGround& ground,
                                UtcTime now) {
  const Result<TenantSetup> setup =
      setup_of(survey.parent, survey.job, {}, *ground.daemon.config(), ground.environment);
  if (setup.has_error()) return setup.error();
  return check_limits(store, setup->name, setup->limits, survey.total(), now);
}

Result<QueuedAgain> queue_again(Store& store, const AgainRequest& request, std::string_view verb,
                                std::optional<std::int64_t> expected, const WorkGround& ground) {
  Result<AgainSurvey> survey = survey_again(store, request);
  if (survey.has_error()) return survey.error();
  const Result<void> allowed = check_limits_again(store, *survey, ground, request.now);
  if (allowed.has_error()) return allowed.error();
  const std::string how = fmt::format("\"expect_devices\": {}", survey->total());
  const Result<void> meant = check_again(*survey, verb, expected, expected.has_value(), how);
  if (meant.has_error()) return QueuedAgain{std::move(*survey), meant.error()};
  if (!expected && reaches_many(*survey)) {
    Error unsaid{ErrorKind::refused,
                 fmt::format("the {} would reach {} devices at once, and nobody has said that it should",
                             verb, survey->total()),
                 "Say how many there are: " + how};
    return QueuedAgain{std::move(*survey), std::move(unsaid)};
  }
  const Result<RunId> run = submit_again(store, request, *survey);
  if (run.has_error()) return run.error();
  return QueuedAgain{std::move(*survey), *run};
}

asio::awaitable<ApiAnswer> send_again(Ground ground, RunPurpose purpose, ApiRequest request) {
  const bool is_undo = purpose == RunPurpose::undo;
  const Result<std::int64_t> parent = number_in_path(request, "run");
  if (parent.has_error()) co_return refused(parent.error());
  const Result<PostedAgain> posted = is_undo ? read_body(request, {undo_names, {}}, read_undo)
                                             : read_body(request, {again_names, {}}, read_retry);
  if (posted.has_error()) co_return refused(posted.error());
  if (!is_undo && posted->selection.in_doubt && request.client.scope < ApiScope::admin) {
    co_return refused(403,
                      Error{ErrorKind::refused, "to send to devices in doubt once more takes scope admin",
                            "Leave \"in_doubt\" out, or ask somebody who may."});
  }
  auto where = condition_on_results(posted->where);
  if (where.has_error())
    co_return refused(Error{ErrorKind::invalid_input, where.error().message, where.error().hint});
  AgainRequest again{.parent = RunId{*parent},
                     .purpose = purpose,
                     .selection = posted->selection,
                     .now = system_now(),
                     .submitter = request.client.name};
  again.selection.where = std::move(*where);
  auto work = [&](Store& store) {
    const OrderOrigin origin{store.audit_log(), source_of(request)};
    return queue_again(store, again, to_string(purpose), posted->expected_devices, *ground);
  };
  const Result<QueuedAgain> queued = co_await ground->daemon.on_worker(std::move(work));
  if (queued.has_error()) co_return refused(queued.error());
  if (queued->run.has_error()) co_return refused_for_number(queued->run.error(), queued->survey.total());
  ground->daemon.look_for_work(queued->survey.parent.tenant);
  co_return made(*queued->run, queued_again_json(*queued->run, queued->survey));
}

DoubtDecision read_decision(const ObjectReader& reader) {
  reader.require("reason", "why it is decided so");
  DoubtDecision decision{
      .run = {},
      .expected_devices = reader.whole_number("expect_devices", 1, devices_max),
      .reason = reader.text("reason", is_fit_reason, "at most 500 bytes of readable text").value_or("")};
  if (const JsonValue* chunks =
          reader.of_kind("chunks", JsonValue::Kind::array, "a list of chunks' numbers")) {
    for (const JsonValue& chunk : chunks->elements) {
      const auto number =
          reader.whole_number_of(chunk, "chunks", 1, std::numeric_limits<std::int64_t>::max());
      if (number) decision.chunks.insert(ChunkId{*number});
    }
  }
  return decision;
}

struct Decided {
  DoubtResolved resolved;
  std::string tenant;
};

asio::awaitable<ApiAnswer> decide_doubt(Ground ground, DoubtVerdict verdict, ApiRequest request) {
  const Result<std::int64_t> run = number_in_path(request, "run");
  if (run.has_error()) co_return refused(run.error());
  Result<DoubtDecision> decision = read_body(request, {doubt_names, {}}, read_decision);
  if (decision.has_error()) co_return refused(decision.error());
  decision->run = RunId{*run};
  decision->verdict = verdict;
  decision->actor = request.client.name;
  decision->now = system_now();
  auto work = [&](Store& store) -> Result<Decided> {
    const Result<RunRecord> record = known_run(store, decision->run);
    if (record.has_error()) return record.error();
    const OrderOrigin origin{store.audit_log(), source_of(request)};
    const Result<DoubtResolved> resolved = store.resolve_doubt(*decision);
    if (resolved.has_error()) return resolved.error();
    return Decided{*resolved, record->tenant};
  };
  const Result<Decided> decided = co_await ground->daemon.store().call(std::move(work));
  if (decided.has_error()) co_return refused(decided.error());
  ground->daemon.look_for_work(decided->tenant);
  ground->daemon.look_again();
  const std::string next = command_after(*decision, {}, /*has_daemon=*/true);
  co_return ApiAnswer{.body = resolved_json(*decision, decided->resolved, next)};
}

Route post(std::string pattern, ApiScope scope, std::string operation, ApiHandler handler) {
  return {.method = "POST",
          .pattern = std::move(pattern),
          .scope = scope,
          .operation = std::move(operation),
          .handler = std::move(handler),
          .body = ApiBody::json,
          .takes_key = true};
}

}  // namespace

std::vector<Route> work_routes(Daemon& daemon, Environment environment, FindDeviceList find_list) {
  const Ground ground =
      std::make_shared<const WorkGround>(WorkGround{daemon, std::move(environment), std::move(find_list)});
  const auto again = [ground](RunPurpose purpose) {
    return [ground, purpose](ApiRequest request) { return send_again(ground, purpose, std::move(request)); };
  };
  const auto decide = [ground](DoubtVerdict verdict) {
    return
        [ground, verdict](ApiRequest request) { return decide_doubt(ground, verdict, std::move(request)); };
  };
  return {
      post("/api/v1/runs", ApiScope::operate, "submitRun",
           [ground](ApiRequest request) { return submit_posted(ground, std::move(request)); }),
      post("/api/v1/runs/{run}:retry", ApiScope::operate, "retryRun", again(RunPurpose::retry)),
      post("/api/v1/runs/{run}:undo", ApiScope::operate, "undoRun", again(RunPurpose::undo)),
      post("/api/v1/runs/{run}/doubts:accept", ApiScope::operate, "acceptDoubts",
           decide(DoubtVerdict::accept)),
      post("/api/v1/runs/{run}/doubts:resend", ApiScope::admin, "resendDoubts", decide(DoubtVerdict::resend)),
  };
}

}  // namespace sluice
