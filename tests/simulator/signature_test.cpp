// SPDX-License-Identifier: MIT
// The expected signatures come from the cloud's documentation and from its official Node client.
#include "simulator/signature.hpp"

#include <doctest/doctest.h>

#include "signed_request.hpp"
#include "simulator/cloud.hpp"

using namespace sluice::simulator;
using namespace simulator_test;

namespace {

std::string code_of(const Options& options, const Request& request) {
  Cloud cloud{options};
  cloud.receive(after_start({}));
  const Verdict verdict = cloud.arrive(request, {}, after_start({}));
  return verdict.entry.code;
}

Parameters n3() {
  Parameters parameters = a_call("nonce-0003");
  parameters["SecurityToken"] = "tok/en+==";
  parameters["Args"] = "{}";
  parameters["DeviceName.1"] = "only1";
  parameters.erase("DeviceName.2");
  return parameters;
}

}  // namespace

TEST_CASE("simulator: percent-encoding keeps letters, digits and -_.~ only") {
  CHECK(percent_encoded("a!b'c(d)e*f") == "a%21b%27c%28d%29e%2Af");
  CHECK(percent_encoded("~-_.") == "~-_.");
  CHECK(percent_encoded("/=&+ ") == "%2F%3D%26%2B%20");
  CHECK(percent_encoded("派") == "%E6%B4%BE");
}

TEST_CASE("simulator: the documented example of another operation gets its documented signature") {
  const Parameters parameters{{"AccessKeyId", "testid"},
                              {"Action", "DescribeRegions"},
                              {"Format", "XML"},
                              {"SignatureMethod", "HMAC-SHA1"},
                              {"SignatureNonce", "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf"},
                              {"SignatureVersion", "1.0"},
                              {"Timestamp", "2016-02-23T12:46:24Z"},
                              {"Version", "2014-05-26"}};

  CHECK(signature_of(string_to_sign("GET", parameters), "testsecret") == "OLeaidS1JvxuMvnyHOwuJ+uX5qY=");
}

TEST_CASE("simulator: the official client's call by POST is executed") {
  Parameters parameters = a_call("nonce-0001");
  parameters["Signature"] = "2gDL1vlLjPs++fFZjaElY/32tQ0=";

  CHECK(code_of({}, post_of(parameters)) == "");
}

TEST_CASE("simulator: the same call by GET needs another signature") {
  Parameters parameters = a_call("nonce-0001");
  Request request{"GET", "", "localhost", "", "", 1};

  parameters["Signature"] = "9bFabkJAGUuaDQAml5eqKavn5MU=";
  request.target = "/?" + form_of(parameters);
  CHECK(code_of({}, request) == "");

  parameters["Signature"] = "2gDL1vlLjPs++fFZjaElY/32tQ0=";
  request.target = "/?" + form_of(parameters);
  CHECK(code_of({}, request) == "SignatureDoesNotMatch");
}

TEST_CASE("simulator: a security token is signed and must be the one that was issued") {
  Parameters parameters = n3();
  parameters["Signature"] = "GNwHGw7K1e3fwlqi0ZyVXDl4ejE=";
  Options options;

  options.security_token = "tok/en+==";
  CHECK(code_of(options, post_of(parameters)) == "");

  options.security_token = "another";
  CHECK(code_of(options, post_of(parameters)) == "InvalidSecurityToken.MismatchWithAccessKey");
  options.security_token = "";
  CHECK(code_of(options, post_of(parameters)) == "InvalidSecurityToken.MismatchWithAccessKey");
}

TEST_CASE("simulator: parameters may be split between query and form body") {
  Parameters parameters = with_signature("POST", a_call("n"));
  Request request = post_of({});
  request.target = "/?Signature=" + percent_encoded(parameters.at("Signature"));
  parameters.erase("Signature");
  request.body = form_of(parameters);
  request.content_type = "application/x-www-form-urlencoded; charset=utf-8";

  CHECK(code_of({}, request) == "");
}

TEST_CASE("simulator: ten devices and more are sorted by name, not as joined pairs") {
  Parameters parameters;
  for (int i = 1; i <= 10; ++i) parameters["DeviceName." + std::to_string(i)] = "device" + std::to_string(i);

  const std::string text = string_to_sign("POST", parameters);

  CHECK(text.find("DeviceName.1%3D") < text.find("DeviceName.10%3D"));
  CHECK(text.find("DeviceName.10%3D") < text.find("DeviceName.2%3D"));
}

TEST_CASE("simulator: a refused signature quotes the string that the server would have signed") {
  Parameters parameters = a_call("nonce-0001");
  parameters["Signature"] = "AAAA";
  Cloud cloud{Options{}};

  const Verdict verdict = cloud.arrive(post_of(parameters), {}, after_start({}));

  CHECK(verdict.answer.http_status == 400);
  CHECK(verdict.answer.body.find("server string to sign is:POST&%2F&AccessKeyId%3Dtestid%26Action") !=
        std::string::npos);
  CHECK(verdict.answer.body.find("testsecret") == std::string::npos);
}
