// SPDX-License-Identifier: MIT
#include "app/schedule_routes.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <filesystem>
#include <optional>
#include <span>
#include <utility>

#include "app/daemon.hpp"
#include "app/folder_reading.hpp"
#include "app/posted_job.hpp"
#include "app/prepared_job.hpp"
#include "app/scheduled_devices.hpp"
#include "app/scheduled_runs.hpp"
#include "app/system_now.hpp"
#include "http_api/api_reason.hpp"
#include "http_api/body_reader.hpp"
#include "http_api/order_source.hpp"
#include "jobfile/utf8.hpp"

namespace sluice {
namespace {

namespace asio = boost::asio;
using Key = std::string_view;

constexpr std::array<Key, 3> add_keys{"job", "name", "folder"};
constexpr std::array<Key, 1> reason_keys{"reason"};
constexpr std::array<Key, 3> backfill_keys{"from", "to", "max"};
constexpr std::int64_t backfill_max = 1'000'000;

bool is_any_text(std::string_view) { return true; }
bool is_instant(std::string_view text) { return from_iso_seconds(text).has_value(); }
bool is_folder(std::string_view text) {
  return is_readable(text) && std::filesystem::path{text}.is_absolute();
}

ScheduleCommand read_add(const ObjectReader& reader) {
  reader.require("job", "the job's text");
  ScheduleCommand command;
  command.verb = ScheduleVerb::add;
  command.job_text = reader.text("job", is_any_text, "the job's text").value_or("");
  command.name = reader.text("name", is_readable, "a schedule's name").value_or("");
  command.folder = reader.text("folder", is_folder, "an absolute path").value_or("");
  return command;
}

UtcTime instant_in(const ObjectReader& reader, Key key) {
  reader.require(key, "a time in UTC, such as 2026-05-01T00:00:00Z");
  const std::optional<std::string> text =
      reader.text(key, is_instant, "a time in UTC, such as 2026-05-01T00:00:00Z");
  return text ? from_iso_seconds(*text).value_or(UtcTime{}) : UtcTime{};
}

ScheduleCommand read_backfill(const ObjectReader& reader) {
  return {.verb = ScheduleVerb::backfill,
          .name = {},
          .job_text = {},
          .folder = {},
          .reason = {},
          .from = instant_in(reader, "from"),
          .to = instant_in(reader, "to"),
          .max = reader.whole_number("max", 1, backfill_max).value_or(1)};
}

Result<ScheduleCommand> read_command(const ApiRequest& request, ScheduleVerb verb) {
  if (verb == ScheduleVerb::add) return read_body(request, {add_keys, {}}, read_add);
  if (verb == ScheduleVerb::backfill) return read_body(request, {backfill_keys, {}}, read_backfill);
  if (verb == ScheduleVerb::trigger) {
    return read_body(request, {std::span<const Key>{}, {}}, [](const ObjectReader&) {
      ScheduleCommand command;
      command.verb = ScheduleVerb::trigger;
      return command;
    });
  }
  return read_body(request, {reason_keys, {}}, [verb](const ObjectReader& reader) {
    ScheduleCommand command;
    command.verb = verb;
    command.reason = reader.text("reason", is_fit_reason, "at most 500 bytes of readable text").value_or("");
    return command;
  });
}

Result<void> check_paths(const Job& job, const ScheduleCommand& command, const ApiClient& client) {
  const bool is_local = client.kind == ApiClient::Kind::unix_user;
  if (!command.folder.empty() && !is_local) {
    return Error{ErrorKind::refused, "\"folder\" is for users of the daemon's machine, over its unix socket",
                 "Leave it out, and write the devices into the job."};
  }
  if (!command.folder.empty()) return {};
  if (job.targets.devices_file.empty() && job.targets.exclude_file.empty()) return {};
  return Error{ErrorKind::invalid_input, "job: targets: a job that comes over the API cannot name files",
               "Write the devices into the job, or put it into the daemon's folder of job files."};
}

/// What can be known now of the runs that will come. Blocking.
Result<void> check_added(const ScheduleCommand& command, const ApiClient& client) {
  const SendOptions send = options_for(command.folder, "job");
  const Result<JobAndText> loaded = job_from(command.job_text, send);
  if (loaded.has_error()) return loaded.error();
  const Result<void> paths = check_paths(loaded->job, command, client);
  if (paths.has_error()) return paths;
  const Result<void> commands = check_commands(loaded->job, client);
  if (commands.has_error()) return commands;
  return check_scheduled_devices(send, *loaded);
}

int status_of(const ScheduleAnswer& answer) {
  const bool makes_runs = answer.action == "trigger" || answer.action == "backfill";
  if (makes_runs) return 202;
  return answer.action == "add" ? 201 : 200;
}

std::string place_of(const ScheduleAnswer& answer) {
  if (answer.run) return fmt::format("/api/v1/runs/{}", *answer.run);
  return "/api/v1/schedules/" + boost::urls::encode(answer.name, boost::urls::unreserved_chars);
}

ApiAnswer told(const ScheduleAnswer& answer) {
  ApiAnswer told{.status = status_of(answer), .body = schedule_answer_json(answer)};
  if (told.status != 200) told.headers.emplace_back("Location", place_of(answer));
  return told;
}

struct ScheduleGround {
  Daemon& daemon;
  ScheduledRuns& schedules;
};

asio::awaitable<ApiAnswer> answer_to(ScheduleGround ground, ScheduleVerb verb, ApiRequest request) {
  Result<ScheduleCommand> command = read_command(request, verb);
  if (command.has_error()) co_return refused(command.error());
  if (verb == ScheduleVerb::add) {
    auto check = [&](Store&) { return check_added(*command, request.client); };
    const Result<void> checked = co_await ground.daemon.on_worker(std::move(check));
    if (checked.has_error()) co_return refused(checked.error());
  } else {
    command->name = request.parameter("name");
  }
  auto work = [&, now = system_now()](Store& store) {
    const OrderOrigin origin{store.audit_log(), source_of(request)};
    return carry_out_schedule(store, *command, request.client.name, now);
  };
  Result<ScheduleDone> done = co_await ground.daemon.store().call(std::move(work));
  if (done.has_error()) co_return refused(done.error());
  for (std::size_t tick = 0; tick < done->retired_ticks; ++tick)
    ground.daemon.metrics().tick_decided("skipped", "retired");
  if (done->started) {
    StartedTick tick = std::move(*done->started);
    const Result<RunId> run = co_await ground.schedules.submit_now(std::move(tick));
    if (run.has_error()) co_return refused(run.error());
    done->answer.run = run->value;
  }
  ground.schedules.wake();
  co_return told(done->answer);
}

std::string path_of(const ScheduleCommand& command) {
  if (command.verb == ScheduleVerb::add) return "/api/v1/schedules";
  return fmt::format("/api/v1/schedules/{}:{}",
                     boost::urls::encode(command.name, boost::urls::unreserved_chars),
                     to_string(command.verb));
}

boost::json::object body_of(const ScheduleCommand& command) {
  boost::json::object body;
  if (command.verb == ScheduleVerb::add) {
    body["job"] = command.job_text;
    if (!command.name.empty()) body["name"] = command.name;
    if (!command.folder.empty()) body["folder"] = command.folder;
  }
  if (command.verb == ScheduleVerb::backfill) {
    body["from"] = to_iso_seconds(command.from);
    body["to"] = to_iso_seconds(command.to);
    body["max"] = command.max;
  }
  if (!command.reason.empty()) body["reason"] = command.reason;
  return body;
}

}  // namespace

std::vector<Route> schedule_routes(Daemon& daemon, ScheduledRuns& schedules) {
  const auto row = [&](std::string method, std::string pattern, ScheduleVerb verb, std::string operation) {
    const bool has_body = method == "POST";
    return Route{.method = std::move(method),
                 .pattern = "/api/v1/schedules" + std::move(pattern),
                 .scope = ApiScope::operate,
                 .operation = std::move(operation),
                 .handler = [ground = ScheduleGround{daemon, schedules}, verb](
                                ApiRequest request) { return answer_to(ground, verb, std::move(request)); },
                 .body = has_body ? ApiBody::json : ApiBody::none,
                 .takes_key = has_body};
  };
  return {row("POST", "", ScheduleVerb::add, "addSchedule"),
          row("POST", "/{name}:pause", ScheduleVerb::pause, "pauseSchedule"),
          row("POST", "/{name}:resume", ScheduleVerb::resume, "resumeSchedule"),
          row("POST", "/{name}:remove", ScheduleVerb::remove, "removeSchedule"),
          row("POST", "/{name}:trigger", ScheduleVerb::trigger, "triggerSchedule"),
          row("POST", "/{name}:backfill", ScheduleVerb::backfill, "backfillSchedule"),
          row("DELETE", "/{name}", ScheduleVerb::remove, "deleteSchedule")};
}

ApiRequest request_for(const ScheduleCommand& command) {
  return {.method = "POST",
          .target = path_of(command),
          .path = {},
          .query = {},
          .headers = {},
          .client = {},
          .body = boost::json::serialize(body_of(command)),
          .upload = {}};
}

}  // namespace sluice
