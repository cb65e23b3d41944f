// SPDX-License-Identifier: MIT
// What one exchange costs besides the network: building and signing the request, reading the answer.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "sluice/dialect/invoke_things.hpp"

namespace {

using namespace sluice;

const Credentials key{.access_key_id = "LTAIxxxxxxxxxxxxxxxxxxxx",
                      .access_key_secret = Secret{std::string(30, 's')},
                      .security_token = {}};
const Call call{.product_key = "a1BwAGVxxxx",
                .identifier = "Set",
                .args = R"({"version": "2.14.0", "ratio": 10.0})",
                .qos = 1,
                .iot_instance_id = "iot-06z00000000000",
                .parameters = {}};
const RequestStamp stamp{.nonce = std::string(32, 'a'), .timestamp = "2026-01-02T03:04:05Z"};

std::vector<std::string> hundred_names() {
  std::vector<std::string> names;
  for (int i = 0; i < 100; ++i) names.push_back(fmt::format("device-{:07}", i));
  return names;
}

void build_and_sign_request(benchmark::State& state) {
  const std::vector<std::string> names = hundred_names();
  const std::vector<std::string_view> devices(names.begin(), names.end());
  const InvokeThingsDialect dialect;
  for (auto _ : state) benchmark::DoNotOptimize(build_request(dialect, call, devices, key, stamp));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(build_and_sign_request)->Unit(benchmark::kMicrosecond);

void digest_of_request(benchmark::State& state) {
  const std::vector<std::string> names = hundred_names();
  const std::vector<std::string_view> devices(names.begin(), names.end());
  const HttpRequest request = build_request(InvokeThingsDialect{}, call, devices, key, stamp);
  for (auto _ : state) benchmark::DoNotOptimize(request_digest("https://iot.example", request));
}
BENCHMARK(digest_of_request)->Unit(benchmark::kMicrosecond);

void classify_answer(benchmark::State& state, int status, std::string body) {
  const HttpResponse response{.status = status, .headers = {}, .body = std::move(body)};
  const InvokeThingsDialect dialect;
  for (auto _ : state) benchmark::DoNotOptimize(classify(dialect, response, UtcTime{}));
}
BENCHMARK_CAPTURE(classify_answer, accepted_json, 200,
                  R"({"RequestId":"57b144cf-09fc-4916-a272-a62902d5b207","Success":true})")
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(
    classify_answer, accepted_xml, 200,
    "<?xml version='1.0' encoding='UTF-8'?><InvokeThingsServiceResponse><RequestId>57b144cf-09fc-"
    "4916-a272-a62902d5b207</RequestId><Success>true</Success></InvokeThingsServiceResponse>")
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(
    classify_answer, throttled_json, 400,
    R"({"RequestId":"57b144cf-09fc-4916-a272-a62902d5b207","HostId":"iot.cn-shanghai.aliyuncs.com",)"
    R"("Code":"Throttling.User","Message":"Request was denied due to user flow control."})")
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(
    classify_answer, gateway_html, 502,
    "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>")
    ->Unit(benchmark::kMicrosecond);

}  // namespace
