// SPDX-License-Identifier: MIT
#include "http_api/api_routes.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <charconv>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "http_api/api_reason.hpp"
#include "jobfile/object_reader.hpp"
#include "jobfile/utf8.hpp"
#include "sluice/jobfile/device_name.hpp"
#include "sluice/jobfile/job_file.hpp"
#include "sluice/jobfile/json_document.hpp"

namespace sluice {
namespace {

using Command = Result<ApiCommand>;
using Key = std::string_view;

constexpr std::size_t name_bytes_max = 256;
constexpr JsonLimits body_limits{.bytes_max = std::size_t{64} * 1024, .depth_max = 4};

constexpr std::array<Key, 1> reason_keys{"reason"};
constexpr std::array<Key, 2> stage_keys{"stage", "past_gate"};
constexpr std::array<Key, 2> rate_keys{"rate", "for"};

/// "7:pause": the thing, and what is to be done with it. A tenant's name may have a colon in it.
struct Action {
  std::string on;
  std::string verb;
};

Action action_of(const std::string& segment) {
  const std::size_t colon = segment.rfind(':');
  if (colon == segment.npos) return {segment, {}};
  return {segment.substr(0, colon), segment.substr(colon + 1)};
}

Error nothing_there(std::string_view target) {
  return {ErrorKind::not_found, fmt::format("the API has nothing at {}", printable(target, 128)),
          "There are POST /api/v1/runs/ID:pause, :resume, :cancel and :approve, /api/v1/stop and "
          "/api/v1/tenants/NAME:rate."};
}

std::optional<RunId> run_of(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc{} || end != text.data() + text.size() || number < 1) return std::nullopt;
  return RunId{number};
}

std::optional<ControlVerb> control_verb_of(std::string_view word) {
  for (const ControlVerb verb : {ControlVerb::pause, ControlVerb::resume, ControlVerb::cancel}) {
    if (word == to_string(verb)) return verb;
  }
  return std::nullopt;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= name_bytes_max && is_readable(text);
}

/// Reads the body's members; what does not fit is an error that says where.
template <class Read>
Command with_body(const ApiRequest& request, const ObjectKeys& keys, Read read) {
  const bool is_missing = request.body.find_first_not_of(" \t\r\n") == request.body.npos;
  const Result<JsonDocument> body =
      JsonDocument::parse("request body", is_missing ? "{}" : request.body, body_limits);
  if (body.has_error()) return body.error();
  Findings findings{*body};
  if (body->root().kind != JsonValue::Kind::object) {
    findings.add(body->root().begin, "", "expected an object");
  } else {
    const ObjectReader reader{body->root(), "", keys, findings};
    ApiCommand command = read(reader);
    if (findings.empty()) return command;
  }
  Error error = findings.to_error();
  error.hint = "Correct the request's body.";
  return error;
}

std::string reason_in(const ObjectReader& reader) {
  return reader.text("reason", is_fit_reason, "at most 500 bytes of readable text").value_or("");
}

Command command_on_run(const ApiRequest& request, RunId run, std::string_view verb) {
  if (const std::optional<ControlVerb> control = control_verb_of(verb)) {
    return with_body(request, {reason_keys, {}}, [&](const ObjectReader& reader) -> ApiCommand {
      return ControlRunCommand{*control, run, reason_in(reader)};
    });
  }
  if (verb != "approve") return nothing_there(request.target);
  return with_body(request, {stage_keys, {}}, [&](const ObjectReader& reader) -> ApiCommand {
    return ApproveCommand{run, reader.text("stage", is_name, "a stage's name").value_or(""),
                          reader.boolean("past_gate").value_or(false)};
  });
}

Command command_on_tenant(const ApiRequest& request, const Action& action) {
  if (action.verb != "rate" || !is_name(action.on)) return nothing_there(request.target);
  return with_body(request, {rate_keys, {}}, [&](const ObjectReader& reader) -> ApiCommand {
    reader.require("rate", "the requests per second");
    reader.require("for", "for how long, such as 1h");
    const std::optional<double> rate = reader.number("rate", rate_min, rate_max);
    const std::optional<std::chrono::milliseconds> valid_for = reader.duration("for");
    return SetRateCommand{action.on, rate.value_or(0), valid_for.value_or(std::chrono::milliseconds{0})};
  });
}

Command routed(const ApiRequest& request) {
  const auto target = boost::urls::parse_origin_form(request.target);
  if (target.has_error() || target->has_query()) return nothing_there(request.target);
  std::vector<std::string> path;
  for (const std::string& segment : target->segments()) path.push_back(segment);
  const bool is_ours = path.size() >= 3 && path[0] == "api" && path[1] == "v1";
  if (is_ours && path.size() == 3 && path[2] == "stop") {
    return with_body(request, {reason_keys, {}},
                     [](const ObjectReader& reader) -> ApiCommand { return StopCommand{reason_in(reader)}; });
  }
  if (!is_ours || path.size() != 4) return nothing_there(request.target);
  const Action action = action_of(path[3]);
  if (path[2] == "tenants") return command_on_tenant(request, action);
  const std::optional<RunId> run = run_of(action.on);
  if (path[2] != "runs" || !run) return nothing_there(request.target);
  return command_on_run(request, *run, action.verb);
}

/// As parse_duration() reads it: each unit has its own limit of digits.
std::string duration_text_of(std::chrono::milliseconds duration) {
  using namespace std::chrono;
  if (duration % seconds{1} != milliseconds{0}) return fmt::format("{}ms", duration.count());
  const auto whole = duration_cast<seconds>(duration);
  if (whole % hours{24} == seconds{0}) return fmt::format("{}d", whole / hours{24});
  if (whole % minutes{1} == seconds{0}) return fmt::format("{}m", whole / minutes{1});
  return fmt::format("{}s", whole.count());
}

/// The request that a command is written as.
struct Writer {
  boost::json::object body;

  std::string operator()(const ControlRunCommand& command) {
    if (!command.reason.empty()) body["reason"] = command.reason;
    return fmt::format("runs/{}:{}", command.run.value, to_string(command.verb));
  }
  std::string operator()(const StopCommand& command) {
    if (!command.reason.empty()) body["reason"] = command.reason;
    return "stop";
  }
  std::string operator()(const ApproveCommand& command) {
    if (!command.stage.empty()) body["stage"] = command.stage;
    if (command.is_past_gate) body["past_gate"] = true;
    return fmt::format("runs/{}:approve", command.run.value);
  }
  std::string operator()(const SetRateCommand& command) {
    body["rate"] = command.rate;
    body["for"] = duration_text_of(command.valid_for);
    return fmt::format("tenants/{}:rate", boost::urls::encode(command.tenant, boost::urls::unreserved_chars));
  }
};

}  // namespace

std::variant<ApiCommand, ApiRefusal> command_of(const ApiRequest& request) {
  Command command = routed(request);
  if (command.has_error()) return ApiRefusal{http_status_of(command.error().kind), command.error()};
  if (request.method != "POST") {
    return ApiRefusal{
        405,
        {ErrorKind::usage,
         fmt::format("{} takes no {}", printable(request.target, 128), printable(request.method, 32)),
         "Use POST."}};
  }
  return std::move(*command);
}

ApiRequest request_for(const ApiCommand& command) {
  Writer writer;
  std::string target = "/api/v1/" + std::visit(writer, command);
  return {.method = "POST", .target = std::move(target), .body = boost::json::serialize(writer.body)};
}

}  // namespace sluice
