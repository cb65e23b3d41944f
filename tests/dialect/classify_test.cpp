// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "sluice/dialect/invoke_things.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using enum OutcomeKind;

namespace {

constexpr UtcTime now{1'700'000'000s};

struct Row {
  int status;
  std::string body;
  OutcomeKind kind;
};

Outcome classified(int status, std::string body,
                   std::vector<std::pair<std::string, std::string>> headers = {}) {
  return classify(InvokeThingsDialect{}, HttpResponse{status, std::move(headers), std::move(body)}, now);
}

void check_kinds(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    CAPTURE(row.status);
    CAPTURE(row.body);

    const Outcome outcome = classified(row.status, row.body);

    CHECK(to_string(outcome.kind) == to_string(row.kind));
    CHECK(outcome.http_status == row.status);
  }
}

const std::string html_502 =
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body bgcolor=\"white\"><center><h1>502 Bad "
    "Gateway</h1></center><hr><center>Tengine</center></body></html>";

}  // namespace

TEST_CASE("classify: accepted needs a 2xx, a readable body and Success as a boolean true") {
  check_kinds({
      {200, R"({"RequestId":"R-1","Success":true})", accepted},
      {200, R"({"RequestId":"R-1","Success":true,"Code":"","ErrorMessage":""})", accepted},
      {200, R"({"requestId":"R-1","success":true,"code":null})", accepted},
      {200, R"({"Success":true,"Code":"OK"})", accepted},
      {201, "\xEF\xBB\xBF \r\n{\"Success\":true}\n ", accepted},
      {200, R"({"Data":{"Success":false,"Code":"Throttling"},"Success":true,"List":[{"Code":"x"}]})",
       accepted},
      {200, R"({"Success":"true"})", answered_unclear},
      {200, R"({"Success":1})", answered_unclear},
      {200, R"({"Success":null})", answered_unclear},
      {200, R"({"RequestId":"R-1"})", answered_unclear},
      {200, R"({"Data":{"Success":true}})", answered_unclear},
      {200, R"([{"Success":true}])", answered_unclear},
      {200, R"({"Success":true)", answered_unclear},
      {200, R"({"Success":true}})", answered_unclear},
      {200, R"({"Success":true}{"Success":true})", answered_unclear},
      {200, R"({"Success":true,})", answered_unclear},
      {200, R"({"Success":true/**/})", answered_unclear},
      {200, "{\"Success\":true,\"ErrorMessage\":\"\xFF\"}", answered_unclear},
      {200, "true", answered_unclear},
      {200, "", answered_unclear},
      {204, "", answered_unclear},
      {200, html_502, answered_unclear},
      {200, R"({"Success":true,"Data":NaN})", answered_unclear},
      {200, R"({"Success":true,"Data":Infinity})", answered_unclear},
      {200, R"({'Success':true})", answered_unclear},
      {200, "\x1f\x8b\x08", answered_unclear},
      {302, R"({"Success":true})", answered_unclear},
      {400, R"({"Success":true})", answered_unclear},
      {500, R"({"Success":true,"Code":"ServiceUnavailable"})", answered_unclear},
  });
}

TEST_CASE("classify: a body that contradicts itself is unclear, never a success") {
  check_kinds({
      {200, R"({"Success":true,"Success":false})", answered_unclear},
      {200, R"({"Success":false,"success":true})", answered_unclear},
      {200, R"({"Success":true,"Success":true})", answered_unclear},
      {200, R"({"Success":true,"Code":{"a":1}})", answered_unclear},
      {200, R"({"Success":true,"Code":["Throttling"]})", answered_unclear},
      {200, R"({"Success":true,"Code":200})", answered_unclear},
      {200, R"({"Success":true,"Code":"iot.device.NotExistedDevice"})", answered_unclear},
      {200, R"({"Success":false,"Code":"Throttling","code":"Forbidden"})", answered_unclear},
      {400, R"({"Code":"Throttling","Code":"Forbidden"})", answered_unclear},
  });
}

TEST_CASE("classify: a product's refusal comes with status 200 and goes by its code") {
  check_kinds({
      {200, R"({"Success":false,"Code":"iot.device.NotExistedDevice","ErrorMessage":"no such device"})",
       rejected_devices},
      {200, R"({"Success":false,"Code":"iot.prod.NotExistedProduct"})", rejected_job},
      {200, R"({"Success":false,"Code":"Iot.system.BillIsOverDue"})", blocked},
      {200, R"({"Success":false,"Code":"iot.system.SystemException"})", answered_unclear},
      {200, R"({"Success":false,"Code":"iot.messagebroker.RateLimit"})", throttled},
      {200, R"({"Success":false,"Code":"iot.new.Unheard"})", answered_unclear},
      {200, R"({"Success":false,"Code":""})", answered_unclear},
      {200, R"({"Success":false})", answered_unclear},
      {200, R"({"Code":"iot.device.NotExistedDevice"})", answered_unclear},
  });
}

TEST_CASE("classify: a gateway's refusal goes by its code, whatever its status") {
  check_kinds({
      {400, R"({"RequestId":"R","HostId":"h","Code":"Throttling.User","Message":"m"})", throttled},
      {429, R"({"Code":"Throttling.Api","Message":"m"})", throttled},
      {429, "slow down", throttled},
      {429, R"({"Code":"Whatever"})", throttled},
      {503, R"({"Code":"ServiceUnavailable","Message":"m"})", unavailable},
      {500, R"({"Code":"InternalError","Message":"m"})", answered_unclear},
      {400, R"({"Code":"SignatureNonceUsed","Message":"m"})", nonce_used},
      {400, R"({"code":"InvalidTimeStamp.Expired","message":"m"})", blocked},
      {404, R"({"Code":"InvalidAccessKeyId.NotFound"})", blocked},
      {403, R"({"Code":"Forbidden.RAM"})", blocked},
      {400, R"({"Code":"MissingProductKey"})", rejected_job},
      {400, R"({"Code":"NeverHeardOf"})", answered_unclear},
      {400, R"({"Message":"no code"})", answered_unclear},
      {408, "", answered_unclear},
      {302, R"({"Code":"Throttling"})", answered_unclear},
      {101, R"({"Code":"Throttling"})", answered_unclear},
  });
}

TEST_CASE("classify: a front-end's page is unclear, but for the one about a request that is too large") {
  check_kinds({
      {502, html_502, answered_unclear},
      {503, html_502, answered_unclear},
      {504, "<!DOCTYPE html><html><body>504 Gateway Time-out<br></body></html>", answered_unclear},
      {500, "", answered_unclear},
      {403, "<html><body>denied</body></html>", answered_unclear},
      {414, "<html><head><title>414 Request-URI Too Large</title></head></html>", rejected_job},
      {413, "", rejected_job},
  });

  CHECK(classified(502, html_502).code == "http_502");
  CHECK(classified(502, html_502).message.find("502 Bad Gateway") != std::string::npos);
}

TEST_CASE("classify: XML says the same as JSON, and its roots are the API's own") {
  const std::string head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  check_kinds({
      {200,
       head + "<InvokeThingsServiceResponse><RequestId>R-1</RequestId><Success>true</Success>"
              "</InvokeThingsServiceResponse>",
       accepted},
      {200,
       head + "<InvokeThingsServiceResponse><Success> true </Success><Code></Code>"
              "</InvokeThingsServiceResponse>",
       accepted},
      {200,
       head + "<InvokeThingsServiceResponse><Success>false</Success><Code>iot.device.InactiveDevice</Code>"
              "</InvokeThingsServiceResponse>",
       rejected_devices},
      {400, head + "<Error><RequestId>R</RequestId><HostId>h</HostId><Code>Throttling</Code></Error>",
       throttled},
      {400, "<!DOCTYPE Error [<!ENTITY c \"x\">]><Error><Code>Throttling</Code></Error>", throttled},
      {400, "<Error><Code><![CDATA[Throttling]]></Code></Error>", throttled},
      {200, "<InvokeThingsServiceResponse><Success>TRUE</Success></InvokeThingsServiceResponse>",
       answered_unclear},
      {200,
       "<InvokeThingsServiceResponse><Success>true</Success><Success>true</Success>"
       "</InvokeThingsServiceResponse>",
       answered_unclear},
      {200, "<InvokeThingsServiceResponse><Success><b>true</b></Success></InvokeThingsServiceResponse>",
       answered_unclear},
      {200, "<InvokeThingsServiceResponse><Success>true</Success>", answered_unclear},
      {200, "<InvokeThingsServiceResponse><Success>true</Success></InvokeThingsServiceResponse><Error/>",
       answered_unclear},
      {200,
       "<InvokeThingsServiceResponse><Success>true</Success></"
       "InvokeThingsServiceResponse>{\"Success\":false}",
       answered_unclear},
      {200, head + "1c<InvokeThingsServiceResponse><Success>true</Success></InvokeThingsServiceResponse>",
       answered_unclear},
      {200, "<InvokeThingsServiceResponse><Success>true&#0;false</Success></InvokeThingsServiceResponse>",
       answered_unclear},
      {200, "<InvokeThingsServiceResponse><Success>true&#x100000000;</Success></InvokeThingsServiceResponse>",
       answered_unclear},
      {200, "<OtherResponse><Success>true</Success></OtherResponse>", answered_unclear},
      {200, "<Error><Success>true</Success></Error>", answered_unclear},
      {200, "<", answered_unclear},
  });
}

TEST_CASE("classify: the XML root follows the configured action") {
  InvokeThingsDialect dialect;
  dialect.action = "InvokeThingService";
  const HttpResponse response{
      200, {}, "<InvokeThingServiceResponse><Success>true</Success></InvokeThingServiceResponse>"};

  CHECK(classify(dialect, response, now).kind == accepted);
  CHECK(classify(InvokeThingsDialect{}, response, now).kind == answered_unclear);
}

TEST_CASE("classify: the content type does not decide") {
  const std::vector<std::pair<std::string, std::string>> html{{"Content-Type", "text/html"}};

  CHECK(classified(200, R"({"Success":true})", html).kind == accepted);
}

TEST_CASE("classify: code, message and request id are carried over") {
  const Outcome product = classified(
      200,
      R"({"RequestId":"R-1","Success":false,"Code":"iot.device.InactiveDevice","ErrorMessage":"never \n on"})");
  CHECK(product.code == "iot.device.InactiveDevice");
  CHECK(product.message == "never \n on");
  CHECK(product.request_id == "R-1");

  const Outcome gateway = classified(400,
                                     "<Error><RequestId>R-2</RequestId><Code>Forbidden</Code>"
                                     "<Message>a &lt;b&gt;</Message></Error>");
  CHECK(gateway.code == "Forbidden");
  CHECK(gateway.message == "a <b>");
  CHECK(gateway.request_id == "R-2");

  CHECK(classified(200, R"({"Success":true,"RequestId":"R-3"})") ==
        Outcome{.kind = accepted, .request_id = "R-3", .http_status = 200});
}

TEST_CASE("classify: texts of the server are cut, and not within a character") {
  const std::string chinese = "x" + [] {
    std::string text;
    for (int i = 0; i < 1000; ++i) text += "派";
    return text;
  }();
  const Outcome outcome =
      classified(400, R"({"Code":"Throttling)" + std::string(500, 'c') + R"(","RequestId":")" +
                          std::string(500, 'r') + R"(","Message":")" + chinese + "\"}");

  CHECK(outcome.kind == throttled);
  CHECK(outcome.code.size() == 128);
  CHECK(outcome.request_id.size() == 128);
  CHECK(outcome.message ==
        chinese.substr(0, 1 + 3 * 341));  // 1024 bytes: one letter and 341 characters of three
}

TEST_CASE("classify: a redirect says where to, because it is never followed") {
  for (int status = 301; status <= 308; ++status) {
    const Outcome outcome = classified(status, "", {{"Location", "https://elsewhere.example/"}});

    CHECK(outcome.kind == answered_unclear);
    CHECK(outcome.http_status == status);
    CHECK(outcome.code == "http_" + std::to_string(status));
    CHECK(outcome.message.find("https://elsewhere.example/") != std::string::npos);
  }
}

TEST_CASE("classify: a body in an encoding that nobody asked for is named, not quoted") {
  const Outcome outcome = classified(200, "\x1f\x8b\x08 bytes", {{"content-encoding", "gzip"}});

  CHECK(outcome.kind == answered_unclear);
  CHECK(outcome.message == "HTTP 200 with a body encoded as gzip, which nobody asked for");
  CHECK(classified(200, R"({"Success":true})", {{"Content-Encoding", "Identity"}}).kind == accepted);
}

TEST_CASE("classify: a temporary key's token that the server quotes is taken out of the message") {
  const std::string quoted =
      "request was:POST&%2F&Action%3DX%26SecurityToken%3Dt0ken%252Fpart%253D%26Timestamp%3D2024";
  CHECK(classified(400, R"({"Code":"SignatureDoesNotMatch","Message":")" + quoted + "\"}").message ==
        "request was:POST&%2F&Action%3DX%26SecurityToken%3D***%26Timestamp%3D2024");

  CHECK(classified(400,
                   R"({"Code":"X","Message":"securitytoken=t0ken%2Fpart&A=1 SecurityToken= SecurityToken"})")
            .message == "securitytoken=***&A=1 SecurityToken=*** SecurityToken");
  CHECK(classified(502, "<html>POST SecurityToken=t0ken</html>").message.find("t0ken") == std::string::npos);
}

TEST_CASE("classify: the string to sign that the server quotes is left out: it is the whole request again") {
  const std::string answer =
      R"({"Code":"SignatureDoesNotMatch","Message":"not conform. server string to sign is:POST&%2F&Action%3DX"})";

  CHECK(classified(400, answer).message == "not conform. server string to sign is: (left out)");
}

TEST_CASE("classify: a rate-limit hint makes a refusal without a known code throttled") {
  const std::vector<std::pair<std::string, std::string>> used_up{
      {"x-ratelimit-user", "Remain:0,TimeLeft:2000"}};

  CHECK(classified(400, R"({"Code":"SomethingNew"})", used_up).kind == throttled);
  CHECK(classified(400, R"({"Code":"SomethingNew"})", used_up).retry_after == 2000ms);

  CHECK(classified(403, R"({"Code":"Forbidden.RAM"})", used_up).kind == blocked);
  // A server that failed inside may have executed the call, whatever its front end adds.
  CHECK(classified(502, html_502, used_up).kind == answered_unclear);
  CHECK(classified(502, html_502, used_up).retry_after == 2000ms);
  CHECK(classified(500, R"({"Code":"InternalError"})", used_up).kind == answered_unclear);
  CHECK(classified(200, "", used_up).kind == answered_unclear);
  CHECK(classified(503, html_502, {{"Retry-After", "5"}}).kind == answered_unclear);
  CHECK(classified(400, "", {{"x-ratelimit-user", "Remain:7,TimeLeft:2000"}}).kind == answered_unclear);
}

TEST_CASE("classify: the server's wish to wait is passed on, but not with an acceptance") {
  CHECK(classified(429, "", {{"Retry-After", "7"}}).retry_after == 7s);
  CHECK(classified(503, R"({"Code":"ServiceUnavailable"})", {{"Retry-After", "7"}}).retry_after == 7s);
  CHECK(classified(429, "").retry_after == std::nullopt);
  CHECK(classified(200, R"({"Success":true})", {{"Retry-After", "7"}}).retry_after == std::nullopt);
}

TEST_CASE("classify: a tenant's own codes come before the table") {
  InvokeThingsDialect dialect;
  dialect.extra_codes = {{"iot.vendor.*", rejected_devices}, {"Throttling.Day", blocked}};

  const auto kind_of = [&](const char* code) {
    const HttpResponse response{200, {}, std::string{R"({"Success":false,"Code":")"} + code + "\"}"};
    return classify(dialect, response, now).kind;
  };
  CHECK(kind_of("iot.vendor.Asleep") == rejected_devices);
  CHECK(kind_of("Throttling.Day") == blocked);
  CHECK(kind_of("Throttling.Hour") == throttled);
}

TEST_CASE("classify: a hundred levels of nesting are refused without harm") {
  const std::string deep = R"({"Success":true,"x":)" + std::string(100, '[') + std::string(100, ']') + "}";
  CHECK(classified(200, deep).kind == answered_unclear);

  const std::string bottomless = R"({"Success":true,"x":)" + std::string(200'000, '[');
  CHECK(classified(200, bottomless).kind == answered_unclear);

  std::string elements;
  for (int i = 0; i < 20'000; ++i) elements += "<a>";
  CHECK(classified(200, "<InvokeThingsServiceResponse>" + elements).kind == answered_unclear);
}

TEST_CASE("classify: no part of a success is a success") {
  for (const std::string& whole :
       {std::string{R"({"RequestId":"R-1","Success":true,"Code":"","ErrorMessage":"x"})"},
        std::string{"<InvokeThingsServiceResponse><RequestId>R-1</RequestId><Success>true</Success>"
                    "</InvokeThingsServiceResponse>"}}) {
    REQUIRE(classified(200, whole).kind == accepted);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      CAPTURE(whole.substr(0, size));

      CHECK(classified(200, whole.substr(0, size)).kind == answered_unclear);
    }
  }
}

TEST_CASE("classify: random bytes never pass for a success, and never throw") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random{seed};
  using namespace std::string_view_literals;
  constexpr std::string_view pieces = "{}[]<>/\"':,\\&;!-truefalsnSuccessCode \n\t\x00\xff\x80"sv;

  for (int round = 0; round < 20'000; ++round) {
    std::string body{random() % 2 ? "{" : "<"};
    for (std::size_t size = random() % 60; size > 0; --size) body += pieces[random() % pieces.size()];
    CAPTURE(body);

    CHECK(classified(200, body).kind == answered_unclear);
  }
}

TEST_CASE("classify: a failed transport is silent if something may have arrived") {
  struct Case {
    FailureKind failure;
    bool may_have_arrived;
    OutcomeKind kind;
  };
  for (const Case& row : std::initializer_list<Case>{{FailureKind::stopped, false, unavailable},
                                                     {FailureKind::resolve, false, unavailable},
                                                     {FailureKind::connect, false, unavailable},
                                                     {FailureKind::exhausted, false, unavailable},
                                                     {FailureKind::certificate, false, blocked},
                                                     {FailureKind::weak_tls, false, blocked},
                                                     {FailureKind::tls, false, unavailable},
                                                     {FailureKind::timeout, false, unavailable},
                                                     {FailureKind::broken, false, unavailable},
                                                     {FailureKind::timeout, true, silent},
                                                     {FailureKind::broken, true, silent},
                                                     {FailureKind::unreadable, true, answered_unclear},
                                                     {FailureKind::certificate, true, silent}}) {
    CAPTURE(to_string(row.failure));

    const Outcome outcome =
        classify(TransportFailure{row.failure, row.may_have_arrived, std::string(2000, 'x')});

    CHECK(to_string(outcome.kind) == to_string(row.kind));
    CHECK(outcome.code == to_string(row.failure));
    CHECK(outcome.message.size() == 1024);
    CHECK(outcome.http_status == 0);
  }
}
