// SPDX-License-Identifier: MIT
#include "app/control_answer.hpp"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "app/display_text.hpp"
#include "app/run_report.hpp"
#include "http_api/json_text.hpp"
#include "sluice/core/run_rules.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

namespace json = boost::json;

constexpr std::string_view stop = "stop";
constexpr std::string_view approve = "approve";
constexpr std::string_view rate = "rate";

void write_devices(JsonText& text, const StateCounts& devices) {
  text.key("devices").begin_object().member("total", total(devices));
  text.member("accepted", devices.accepted).member("presumed", devices.presumed);
  text.member("failed", devices.failed).member("in_doubt", devices.in_doubt);
  text.member("canceled", devices.canceled).member("pending", devices.pending);
  text.member("in_flight", devices.in_flight).end_object();
}

void write_run(JsonText& text, const ControlledRun& run) {
  text.member("run", run.run.value).member("changed", run.is_changed).key("status");
  if (run.status.empty()) {
    text.null().key("requests_in_flight").null().key("devices").null();
    return;
  }
  text.value(run.status).member("requests_in_flight", run.requests_in_flight);
  write_devices(text, run.devices);
}

void write_runs(JsonText& text, const std::vector<ControlledRun>& runs) {
  text.key("runs").begin_array();
  for (const ControlledRun& run : runs) {
    text.begin_object();
    write_run(text, run);
    text.end_object();
  }
  text.end_array();
}

void write_approval(JsonText& text, const ApprovedStage& approved) {
  text.member("run", approved.run.value).member("changed", approved.is_changed);
  text.member("stage", approved.number).member("stage_name", approved.name);
  text.member("past_gate", approved.is_past_gate);
}

void write_rate(JsonText& text, const OrderedRate& order) {
  text.member("tenant", order.tenant).member("rate", order.rate).member("until", order.until);
}

ApprovedStage approval_from(const json::object& object) {
  return {.run = RunId{object.at("run").as_int64()},
          .number = static_cast<int>(object.at("stage").as_int64()),
          .name = std::string{object.at("stage_name").as_string()},
          .is_past_gate = object.at("past_gate").as_bool(),
          .is_changed = object.at("changed").as_bool()};
}

OrderedRate rate_from(const json::object& object) {
  return {.tenant = std::string{object.at("tenant").as_string()},
          .rate = object.at("rate").to_number<double>(),
          .until = std::string{object.at("until").as_string()}};
}

StateCounts devices_from(const json::object& object) {
  const auto count = [&object](std::string_view name) { return object.at(name).as_int64(); };
  return {.pending = count("pending"),
          .in_flight = count("in_flight"),
          .accepted = count("accepted"),
          .presumed = count("presumed"),
          .failed = count("failed"),
          .in_doubt = count("in_doubt"),
          .canceled = count("canceled")};
}

ControlledRun run_from(const json::object& object) {
  ControlledRun run{.run = RunId{object.at("run").as_int64()}, .is_changed = object.at("changed").as_bool()};
  if (object.at("status").is_null()) return run;
  run.status = std::string{object.at("status").as_string()};
  run.requests_in_flight = object.at("requests_in_flight").as_int64();
  run.devices = devices_from(object.at("devices").as_object());
  return run;
}

ControlAnswer answer_from(const json::object& object) {
  ControlAnswer answer{.action = std::string{object.at("action").as_string()},
                       .is_recorded = object.at("recorded").as_bool(),
                       .actor = std::string{object.at("actor").as_string()},
                       .process = object.at("process").is_null() ? 0 : object.at("process").as_int64(),
                       .runs = {}};
  if (answer.action == approve) {
    answer.approved = approval_from(object);
  } else if (answer.action == rate) {
    answer.rate = rate_from(object);
  } else if (answer.action == stop) {
    for (const json::value& run : object.at("runs").as_array())
      answer.runs.push_back(run_from(run.as_object()));
  } else {
    answer.runs.push_back(run_from(object));
  }
  return answer;
}

std::string in_flight_text(const ControlledRun& run) {
  if (run.requests_in_flight == 0) return "nothing is in flight";
  return fmt::format("{} in {} in flight", counted(run.devices.in_flight, "device"),
                     counted(run.requests_in_flight, "request"));
}

std::string paused_text(const ControlledRun& run, std::string_view store_option) {
  return fmt::format("run {} {}: {}, {} not sent\n  next: sluice resume {}{}\n", run.run.value,
                     run.is_changed ? "is paused" : "is already paused", in_flight_text(run),
                     counted(run.devices.pending, "device"), run.run.value, store_option);
}

std::string canceled_text(const ControlledRun& run, std::string_view store_option) {
  const StateCounts& devices = run.devices;
  return fmt::format(
      "run {} {}\n"
      "  cannot be recalled: accepted {}, presumed {}, in doubt {}, in flight {}\n"
      "  not sent: {}\n"
      "  next: sluice status {}{}\n",
      run.run.value, run.is_changed ? "is canceled" : "is already canceled", grouped(devices.accepted),
      grouped(devices.presumed), grouped(devices.in_doubt), grouped(devices.in_flight),
      counted(devices.canceled + devices.pending, "device"), run.run.value, store_option);
}

std::string resumed_text(const ControlledRun& run, std::int64_t process) {
  return fmt::format("run {} {} by process {}\n", run.run.value,
                     run.is_changed ? "goes on, sent" : "is already being sent", process);
}

std::string unrecorded_text(const ControlledRun& run) {
  return fmt::format(
      "run {}: nothing more is sent; another program holds the store, and the record follows as soon as that "
      "lets go\n",
      run.run.value);
}

std::string approved_text(const ApprovedStage& stage, std::string_view store_option) {
  return fmt::format(
      "stage {} ({}) of run {} {}{}\n  next: sluice status {}{}\n", stage.number, printable(stage.name, 256),
      stage.run.value, stage.is_changed ? "is approved" : "was approved already",
      stage.is_past_gate ? ", whatever the gate before it says" : "", stage.run.value, store_option);
}

std::string rate_set_text(const OrderedRate& order, std::int64_t process) {
  return fmt::format("tenant {}: at most {} requests a second until {}{}\n", printable(order.tenant, 256),
                     rate_text(order.rate), printable(order.until, 64),
                     process > 0 ? fmt::format(", heeded by process {}", process) : std::string{});
}

std::string run_text(const ControlAnswer& answer, const ControlledRun& run, std::string_view store_option) {
  if (run.status.empty()) return unrecorded_text(run);
  if (answer.action == "cancel") return canceled_text(run, store_option);
  if (answer.action == "resume") return resumed_text(run, answer.process);
  return paused_text(run, store_option);
}

}  // namespace

ControlledRun controlled(const RunRecord& run, bool is_changed) {
  // As long as answers are awaited a canceled run counts as running; whoever cancels it asks for another
  // word.
  const RunStatus status = run.control == RunControl::canceled ? RunStatus::canceled : status_of(run);
  return {.run = run.id,
          .is_changed = is_changed,
          .status = std::string{to_string(status)},
          .devices = run.devices,
          .requests_in_flight = run.chunks.in_flight};
}

std::string control_json(const ControlAnswer& answer) {
  JsonText text;
  text.begin_object().member("schema_version", json_schema_version).member("action", answer.action);
  text.member("recorded", answer.is_recorded).member("actor", answer.actor).key("process");
  answer.process > 0 ? text.value(answer.process) : text.null();
  if (answer.action == stop) write_runs(text, answer.runs);
  if (answer.approved) write_approval(text, *answer.approved);
  if (answer.rate) write_rate(text, *answer.rate);
  if (answer.action != stop) {
    for (const ControlledRun& run : answer.runs) write_run(text, run);
  }
  return text.end_object().end_document().take();
}

Result<ControlAnswer> control_answer_from(std::string_view text) {
  try {
    return answer_from(json::parse(text).as_object());
  } catch (const std::exception&) {
    return Error{ErrorKind::unexpected,
                 "the process that sends the run gave an answer that cannot be read: " + printable(text, 128),
                 "It may be another version of sluice: see `sluice version`."};
  }
}

std::string control_text(const ControlAnswer& answer, std::string_view store_file) {
  const std::string store_option = option_text("--store", store_file);
  if (answer.approved) return approved_text(*answer.approved, store_option);
  if (answer.rate) return rate_set_text(*answer.rate, answer.process);
  if (answer.runs.empty()) return "nothing to stop: no run is unfinished\n";
  std::string text;
  for (const ControlledRun& run : answer.runs) text += run_text(answer, run, store_option);
  return text;
}

}  // namespace sluice
