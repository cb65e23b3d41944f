// SPDX-License-Identifier: MIT
// The judgement of the simulated cloud, with times passed in.
#include "simulator/cloud.hpp"

#include <doctest/doctest.h>

#include "signed_request.hpp"

using namespace sluice::simulator;
using namespace simulator_test;
using namespace std::chrono_literals;

namespace {

Verdict send(Cloud& cloud, const Request& request, std::chrono::nanoseconds at = {},
             std::optional<Fault> fault = std::nullopt) {
  cloud.receive(after_start(at));
  return cloud.arrive(request, {{}, {}, fault}, after_start(at));
}

/// The code for a call that differs from a good one in one parameter; an empty value leaves it out.
std::string code_with(const std::string& name, const std::string& value, const Options& options = {}) {
  Parameters parameters = a_call("n");
  if (value.empty()) {
    parameters.erase(name);
  } else {
    parameters[name] = value;
  }
  Cloud cloud{options};
  return send(cloud, signed_post(parameters)).entry.code;
}

Request call_with_devices(int count, const std::string& nonce = "n") {
  Parameters parameters = a_call(nonce);
  for (int i = 1; i <= count; ++i) {
    parameters["DeviceName." + std::to_string(i)] = "device-" + std::to_string(i);
  }
  return signed_post(parameters);
}

std::string header_of(const Answer& answer, const std::string& name) {
  for (const auto& [key, value] : answer.headers) {
    if (key == name) return value;
  }
  return "";
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("simulator: a good call is executed on its devices and answered with success") {
  Cloud cloud{Options{}};

  const Verdict verdict = send(cloud, signed_post(a_call("n")));

  CHECK(verdict.entry.device_names == std::vector<std::string>{"1102android02", "1102android01"});
  CHECK(verdict.answer.http_status == 200);
  CHECK(has(verdict.answer.body, R"("Success":true)"));
  CHECK(header_of(verdict.answer, "Date") == "Tue, 02 Jan 2024 03:04:05 GMT");
  CHECK(header_of(verdict.answer, "Content-Type") == "application/json;charset=utf-8");
  CHECK(cloud.summary().devices_executed == 2);
}

TEST_CASE("simulator: each thing the gateway demands has its own refusal") {
  CHECK(code_with("RegionId", "") == "MissingParameter");
  CHECK(code_with("SignatureNonce", "") == "MissingParameter");
  CHECK(code_with("Action", "") == "MissingParameter");
  CHECK(code_with("Format", "json") == "InvalidParameter.Format");
  CHECK(code_with("Version", "2017-04-20") == "InvalidVersion");
  CHECK(code_with("Action", "InvokeThingService") == "InvalidAction.NotFound");
  CHECK(code_with("AccessKeyId", "other") == "InvalidAccessKeyId.NotFound");
  CHECK(code_with("SignatureMethod", "HMAC-SHA256") == "InvalidSignatureMethod");
  CHECK(code_with("SignatureVersion", "2.0") == "InvalidSignatureVersion");
  CHECK(code_with("SecurityToken", "token") == "InvalidSecurityToken.MismatchWithAccessKey");
}

TEST_CASE("simulator: each thing the product demands has its own refusal") {
  Options strict;
  strict.products = {"a1BwAGVxxxx"};
  strict.devices = {"1102android02", "1102android01"};
  CHECK(code_with("ProductKey", "a1BwAGVxxxx", strict) == "");
  CHECK(code_with("ProductKey", "a1Unknown00", strict) == "iot.prod.NotExistedProduct");
  CHECK(code_with("DeviceName.2", "device-9", strict) == "iot.device.NotExistedDevice");
  strict.iot_instance_id = "iot-06z00";
  CHECK(code_with("ProductKey", "a1BwAGVxxxx", strict) == "iot.system.InstanceNotFound");
  CHECK(code_with("IotInstanceId", "iot-06z00", strict) == "");

  CHECK(code_with("ProductKey", "") == "iot.prod.NullProductKey");
  CHECK(code_with("ProductKey", "a b") == "iot.prod.InvalidFormattedProductkey");
  CHECK(code_with("Identifier", "") == "iot.common.InvalidFormattedParameter");
  CHECK(code_with("Identifier", "module:service") == "");
  CHECK(code_with("Args", "[1]") == "iot.common.InvalidFormattedParameter");
  CHECK(code_with("Args", "{\"a\":}") == "iot.common.InvalidFormattedParameter");
  CHECK(code_with("Qos", "2") == "iot.common.InvalidFormattedParameter");
  CHECK(code_with("Qos", "1") == "");
}

TEST_CASE("simulator: a list holds 1 to 100 distinct names numbered from 1") {
  Cloud cloud{Options{}};
  CHECK(send(cloud, call_with_devices(100, "a")).entry.code == "");
  CHECK(send(cloud, call_with_devices(101, "b")).entry.code == "iot.device.DeviceCountExceeded");

  CHECK(code_with("DeviceName.1", "") == "iot.common.InvalidFormattedParameter");      // begins at 2
  CHECK(code_with("DeviceName.4", "abcd") == "iot.common.InvalidFormattedParameter");  // a gap
  CHECK(code_with("DeviceName.0", "abcd") == "iot.common.InvalidFormattedParameter");
  CHECK(code_with("DeviceName.2", "1102android02") == "iot.common.InvalidFormattedParameter");  // twice
  CHECK(code_with("DeviceName.2", "abc") == "iot.device.InvalidFormattedDeviceName");
  CHECK(code_with("DeviceName.2", "a-_@.:Z9") == "");
  CHECK(code_with("DeviceName.2", "with space") == "iot.device.InvalidFormattedDeviceName");
  CHECK(code_with("DeviceName.2", std::string(33, 'a')) == "iot.device.InvalidFormattedDeviceName");

  Parameters none = a_call("n");
  none.erase("DeviceName.1");
  none.erase("DeviceName.2");
  none["DeviceNames"] = "1102android02";
  Cloud another{Options{}};
  CHECK(send(another, signed_post(none)).entry.code == "iot.device.NoneDeviceNameElement");
}

TEST_CASE("simulator: a timestamp is accepted up to 15 minutes either way") {
  const auto code_at = [](std::chrono::seconds difference) {
    Cloud cloud{Options{}};
    return cloud.arrive(signed_post(a_call("n")), {}, {{}, stamp_time + difference}).entry.code;
  };

  CHECK(code_at(15min) == "");
  CHECK(code_at(-15min) == "");
  CHECK(code_at(15min + 1s) == "InvalidTimeStamp.Expired");
  CHECK(code_at(-15min - 1s) == "InvalidTimeStamp.Expired");
  for (const char* text : {"2024-01-02T03:04:05.000Z", "2024-01-02 03:04:05Z", "2024-02-30T03:04:05Z",
                           "2024-01-02T24:00:00Z", "yesterday"}) {
    CAPTURE(text);
    CHECK(code_with("Timestamp", text) == "InvalidTimeStamp.Format");
  }
}

TEST_CASE("simulator: a server whose clock is wrong says so in its Date header and refuses right times") {
  Options options;
  options.faults.clock_skew_s = 1200;
  Cloud cloud{options};

  const Verdict verdict = send(cloud, signed_post(a_call("n")));

  CHECK(verdict.entry.code == "InvalidTimeStamp.Expired");
  CHECK(header_of(verdict.answer, "Date") == "Tue, 02 Jan 2024 03:24:05 GMT");
}

TEST_CASE("simulator: a nonce is refused for 31 minutes, also if its request was throttled or failed") {
  Options options;
  options.requests_per_second = 1;
  Cloud cloud{options};
  Parameters late = a_call("executed");
  late["Timestamp"] = "2024-01-02T03:34:05Z";

  CHECK(send(cloud, signed_post(a_call("executed")), 0ms).entry.code == "");
  CHECK(send(cloud, signed_post(a_call("throttled")), 1ms).entry.code == "Throttling.User");
  CHECK(send(cloud, signed_post(a_call("failed")), 2s, Fault::error_503_before_execution).entry.code ==
        "ServiceUnavailable");

  CHECK(send(cloud, signed_post(a_call("executed")), 4s).entry.code == "SignatureNonceUsed");
  CHECK(send(cloud, signed_post(a_call("throttled")), 6s).entry.code == "SignatureNonceUsed");
  CHECK(send(cloud, signed_post(a_call("failed")), 8s).entry.code == "SignatureNonceUsed");
  CHECK(send(cloud, signed_post(late), 31min - 1ns).entry.code == "SignatureNonceUsed");
  CHECK(send(cloud, signed_post(late), 31min).entry.code == "");
  CHECK(cloud.summary().devices_executed_more_than_once == 2);
}

TEST_CASE("simulator: a request with a wrong signature does not use up the nonce or the quota") {
  Options options;
  options.requests_per_second = 1;
  Cloud cloud{options};
  Parameters forged = a_call("n");
  forged["Signature"] = "2gDL1vlLjPs++fFZjaElY/32tQ0=";

  CHECK(send(cloud, post_of(forged), 0ms).entry.code == "SignatureDoesNotMatch");
  CHECK(send(cloud, signed_post(a_call("n")), 1ms).entry.code == "");
}

TEST_CASE("simulator: more than ten arrivals in any second are throttled, and nothing of them is executed") {
  Cloud cloud{Options{}};
  for (int i = 0; i < 12; ++i) {
    const Verdict verdict = send(cloud, signed_post(a_call(std::to_string(i))), 500ms + 90ms * i);
    CHECK(verdict.entry.code == (i < 10 ? "" : "Throttling.User"));
    CHECK(verdict.answer.http_status == (i < 10 ? 200 : 400));
  }
  CHECK(send(cloud, signed_post(a_call("later")), 1500ms).entry.code == "");

  const Summary summary = cloud.summary();
  CHECK(summary.requests == 13);
  CHECK(summary.executed == 11);
  CHECK(summary.throttled == 2);
  CHECK(summary.refused.at("Throttling.User") == 2);
  CHECK(summary.most_arrivals_in_any_window == 12);
  CHECK(summary.first_arrival_s == 0.5);
  CHECK(summary.last_arrival_s == 1.5);
}

TEST_CASE("simulator: others on the same account use up the quota") {
  Options options;
  options.faults.other_requests_per_second = 1000;
  options.faults.retry_after_ms = 250;
  Cloud cloud{options};
  send(cloud, signed_post(a_call("first")), 0ms);

  const Verdict verdict = send(cloud, signed_post(a_call("second")), 900ms);

  CHECK(verdict.entry.code == "Throttling.User");
  CHECK(header_of(verdict.answer, "x-acs-retry-after") == "250");
  CHECK(cloud.summary().requests == 2);
}

TEST_CASE("simulator: before execution means nothing is executed, after execution means everything is") {
  struct Row {
    Fault fault;
    bool executed;
    Delivery delivery;
    int http_status;
  };
  const Row rows[] = {
      {Fault::reset_before_execution, false, Delivery::reset, 0},
      {Fault::stall_before_execution, false, Delivery::stall, 0},
      {Fault::throttle, false, Delivery::complete, 400},
      {Fault::error_500_before_execution, false, Delivery::complete, 500},
      {Fault::error_503_before_execution, false, Delivery::complete, 503},
      {Fault::error_500_after_execution, true, Delivery::complete, 500},
      {Fault::reset_after_execution, true, Delivery::reset, 0},
      {Fault::stall_after_execution, true, Delivery::stall, 0},
      {Fault::truncated_body, true, Delivery::truncated, 200},
      {Fault::garbage_body, true, Delivery::complete, 200},
      {Fault::html_502, true, Delivery::complete, 502},
  };
  static_assert(std::size(rows) == drawn_fault_count);
  for (const Row& row : rows) {
    CAPTURE(to_word(row.fault));
    Cloud cloud{Options{}};

    const Verdict verdict = send(cloud, signed_post(a_call("n")), 0ms, row.fault);

    CHECK(verdict.entry.device_names.empty() != row.executed);
    CHECK(verdict.answer.delivery == row.delivery);
    CHECK(verdict.entry.http_status == row.http_status);
    CHECK(verdict.entry.fault == row.fault);
    CHECK(cloud.summary().executed == (row.executed ? 1 : 0));
  }
}

TEST_CASE("simulator: a request lost before the gateway can be sent again as it is") {
  Cloud cloud{Options{}};
  const Request request = signed_post(a_call("n"));

  send(cloud, request, 0ms, Fault::reset_before_execution);
  CHECK(send(cloud, request, 1ms).entry.code == "");
  CHECK(send(cloud, request, 2ms, Fault::reset_after_execution).entry.code == "SignatureNonceUsed");
  CHECK(cloud.summary().devices_executed_more_than_once == 0);
}

TEST_CASE("simulator: a fault that cannot happen to a refused request is not counted") {
  Cloud cloud{Options{}};

  const Verdict verdict =
      send(cloud, signed_post({{"Action", "Pub"}}), 0ms, Fault::error_500_after_execution);

  CHECK(verdict.entry.code == "MissingParameter");
  CHECK_FALSE(verdict.entry.fault.has_value());
}

TEST_CASE("simulator: one bad device refuses the whole call") {
  Options options;
  options.faults.bad_devices = {"1102android01"};
  options.faults.bad_device_code = "iot.device.InactiveDevice";
  Cloud cloud{options};

  const Verdict verdict = send(cloud, signed_post(a_call("n")));

  CHECK(verdict.answer.http_status == 200);
  CHECK(has(verdict.answer.body, R"("Success":false)"));
  CHECK(has(verdict.answer.body, R"("Code":"iot.device.InactiveDevice")"));
  CHECK(verdict.entry.device_names.empty());
  CHECK(verdict.entry.fault == Fault::bad_device);
  CHECK_FALSE(has(verdict.answer.body, "1102android01"));
}

TEST_CASE("simulator: an account or a job fails after so many requests") {
  Options options;
  options.faults.account = LastingRefusal{"InvalidAccessKeyId.Inactive", 403, "Disabled.", 2};
  options.faults.job = LastingRefusal{"iot.prod.NotExistedProduct", 200, "Gone.", 1};
  Cloud cloud{options};

  CHECK(send(cloud, signed_post(a_call("1"))).entry.code == "");
  CHECK(send(cloud, signed_post(a_call("2"))).entry.code == "iot.prod.NotExistedProduct");
  const Verdict third = send(cloud, signed_post(a_call("3")));
  CHECK(third.entry.code == "InvalidAccessKeyId.Inactive");
  CHECK(third.answer.http_status == 403);
  CHECK(third.entry.fault == Fault::account);
}

TEST_CASE("simulator: outages are counted from the first request and end by themselves") {
  Options options;
  options.faults.outages = {
      {5, 6, Fault::outage_503}, {7, 8, Fault::outage_refuse}, {9, 10, Fault::outage_stall}};
  Cloud cloud{options};
  int n = 0;
  const auto at = [&](std::chrono::nanoseconds since_start) {
    return send(cloud, signed_post(a_call(std::to_string(++n))), since_start);
  };

  CHECK(at(100s).entry.code == "");
  CHECK(at(104s + 999ms).entry.code == "");
  CHECK(at(105s).answer.http_status == 503);
  CHECK(at(106s).entry.code == "");
  CHECK(at(107s).answer.delivery == Delivery::reset);
  CHECK(cloud.refuses_connections(107s + 500ms));
  CHECK_FALSE(cloud.refuses_connections(108s));
  CHECK(at(109s).answer.delivery == Delivery::stall);
  CHECK(at(110s).entry.code == "");
}

TEST_CASE("simulator: without a format, or with XML, the answer is XML") {
  Cloud cloud{Options{}};
  Parameters parameters = a_call("1");
  parameters.erase("Format");

  const Verdict good = send(cloud, signed_post(parameters));
  const Verdict again = send(cloud, signed_post(parameters));

  CHECK(has(good.answer.body, "<InvokeThingsServiceResponse><RequestId>"));
  CHECK(has(good.answer.body, "<Success>true</Success>"));
  CHECK(header_of(good.answer, "Content-Type") == "text/xml;charset=utf-8");
  CHECK(has(again.answer.body, "<Error><RequestId>"));
  CHECK(
      has(again.answer.body, "<HostId>iot.cn-shanghai.aliyuncs.com</HostId><Code>SignatureNonceUsed</Code>"));
}

TEST_CASE("simulator: what is no proper request is refused, not misread") {
  Cloud cloud{Options{}};
  Request broken = signed_post(a_call("n"));
  broken.body += "&Qos=%G1";
  Request twice = signed_post(a_call("n"));
  twice.body += "&Args=%7B%7D";
  Request elsewhere = signed_post(a_call("n"));
  elsewhere.target = "/api";
  Request put = signed_post(a_call("n"));
  put.method = "PUT";
  Request no_form = signed_post(a_call("n"));
  no_form.content_type = "text/plain";
  Request too_long = signed_post(a_call("n"));
  too_long.target = "/?x=" + std::string(9000, 'x');

  CHECK(send(cloud, broken).entry.code == "InvalidParameter");
  CHECK(send(cloud, twice).entry.code == "InvalidParameter");
  CHECK(send(cloud, elsewhere).entry.code == "InvalidApi.NotFound");
  CHECK(send(cloud, put).entry.code == "UnsupportedHTTPMethod");
  CHECK(send(cloud, no_form).entry.code == "MissingParameter");
  const Verdict page = send(cloud, too_long);
  CHECK(page.answer.http_status == 414);
  CHECK(has(page.answer.body, "<html>"));
  CHECK(cloud.summary().executed == 0);
}

TEST_CASE("simulator: the summary is one JSON object with the same numbers as its text") {
  Cloud cloud{Options{}};
  send(cloud, signed_post(a_call("n")));
  send(cloud, signed_post(a_call("n")));

  const Summary summary = cloud.summary();

  CHECK(has(to_json(summary),
            R"({"requests":2,"executed":1,"throttled":0,"refused":{"SignatureNonceUsed":1})"));
  CHECK(has(to_text(summary), "refused by code         SignatureNonceUsed 1"));
}
