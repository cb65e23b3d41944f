// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>
#include <sstream>

#include "sluice/core/reserved_parameters.hpp"
#include "sluice/dialect/invoke_things.hpp"
#include "sluice/dialect/signature.hpp"

using namespace sluice;

namespace {

const Credentials key{"testid", Secret{"testsecret"}, Secret{}};

Call set_call(std::string args = R"({"param1":1})") {
  Call call;
  call.product_key = "a1BwAGVxxxx";
  call.identifier = "Set";
  call.args = std::move(args);
  return call;
}

RequestStamp stamp(std::string nonce = "nonce-0001") { return {std::move(nonce), "2024-01-02T03:04:05Z"}; }

// Written anew here, so that the test does not lean on the encoder under test.
std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    out += static_cast<char>(std::stoi(std::string{text.substr(i + 1, 2)}, nullptr, 16));
    i += 2;
  }
  return out;
}

std::multimap<std::string, std::string> form_of(const HttpRequest& request) {
  std::multimap<std::string, std::string> form;
  std::istringstream body{request.body};
  for (std::string pair; std::getline(body, pair, '&');) {
    const auto equals = pair.find('=');
    form.emplace(decoded(pair.substr(0, equals)), decoded(pair.substr(equals + 1)));
  }
  return form;
}

std::string value_of(const HttpRequest& request, const std::string& name) {
  const auto form = form_of(request);
  REQUIRE(form.count(name) == 1);
  return form.find(name)->second;
}

std::string header_of(const HttpRequest& request, std::string_view name) {
  for (const auto& [header, value] : request.headers) {
    if (header == name) return value;
  }
  return "(absent)";
}

}  // namespace

TEST_CASE("request: the whole form, byte for byte, with the signature of the official client") {
  const HttpRequest request = build_request({}, set_call(), {"1102android02", "1102android01"}, key, stamp());

  CHECK(request.method == "POST");
  CHECK(request.target == "/");
  CHECK(request.body ==
        "AccessKeyId=testid&Action=InvokeThingsService&Args=%7B%22param1%22%3A1%7D&DeviceName.1=1102android02"
        "&DeviceName.2=1102android01&Format=JSON&Identifier=Set&ProductKey=a1BwAGVxxxx&RegionId=cn-shanghai"
        "&SignatureMethod=HMAC-SHA1&SignatureNonce=nonce-0001&SignatureVersion=1.0"
        "&Timestamp=2024-01-02T03%3A04%3A05Z&Version=2018-01-20&Signature=2gDL1vlLjPs%2B%2BfFZjaElY%2F32tQ0%"
        "3D");
  CHECK(header_of(request, "Content-Type") == "application/x-www-form-urlencoded");
  CHECK(header_of(request, "Accept") == "application/json");
  CHECK(header_of(request, "Accept-Encoding") == "identity");
  CHECK(header_of(request, "User-Agent").starts_with("sluice/"));
}

TEST_CASE("request: a temporary key's token is sent and signed") {
  const Credentials temporary{"testid", Secret{"testsecret"}, Secret{"tok/en+=="}};

  const HttpRequest request = build_request({}, set_call("{}"), {"only1"}, temporary, stamp("nonce-0003"));

  CHECK(value_of(request, "SecurityToken") == "tok/en+==");
  CHECK(value_of(request, "Signature") == "GNwHGw7K1e3fwlqi0ZyVXDl4ejE=");
}

TEST_CASE("request: a hundred devices are numbered from 1 in the order given") {
  std::vector<std::string> names;
  for (int i = 0; i < 100; ++i) names.push_back("dev:" + std::to_string(900 - i));
  const std::vector<std::string_view> devices{names.begin(), names.end()};

  const HttpRequest request = build_request({}, set_call(), devices, key, stamp());

  const auto form = form_of(request);
  for (std::size_t i = 0; i < names.size(); ++i) {
    CHECK(value_of(request, "DeviceName." + std::to_string(i + 1)) == names[i]);
  }
  CHECK(form.count("DeviceName.0") == 0);
  CHECK(form.count("DeviceName.101") == 0);
}

TEST_CASE("request: arguments keep their author's bytes") {
  const std::string args = "{ \"b\": 10.0,\t\"a\": 12345678901234567890, \"名\": \"+ %20&=\" }";

  CHECK(value_of(build_request({}, set_call(args), {"dev-1"}, key, stamp()), "Args") == args);
}

TEST_CASE("request: what is optional is sent when given and left out when not") {
  Call call = set_call();
  const auto bare = form_of(build_request({}, call, {"dev-1"}, key, stamp()));
  CHECK(bare.count("Qos") + bare.count("IotInstanceId") + bare.count("SecurityToken") == 0);

  call.qos = 0;
  call.iot_instance_id = "iot-06z00abc";
  call.parameters = {{"ServiceCode", "iot"}, {"Empty", ""}};
  InvokeThingsDialect dialect;
  dialect.action = "InvokeThingService";
  dialect.version = "2019-01-01";
  dialect.region = "";
  dialect.target = "/gateway";
  dialect.format = "XML";
  const HttpRequest full = build_request(dialect, call, {"dev-1"}, key, stamp());

  CHECK(value_of(full, "Qos") == "0");
  CHECK(value_of(full, "IotInstanceId") == "iot-06z00abc");
  CHECK(value_of(full, "ServiceCode") == "iot");
  CHECK(value_of(full, "Action") == "InvokeThingService");
  CHECK(value_of(full, "Version") == "2019-01-01");
  CHECK(value_of(full, "Format") == "XML");
  CHECK(form_of(full).count("Empty") == 0);
  CHECK(form_of(full).count("RegionId") == 0);
  CHECK(full.target == "/gateway");
  CHECK(header_of(full, "Accept") == "text/xml");
}

TEST_CASE("request: a further parameter cannot take the place of one of the dialect's own") {
  Call call = set_call();
  call.parameters = {{"Action", "DeleteDevice"}, {"DeviceName.2", "more"}, {"Signature", "x"}};

  const HttpRequest request = build_request({}, call, {"dev-1"}, key, stamp());

  CHECK(request == build_request({}, set_call(), {"dev-1"}, key, stamp()));
}

TEST_CASE(
    "request: reserved are the dialect's own names, all signature and device parameters, nothing else") {
  for (const char* name :
       {"Action", "Signature", "SignatureType", "DeviceName", "DeviceName.1", "DeviceName.x", "SecurityToken",
        "Args", "Qos", "Timestamp", "Format", "Version", "RegionId"}) {
    CAPTURE(name);
    CHECK(is_reserved_parameter(name));
  }
  for (const char* name : {"ServiceCode", "DeviceNames", "ApiProduct", "", "Act", "action"}) {
    CAPTURE(name);
    CHECK_FALSE(is_reserved_parameter(name));
  }
}

TEST_CASE("request: every name that a full request carries is reserved") {
  Call call = set_call();
  call.qos = 1;
  call.iot_instance_id = "iot-1";
  const Credentials temporary{"id", Secret{"secret"}, Secret{"token"}};

  for (const auto& [name, value] : form_of(build_request({}, call, {"dev-1"}, temporary, stamp()))) {
    CAPTURE(name);
    CHECK(is_reserved_parameter(name));
  }
}

TEST_CASE("request: the same inputs give the same bytes, and the digest tells two requests apart") {
  const HttpRequest request = build_request({}, set_call(), {"dev-1", "dev-2"}, key, stamp());

  CHECK(request == build_request({}, set_call(), {"dev-1", "dev-2"}, key, stamp()));
  CHECK(request_digest("https://e", request) !=
        request_digest("https://e",
                       build_request({}, set_call(), {"dev-1", "dev-2"}, key, stamp("nonce-0002"))));
  CHECK(request_digest("https://e", request) != request_digest("https://other", request));
  // printf 'https://e\nPOST\n/\nabc' | sha256sum
  CHECK(request_digest("https://e", {"POST", "/", {{"any", "header"}}, "abc"}) ==
        "f05632acfe4f0b94f3c947b44a48fe620410214b771da16f787275e872328593");
}

TEST_CASE("request: the size bound is met but for the signature's own escapes") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random{seed};
  const std::string alphabet = "abcXYZ019-_@.: %派\"{}";

  for (int round = 0; round < 200; ++round) {
    const auto text_of = [&](std::size_t size) {
      std::string text;
      for (std::size_t i = 0; i < size; ++i) text += alphabet[random() % alphabet.size()];
      return text;
    };
    Call call = set_call(text_of(random() % 300));
    if (random() % 2) call.qos = 1;
    if (random() % 2) call.iot_instance_id = text_of(random() % 12);
    if (random() % 2) call.parameters = {{"Par ameter", text_of(random() % 9)}, {"Qos", "9"}};
    const Credentials some_key{text_of(20), Secret{"s"}, Secret{random() % 2 ? text_of(40) : ""}};
    std::vector<std::string> names;
    std::size_t names_encoded_size = 0;
    for (std::size_t n = 1 + random() % 100; n > 0; --n) {
      names.push_back(text_of(4 + random() % 29));
      names_encoded_size += percent_encode(names.back()).size();
    }
    const std::vector<std::string_view> devices{names.begin(), names.end()};

    const HttpRequest request =
        build_request({}, call, devices, some_key, stamp("0123456789abcdef0123456789abcdef"));
    const std::size_t bound = body_size_bound({}, call, devices.size(), names_encoded_size, some_key);

    const std::string signature = request.body.substr(request.body.rfind('=') + 1);
    CHECK(bound == request.body.size() - signature.size() + 84);
    CHECK(bound >= request.body.size());
  }
}
