// SPDX-License-Identifier: MIT
#include "support/scripted_cloud.hpp"

#include <algorithm>
#include <string_view>

namespace sluice::test {
namespace asio = boost::asio;
namespace {

/// The values of DeviceName.N in the order of the body; test names need no decoding.
std::vector<std::string> devices_in(std::string_view body) {
  std::vector<std::string> devices;
  while (!body.empty()) {
    const std::string_view pair = body.substr(0, body.find('&'));
    body.remove_prefix(std::min(body.size(), pair.size() + 1));
    if (pair.starts_with("DeviceName.")) devices.emplace_back(pair.substr(pair.find('=') + 1));
  }
  return devices;
}

HttpResponse json_answer(int status, std::string body) {
  return {.status = status, .headers = {{"Content-Type", "application/json"}}, .body = std::move(body)};
}

}  // namespace

asio::awaitable<Reply> ScriptedCloud::send(const HttpRequest& request, const WireGate& gate,
                                           ConnectionChoice connection) {
  if (!is_reachable(clock_.steady_now())) {
    ++refusals_;
    co_return refused_connection();
  }
  const std::unique_ptr<Alarm> connected = clock_.alarm();
  const SteadyTime connected_at = clock_.steady_now() + connect();
  if (connected_at > clock_.steady_now()) co_await connected->sleep_until(connected_at);
  bool may_go = co_await gate();
  if (may_go && is_dead_behind_gate(clock_.steady_now())) may_go = co_await gate();
  if (!may_go) co_return TransportFailure{FailureKind::stopped, false, "stopped"};
  if (!is_reachable(clock_.steady_now())) {
    ++refusals_;
    co_return refused_connection();
  }

  sent_.push_back({.at = clock_.steady_now(),
                   .request = request,
                   .connection = connection,
                   .devices = devices_in(request.body)});
  const ScriptedAnswer planned = script_(sent_.back(), sent_.size() - 1);
  most_at_once_ = std::max(most_at_once_, ++at_once_);
  const std::unique_ptr<Alarm> answer_comes = clock_.alarm();
  const SteadyTime answer_at = clock_.steady_now() + planned.delay;
  co_await answer_comes->sleep_until(answer_at);
  --at_once_;
  co_return planned.reply;
}

HttpResponse accepted_answer() { return json_answer(200, R"({"RequestId":"R-1","Success":true})"); }

HttpResponse gateway_refusal(int status, std::string code) {
  return json_answer(status, R"({"RequestId":"R-2","Code":")" + code + R"(","Message":"no"})");
}

HttpResponse product_refusal(std::string code) {
  return json_answer(200,
                     R"({"RequestId":"R-3","Success":false,"Code":")" + code + R"(","ErrorMessage":"no"})");
}

TransportFailure silence() { return {FailureKind::timeout, true, "no answer within 15 s"}; }

TransportFailure refused_connection() {
  return {FailureKind::connect, false, "connect to 192.0.2.1:443 refused"};
}

}  // namespace sluice::test
