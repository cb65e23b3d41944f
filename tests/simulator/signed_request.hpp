// SPDX-License-Identifier: MIT
// Requests for the tests of the simulated cloud, signed with the simulator's own functions, which
// signature_test.cpp checks against published vectors. All are stamped 2024-01-02T03:04:05Z.
#pragma once

#include <chrono>
#include <string>

#include "simulator/cloud.hpp"
#include "simulator/parameters.hpp"
#include "simulator/signature.hpp"

namespace simulator_test {

using sluice::simulator::Moment;
using sluice::simulator::Parameters;
using sluice::simulator::Request;

inline constexpr std::chrono::sys_time<std::chrono::seconds> stamp_time{std::chrono::seconds{1'704'164'645}};

inline Moment after_start(std::chrono::nanoseconds since_start) {
  return {since_start, stamp_time + std::chrono::floor<std::chrono::seconds>(since_start)};
}

/// A call on two devices, complete but for the signature.
inline Parameters a_call(const std::string& nonce) {
  return {{"Action", "InvokeThingsService"},
          {"Format", "JSON"},
          {"Version", "2018-01-20"},
          {"AccessKeyId", "testid"},
          {"SignatureMethod", "HMAC-SHA1"},
          {"SignatureVersion", "1.0"},
          {"SignatureNonce", nonce},
          {"Timestamp", "2024-01-02T03:04:05Z"},
          {"RegionId", "cn-shanghai"},
          {"ProductKey", "a1BwAGVxxxx"},
          {"Identifier", "Set"},
          {"Args", R"({"param1":1})"},
          {"DeviceName.1", "1102android02"},
          {"DeviceName.2", "1102android01"}};
}

inline std::string form_of(const Parameters& parameters) {
  std::string form;
  for (const auto& [name, value] : parameters) {
    if (!form.empty()) form += '&';
    form += sluice::simulator::percent_encoded(name) + "=" + sluice::simulator::percent_encoded(value);
  }
  return form;
}

inline Request post_of(const Parameters& parameters) {
  return {
      "POST", "/", "iot.cn-shanghai.aliyuncs.com", "application/x-www-form-urlencoded", form_of(parameters),
      1};
}

inline Parameters with_signature(const std::string& method, Parameters parameters) {
  using namespace sluice::simulator;
  parameters["Signature"] = signature_of(string_to_sign(method, parameters), "testsecret");
  return parameters;
}

inline Request signed_post(const Parameters& parameters) {
  return post_of(with_signature("POST", parameters));
}

}  // namespace simulator_test
