// SPDX-License-Identifier: MIT
#include "http_api/api_routes.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

#include "http_api/api_reason.hpp"
#include "http_api/body_reader.hpp"
#include "jobfile/duration_text.hpp"
#include "jobfile/utf8.hpp"
#include "sluice/jobfile/job_file.hpp"

namespace sluice {
namespace {

using Command = Result<ApiCommand>;
using Key = std::string_view;
using CarryOut = std::function<boost::asio::awaitable<ApiAnswer>(ApiCommand, ApiClient)>;

constexpr std::size_t name_bytes_max = 256;

constexpr std::array<Key, 1> reason_keys{"reason"};
constexpr std::array<Key, 2> stage_keys{"stage", "past_gate"};
constexpr std::array<Key, 2> rate_keys{"rate", "for"};

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= name_bytes_max && is_readable(text);
}

std::string reason_in(const ObjectReader& reader) {
  return reader.text("reason", is_fit_reason, "at most 500 bytes of readable text").value_or("");
}

Command control_command(const ApiRequest& request, ControlVerb verb) {
  const Result<std::int64_t> run = number_in_path(request, "run");
  if (run.has_error()) return run.error();
  return read_body(request, {reason_keys, {}}, [&](const ObjectReader& reader) -> ApiCommand {
    return ControlRunCommand{verb, RunId{*run}, reason_in(reader)};
  });
}

Command pause_command(const ApiRequest& request) { return control_command(request, ControlVerb::pause); }
Command resume_command(const ApiRequest& request) { return control_command(request, ControlVerb::resume); }
Command cancel_command(const ApiRequest& request) { return control_command(request, ControlVerb::cancel); }

Command approve_command(const ApiRequest& request) {
  const Result<std::int64_t> run = number_in_path(request, "run");
  if (run.has_error()) return run.error();
  return read_body(request, {stage_keys, {}}, [&](const ObjectReader& reader) -> ApiCommand {
    return ApproveCommand{RunId{*run}, reader.text("stage", is_name, "a stage's name").value_or(""),
                          reader.boolean("past_gate").value_or(false)};
  });
}

Command stop_command(const ApiRequest& request) {
  return read_body(request, {reason_keys, {}},
                   [](const ObjectReader& reader) -> ApiCommand { return StopCommand{reason_in(reader)}; });
}

Command rate_command(const ApiRequest& request) {
  return read_body(request, {rate_keys, {}}, [&](const ObjectReader& reader) -> ApiCommand {
    reader.require("rate", "the requests per second");
    reader.require("for", "for how long, such as 1h");
    const std::optional<double> rate = reader.number("rate", rate_min, rate_max);
    const std::optional<std::chrono::milliseconds> valid_for = reader.duration("for");
    return SetRateCommand{std::string{request.parameter("tenant")}, rate.value_or(0),
                          valid_for.value_or(std::chrono::milliseconds{0})};
  });
}

boost::asio::awaitable<ApiAnswer> answer_to(ApiRequest request, Command (*read)(const ApiRequest&),
                                            CarryOut carry_out) {
  Command command = read(request);
  if (command.has_error()) co_return refused(command.error());
  ApiAnswer answer = co_await carry_out(std::move(*command), std::move(request.client));
  co_return answer;
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
    body["for"] = exact_duration_text(command.valid_for);
    return fmt::format("tenants/{}:rate", boost::urls::encode(command.tenant, boost::urls::unreserved_chars));
  }
};

}  // namespace

std::vector<Route> command_routes(CarryOut carry_out) {
  const auto row = [&](std::string pattern, ApiScope scope, std::string operation,
                       Command (*read)(const ApiRequest&)) {
    return Route{
        .method = "POST",
        .pattern = "/api/v1/" + std::move(pattern),
        .scope = scope,
        .operation = std::move(operation),
        .handler = [read,
                    carry_out](ApiRequest request) { return answer_to(std::move(request), read, carry_out); },
        .body = ApiBody::json};
  };
  return {row("runs/{run}:pause", ApiScope::operate, "pauseRun", pause_command),
          row("runs/{run}:resume", ApiScope::operate, "resumeRun", resume_command),
          row("runs/{run}:cancel", ApiScope::operate, "cancelRun", cancel_command),
          row("runs/{run}:approve", ApiScope::operate, "approveStage", approve_command),
          row("stop", ApiScope::operate, "stop", stop_command),
          row("tenants/{tenant}:rate", ApiScope::admin, "setTenantRate", rate_command)};
}

ApiRequest request_for(const ApiCommand& command) {
  Writer writer;
  std::string target = "/api/v1/" + std::visit(writer, command);
  return {.method = "POST", .target = std::move(target), .body = boost::json::serialize(writer.body)};
}

}  // namespace sluice
