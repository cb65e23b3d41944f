// SPDX-License-Identifier: MIT
// What shall go wrong in the simulated cloud, and how slow it is: read from a JSON file, in which // comments
// and trailing commas are allowed. Every key is optional; an unknown one is an error with a suggestion.
//
//   "latency"                  how long an exchange takes: {"constant_ms": 50}, {"uniform_ms": [5, 80]} or
//                              {"lognormal_ms": {"median": 40, "sigma": 0.5}}. Default: none.
//   "forward_share"            the share of the latency, 0 to 1, that passes before the request arrives,
//   which is when
//                              it is counted, judged and executed; the rest passes before the answer.
//                              "random": each request draws its own share. Default 0.5.
//   "stalls"                   {"share": 0.01, "ms": 3000}: that share of the requests is answered so much
//   later.
//
// Probabilities, each 0 to 1, drawn for every request in this order; the first one that hits is the request's
// fault:
//   "reset_before_execution"   the request is lost before anybody looked at it, and the connection is reset:
//   nothing
//                              is executed, counted against the quota or remembered of its nonce.
//   "stall_before_execution"   lost in the same way, but the connection stays open and silent till the client
//   leaves. "throttle"                 Throttling.User although the quota would allow it; the nonce counts as
//   used. "error_500_before_execution", "error_503_before_execution"
//                              the gateway has taken the request (quota and nonce), but nothing is executed:
//                              InternalError or ServiceUnavailable.
//   "error_500_after_execution"  executed, and then the answer is InternalError.
//   "reset_after_execution", "stall_after_execution"
//                              the request is treated as usual, then its answer is lost: also a refusal's
//                              answer.
//   "truncated_body"           the answer ends in the middle of its body; "garbage_body": its body is no JSON
//   and no
//                              XML; "html_502": the front end's page with status 502 instead of the answer.
//                              In all three cases the request itself was treated as usual.
//
//   "bad_devices"              ["name", ...], or {"share": 0.001}: that share of all names, chosen by a hash
//   of name
//                              and seed. A call with such a device is refused as a whole, nothing is
//                              executed.
//   "bad_device_code"          the product's code for that refusal. Default "iot.device.NotExistedDevice".
//   "account"                  {"code": "InvalidAccessKeyId.NotFound", "http_status": 404, "message": "...",
//                              "after_requests": 0}: every later request is refused by the gateway.
//   "job"                      {"code": "iot.prod.NotExistedProduct", "message": "...", "after_requests": 0}:
//   every
//                              later request is refused by the product, with status 200.
//   "outages"                  [{"from_s": 5, "to_s": 12, "kind": "refuse"}]: seconds after the first
//   request;
//                              "refuse" closes the port and resets open connections at their next request,
//                              "503" answers ServiceUnavailable without looking, "stall" never answers.
//   "other_requests_per_second"  requests of others on the same account, at random times: they use up quota.
//   "retry_after_ms"           the header x-acs-retry-after of throttled answers. Default: no header.
//   "clock_skew_s"             how far the server's clock is ahead (negative: behind): timestamps and Date
//   header.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sluice::simulator {

/// What may happen to one request. The first drawn_fault_count are drawn by probability, in this order.
enum class Fault {
  reset_before_execution,
  stall_before_execution,
  throttle,
  error_500_before_execution,
  error_503_before_execution,
  error_500_after_execution,
  reset_after_execution,
  stall_after_execution,
  truncated_body,
  garbage_body,
  html_502,
  bad_device,
  account,
  job,
  outage_refuse,
  outage_503,
  outage_stall,
};
inline constexpr std::size_t drawn_fault_count = 11;

std::string_view to_word(Fault fault);

struct ConstantLatency {
  double ms = 0;
};
struct UniformLatency {
  double from_ms = 0;
  double to_ms = 0;
};
struct LognormalLatency {
  double median_ms = 0;
  double sigma = 0;
};
using Latency = std::variant<ConstantLatency, UniformLatency, LognormalLatency>;

/// Some requests are answered much later than the others.
struct Stalls {
  double share = 0;
  double ms = 0;
};

/// A refusal that begins after so many requests and stays.
struct LastingRefusal {
  std::string code;
  int http_status = 200;
  std::string message;
  long after_requests = 0;
};

struct Outage {
  double from_s = 0;
  double to_s = 0;
  Fault kind = Fault::outage_refuse;
};

struct FaultPlan {
  Latency latency = ConstantLatency{};
  std::optional<double> forward_share = 0.5;  ///< Absent: each request draws its own.
  Stalls stalls;
  std::array<double, drawn_fault_count> probabilities{};
  std::vector<std::string> bad_devices;
  double bad_device_share = 0;
  std::string bad_device_code = "iot.device.NotExistedDevice";
  std::optional<LastingRefusal> account;
  std::optional<LastingRefusal> job;
  std::vector<Outage> outages;
  double other_requests_per_second = 0;
  std::optional<long> retry_after_ms;
  double clock_skew_s = 0;

  double& probability(Fault fault) { return probabilities.at(static_cast<std::size_t>(fault)); }
};

/// The plan, or every problem of the file, one a line, each beginning with the file's name.
std::variant<FaultPlan, std::string> read_fault_plan(const std::string& path);

/// The same of a text; `name` stands for the file's name in the messages.
std::variant<FaultPlan, std::string> parse_fault_plan(std::string_view text, const std::string& name);

}  // namespace sluice::simulator
