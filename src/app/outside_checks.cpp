// SPDX-License-Identifier: MIT
#include "app/outside_checks.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <list>
#include <utility>

#include "app/child_process.hpp"
#include "app/say.hpp"
#include "http_api/json_text.hpp"
#include "sluice/jobfile/device_name.hpp"
#include "sluice/transport/https.hpp"

namespace sluice {
namespace {

namespace asio = boost::asio;

std::vector<std::pair<std::string, std::string>> variables_of(const GateQuestion& question) {
  return {{"SLUICE_RUN", std::to_string(question.run.value)},
          {"SLUICE_JOB", question.job_name},
          {"SLUICE_STAGE", question.stage},
          {"SLUICE_DEVICES", std::to_string(question.tally.devices)},
          {"SLUICE_ACCEPTED", std::to_string(question.tally.accepted)},
          {"SLUICE_FAILED", std::to_string(question.tally.failed)},
          {"SLUICE_IN_DOUBT", std::to_string(question.tally.in_doubt)}};
}

/// Asks, and knows what is under way, so that it can be cut short.
class Asker {
 public:
  Asker(asio::any_io_executor loop, std::string ca_file, TellOfCheck tell)
      : loop_(std::move(loop)), ca_file_(std::move(ca_file)), tell_(std::move(tell)) {}

  asio::awaitable<GateAnswer> ask(GateQuestion question) {
    if (!question.check.command.empty()) co_return co_await run_command(std::move(question));
    co_return co_await post(std::move(question));
  }

  void cancel() {
    for (ChildProcess* child : children_) child->kill();
    for (Transport* transport : transports_) transport->close();
  }

 private:
  asio::awaitable<GateAnswer> run_command(GateQuestion question) {
    Result<std::unique_ptr<ChildProcess>> child =
        ChildProcess::start(loop_, question.check.command, variables_of(question));
    if (child.has_error()) {
      tell_(question, child.error().message);
      co_return GateAnswer::inconclusive;
    }
    children_.push_back(child->get());
    const std::optional<int> exit_code = co_await (*child)->wait(question.check.timeout);
    children_.remove(child->get());
    if (!exit_code) tell_(question, "the command was ended by a signal, or took too long");
    if (exit_code == 0) co_return GateAnswer::pass;
    if (exit_code == 1) co_return GateAnswer::fail;
    co_return GateAnswer::inconclusive;
  }

  asio::awaitable<GateAnswer> post(GateQuestion question) {
    const Result<Endpoint> endpoint = parse_endpoint(question.check.url);
    if (endpoint.has_error()) {
      tell_(question, endpoint.error().message);
      co_return GateAnswer::inconclusive;
    }
    HttpsOptions options{.ca_file = ca_file_, .exchange_timeout = question.check.timeout};
    Result<std::unique_ptr<Transport>> transport = open_https_transport(loop_, *endpoint, options);
    if (transport.has_error()) {
      tell_(question, transport.error().message);
      co_return GateAnswer::inconclusive;
    }
    transports_.push_back(transport->get());
    const HttpRequest request{
        .target = endpoint->target,
        .headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}},
        .body = question_json(question)};
    const WireGate open = []() -> asio::awaitable<bool> { co_return true; };
    const Reply reply = co_await (*transport)->send(request, open, ConnectionChoice::fresh);
    transports_.remove(transport->get());
    (*transport)->close();
    co_return verdict_of(question, reply);
  }

  GateAnswer verdict_of(const GateQuestion& question, const Reply& reply) const {
    if (const auto* failure = std::get_if<TransportFailure>(&reply)) {
      tell_(question, failure->message);
      return GateAnswer::inconclusive;
    }
    const auto& response = std::get<HttpResponse>(reply);
    if (response.status / 100 != 2) {
      tell_(question, fmt::format("it answered with status {}", response.status));
      return GateAnswer::inconclusive;
    }
    return verdict_in(response.body);
  }

  asio::any_io_executor loop_;
  std::string ca_file_;
  TellOfCheck tell_;
  std::list<ChildProcess*> children_;
  std::list<Transport*> transports_;
};

}  // namespace

void say_of_check(const GateQuestion& question, std::string_view what) {
  say(fmt::format("run {}: the outside check of stage {} is inconclusive: {}\n", question.run.value,
                  printable(question.stage, 64), printable(what, 512)));
}

OutsideChecks outside_checks(asio::any_io_executor loop, std::string ca_file, TellOfCheck tell) {
  const auto asker = std::make_shared<Asker>(std::move(loop), std::move(ca_file), std::move(tell));
  return {.ask = [asker](GateQuestion question) { return asker->ask(std::move(question)); },
          .cancel = [asker] { asker->cancel(); }};
}

Result<void> check_outside(const OutsideCheck& check) {
  if (check.url.empty()) return {};
  const Result<Endpoint> endpoint = parse_endpoint(check.url);
  if (endpoint.has_error()) return endpoint.error();
  return {};
}

GateAnswer verdict_in(std::string_view body) {
  boost::system::error_code error;
  const boost::json::value answer = boost::json::parse(body, error);
  if (error || !answer.is_object()) return GateAnswer::inconclusive;
  const boost::json::value* verdict = answer.get_object().if_contains("verdict");
  if (verdict == nullptr || !verdict->is_string()) return GateAnswer::inconclusive;
  if (verdict->get_string() == "pass") return GateAnswer::pass;
  if (verdict->get_string() == "fail") return GateAnswer::fail;
  return GateAnswer::inconclusive;
}

std::string question_json(const GateQuestion& question) {
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version).member("run", question.run.value);
  json.member("job", question.job_name).member("stage", question.stage);
  json.member("devices", question.tally.devices).member("accepted", question.tally.accepted);
  json.member("failed", question.tally.failed).member("in_doubt", question.tally.in_doubt);
  return json.end_object().take();
}

}  // namespace sluice
