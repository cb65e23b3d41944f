// SPDX-License-Identifier: MIT
// The published signature examples and unit-test vectors of Alibaba Cloud's pages and SDKs, recomputed with
// Python's hmac; N1, N1g and N3 come from running the official Node client on our own request's shape.
#include "sluice/dialect/signature.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace sluice;

namespace {

struct Vector {
  const char* origin;
  const char* method;
  Parameters parameters;
  const char* secret;
  const char* signature;
};

Parameters with(Parameters parameters, const Parameters& more) {
  parameters.insert(parameters.end(), more.begin(), more.end());
  return parameters;
}

const Parameters go_sdk{{"AccessKeyId", "accessKeyId"},
                        {"Action", ""},
                        {"Format", "JSON"},
                        {"RegionId", "regionId"},
                        {"SignatureMethod", "HMAC-SHA1"},
                        {"SignatureNonce", "MOCK_UUID"},
                        {"SignatureType", ""},
                        {"SignatureVersion", "1.0"},
                        {"Timestamp", "mock date"},
                        {"Version", ""}};

const Parameters our_shape{
    {"AccessKeyId", "testid"},   {"Action", "InvokeThingsService"}, {"Format", "JSON"},
    {"Version", "2018-01-20"},   {"SignatureMethod", "HMAC-SHA1"},  {"SignatureVersion", "1.0"},
    {"RegionId", "cn-shanghai"}, {"ProductKey", "a1BwAGVxxxx"},     {"Timestamp", "2024-01-02T03:04:05Z"},
    {"Identifier", "Set"}};

const Parameters n1 = with(our_shape, {{"SignatureNonce", "nonce-0001"},
                                       {"Args", R"({"param1":1})"},
                                       {"DeviceName.1", "1102android02"},
                                       {"DeviceName.2", "1102android01"}});

const Vector vectors[] = {
    {"A: C++ SDK, hmacsha1signer_ut.cc (spells it TimeStamp)",
     "GET",
     {{"AccessKeyId", "testid"},
      {"Action", "DescribeRegions"},
      {"Format", "XML"},
      {"RegionId", "region1"},
      {"SignatureMethod", "HMAC-SHA1"},
      {"SignatureNonce", "NwDAxvLU6tFE0DVb"},
      {"SignatureVersion", "1.0"},
      {"TimeStamp", "2012-12-26T10:33:56Z"},
      {"Version", "2013-01-10"}},
     "testsecret",
     "axE3FUHgDyfm9/+Iep0HpZXrRwE="},
    {"B: the ECS signature page",
     "GET",
     {{"AccessKeyId", "testid"},
      {"Action", "DescribeRegions"},
      {"Format", "XML"},
      {"SignatureMethod", "HMAC-SHA1"},
      {"SignatureNonce", "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf"},
      {"SignatureVersion", "1.0"},
      {"Timestamp", "2016-02-23T12:46:24Z"},
      {"Version", "2014-05-26"}},
     "testsecret",
     "OLeaidS1JvxuMvnyHOwuJ+uX5qY="},
    {"C: the IoT signature page (its value only comes out with one '=' in MessageContent)",
     "GET",
     {{"AccessKeyId", "testid"},
      {"Action", "Pub"},
      {"Format", "XML"},
      {"MessageContent", "aGVsbG93b3JsZA="},
      {"ProductKey", "12345abcdeZ"},
      {"Qos", "0"},
      {"RegionId", "cn-shanghai"},
      {"ServiceCode", "iot"},
      {"SignatureMethod", "HMAC-SHA1"},
      {"SignatureNonce", "0715a395-aedf-4a41-bab7-746b43d38d88"},
      {"SignatureVersion", "1.0"},
      {"Timestamp", "2017-10-02T09:39:41Z"},
      {"TopicFullName", "/productKey/testdevice/get"},
      {"Version", "2017-04-20"}},
     "testsecret",
     "Y9eWn4nF8QPh3c4zAFkM/k/u7eA="},
    {"D: Go SDK, empty values are signed", "GET", go_sdk, "accessKeySecret", "7loPmFjvDnzOVnQeQNj85S6nFGY="},
    {"E: Go SDK with an STS token", "GET", with(go_sdk, {{"SecurityToken", "accessKeyStsToken"}}),
     "accessKeySecret", "5Nxdcler+ihqWqv0Hr2On4PsBf4="},
    {"H: the SMS signature page (UTF-8 and JSON values)",
     "GET",
     {{"AccessKeyId", "testId"},
      {"Action", "SendSms"},
      {"Format", "XML"},
      {"OutId", "123"},
      {"PhoneNumbers", "15300000001"},
      {"RegionId", "cn-hangzhou"},
      {"SignName", "阿里云短信测试专用"},
      {"SignatureMethod", "HMAC-SHA1"},
      {"SignatureNonce", "45e25e9b-0a6f-4070-8c85-2956eda1b466"},
      {"SignatureVersion", "1.0"},
      {"TemplateCode", "SMS_71390007"},
      {"TemplateParam", R"({"customer":"test"})"},
      {"Timestamp", "2017-07-12T02:42:19Z"},
      {"Version", "2017-05-25"}},
     "testSecret",
     "zJDF+Lrzhj/ThnlvIToysFRq6t4="},
    {"I: the newer RPC signature page",
     "GET",
     {{"AccessKeyId", "testid"},
      {"Action", "DescribeDedicatedHosts"},
      {"Format", "JSON"},
      {"RegionId", "cn-beijing"},
      {"SignatureMethod", "HMAC-SHA1"},
      {"SignatureNonce", "edb2b34af0af9a6d14deaf7c1a5315eb"},
      {"SignatureVersion", "1.0"},
      {"Timestamp", "2023-03-13T08:34:30Z"},
      {"Version", "2014-05-26"}},
     "testsecret",
     "9NaGiOspFP5UPcwX8Iwt2YJXXuk="},
    {"J: Darabonba unit tests", "", {{"test", "ok"}}, "accessKeySecret", "jHx/oHoHNrbVfhncHEvPdHXZwHU="},
    {"N1: our request by POST", "POST", n1, "testsecret", "2gDL1vlLjPs++fFZjaElY/32tQ0="},
    {"N1g: the same by GET", "GET", n1, "testsecret", "9bFabkJAGUuaDQAml5eqKavn5MU="},
    {"N3: with a token that needs escapes", "POST",
     with(our_shape, {{"SignatureNonce", "nonce-0003"},
                      {"SecurityToken", "tok/en+=="},
                      {"Args", "{}"},
                      {"DeviceName.1", "only1"}}),
     "testsecret", "GNwHGw7K1e3fwlqi0ZyVXDl4ejE="},
};

}  // namespace

TEST_CASE("signature: every published vector and those of our own shape come out") {
  for (const Vector& vector : vectors) {
    CAPTURE(vector.origin);

    CHECK(signature_v1(vector.method, canonical_query(vector.parameters), vector.secret) == vector.signature);
  }
}

TEST_CASE("signature: the raw HMAC adds nothing to its key") {
  CHECK(hmac_sha1_base64("sk#$!~~~", "abc~!@#") == "7eV3A584uvdgKVk8Ck8r9ukg1gE=");  // F: Java SDK
  // The empty key and the empty message, by Python's hmac module.
  CHECK(hmac_sha1_base64("", "") == "+9sdGxiqbAgyS31ktx+3Y3BpDh0=");
}

TEST_CASE("signature: the string to sign is encoded twice") {
  CHECK(
      string_to_sign("POST", canonical_query(n1)) ==
      "POST&%2F&AccessKeyId%3Dtestid%26Action%3DInvokeThingsService%26Args%3D%257B%2522param1%2522%253A1%257D"
      "%26DeviceName.1%3D1102android02%26DeviceName.2%3D1102android01%26Format%3DJSON%26Identifier%3DSet"
      "%26ProductKey%3Da1BwAGVxxxx%26RegionId%3Dcn-shanghai%26SignatureMethod%3DHMAC-SHA1"
      "%26SignatureNonce%3Dnonce-0001%26SignatureVersion%3D1.0%26Timestamp%3D2024-01-02T03%253A04%253A05Z"
      "%26Version%3D2018-01-20");
}

TEST_CASE("signature: parameters are sorted by name, not by name and value") {
  const Parameters parameters{{"DeviceName.2", "b"}, {"DeviceName.10", "c"}, {"DeviceName.1", "a"}};

  CHECK(canonical_query(parameters) == "DeviceName.1=a&DeviceName.10=c&DeviceName.2=b");
}

TEST_CASE("percent encoding: only letters, digits and -_.~ stay, and the size is known without encoding") {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"", ""},
      {"a!b'c(d)e*f", "a%21b%27c%28d%29e%2Af"},
      {"~-_.", "~-_."},
      {"/=&+", "%2F%3D%26%2B"},
      {"a b", "a%20b"},
      {"派", "%E6%B4%BE"},
      {std::string("\0\x7f\xff", 3), "%00%7F%FF"},
  };
  for (const auto& [text, encoded] : rows) {
    CAPTURE(encoded);

    CHECK(percent_encode(text) == encoded);
    CHECK(percent_encoded_size(text) == encoded.size());
  }
}
