// SPDX-License-Identifier: MIT
// What is said of devices in doubt, and which reasons for a decision are taken.
#include "app/doubt_report.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <string>
#include <vector>

#include "app/hostile_texts.hpp"
#include "app/operator_name.hpp"

using namespace sluice;
using namespace std::chrono_literals;

namespace {

const RunId run{7};
const UtcTime noon{1'800'000'000s};  // 2027-01-15T08:00:00Z

std::vector<DoubtfulChunk> two_doubts() {
  return {{.chunk = ChunkId{12},
           .devices = 100,
           .code = "InternalError",
           .message = "try later",
           .request_id = "R-1",
           .sends = 2,
           .since = noon},
          {.chunk = ChunkId{13},
           .devices = 50,
           .held = Held::store_restored,
           .code = "store_restored",
           .message = "restored"}};
}

DoubtDecision decision(DoubtVerdict verdict) {
  return {.run = run, .verdict = verdict, .actor = "alice (uid 1000)", .reason = "seen", .now = noon};
}

}  // namespace

TEST_CASE("doubt report: the list adds up, and ends with both words that can be said") {
  CHECK(
      doubt_list_text(run, two_doubts(), "my store.db") ==
      "run 7: 150 devices in 2 chunks in doubt\n"
      "  CHUNK  DEVICES  SENDS  SINCE                 CODE                    REQUEST ID                    "
      "        MESSAGE\n"
      "     12      100      2  2027-01-15T08:00:00Z  InternalError           R-1                           "
      "        try later\n"
      "     13       50      0  -                     store_restored          -                             "
      "        restored\n"
      "They got the command: sluice doubt accept 7 --reason TEXT --store 'my store.db'\n"
      "Send it once more:    sluice doubt resend 7 --reason TEXT --expect-devices 150 --store 'my "
      "store.db'\n");
  CHECK(doubt_list_text(run, {}) ==
        "run 7: no device is in doubt\nWhat was decided: sluice doubt list 7 --decided\n");
}

TEST_CASE("doubt report: the list's JSON begins with its version, and only a held chunk has a reason") {
  CHECK(doubt_list_json(run, two_doubts()) ==
        "{\"schema_version\":1,\"run\":7,\"chunks\":["
        "{\"chunk\":12,\"devices\":100,\"code\":\"InternalError\",\"message\":\"try later\","
        "\"request_id\":\"R-1\",\"sends\":2,\"since\":\"2027-01-15T08:00:00.000Z\"},"
        "{\"chunk\":13,\"devices\":50,\"code\":\"store_restored\",\"message\":\"restored\","
        "\"request_id\":\"\",\"sends\":0,\"since\":null,\"reason\":\"store_restored\"}],\"devices\":150}\n");
}

TEST_CASE("doubt report: a decision is told with what follows from it") {
  const DoubtResolved resolved{.chunks = 2, .devices = 150};

  CHECK(resolved_text(decision(DoubtVerdict::accept), resolved) ==
        "run 7: 150 devices in 2 chunks counted as accepted, presumed\n");
  CHECK(command_after(decision(DoubtVerdict::accept), {}, /*has_daemon=*/false) == "sluice status 7");
  CHECK(resolved_text(decision(DoubtVerdict::resend), resolved) ==
        "run 7: 150 devices in 2 chunks put back into the queue\n");
  const std::string next = command_after(decision(DoubtVerdict::resend), "a.db", /*has_daemon=*/false);
  CHECK(resolved_json(decision(DoubtVerdict::resend), resolved, next) ==
        "{\"schema_version\":1,\"run\":7,\"decision\":\"resend\",\"chunks\":2,\"devices\":150,"
        "\"actor\":\"alice (uid 1000)\",\"reason\":\"seen\",\"next_command\":\"sluice resume 7 --store "
        "a.db\"}\n");
}

TEST_CASE("doubt report: where a daemon sends, nobody is told to resume what is sent again") {
  CHECK(command_after(decision(DoubtVerdict::resend), "a.db", /*has_daemon=*/true) ==
        "sluice status 7 --store a.db");
}

TEST_CASE("doubt report: who decided what is shown chunk by chunk") {
  const std::vector<DecidedChunk> decided{{.chunk = ChunkId{12},
                                           .devices = 100,
                                           .verdict = DoubtVerdict::resend,
                                           .actor = "alice (uid 1000)",
                                           .reason = "not seen",
                                           .at = noon}};

  CHECK(decided_text(run, decided) ==
        "  CHUNK  DEVICES  DECISION  AT                    BY                        REASON\n"
        "     12      100  resend    2027-01-15T08:00:00Z  alice (uid 1000)          not seen\n");
  CHECK(decided_json(run, decided) ==
        "{\"schema_version\":1,\"run\":7,\"decisions\":[{\"chunk\":12,\"devices\":100,"
        "\"decision\":\"resend\",\"actor\":\"alice (uid 1000)\",\"reason\":\"not seen\","
        "\"at\":\"2027-01-15T08:00:00.000Z\"}]}\n");
  CHECK(decided_text(run, {}) == "run 7: nothing was decided about doubt\n");
}

TEST_CASE("doubt report: hostile answers, reasons and names harm neither the terminal nor the JSON") {
  for (const std::string& text : testing::hostile_texts()) {
    CAPTURE(text);
    std::vector<DoubtfulChunk> doubts = two_doubts();
    doubts[0].code = doubts[0].message = doubts[0].request_id = text;
    const std::vector<DecidedChunk> decided{
        {.chunk = ChunkId{1}, .devices = 1, .actor = text, .reason = text, .at = noon}};

    CHECK(testing::is_harmless(doubt_list_text(run, doubts)));
    CHECK(testing::is_harmless(decided_text(run, decided)));
    for (const std::string& json : {doubt_list_json(run, doubts), decided_json(run, decided)}) {
      boost::json::error_code error;
      boost::json::parse(json, error);
      CHECK_FALSE(error);
    }
  }
}

TEST_CASE("doubt report: a reason is a line that can be read, of at most 500 bytes") {
  for (const std::string& reason :
       {std::string{"asked the fleet's owner"}, std::string{"已确认"}, std::string(500, 'x')}) {
    CAPTURE(reason);
    CHECK(check_reason(reason).has_value());
  }
  for (const std::string& reason : {std::string{}, std::string{"  "}, std::string(501, 'x'),
                                    std::string{"two\nlines"}, std::string{"tab\t"}, std::string{"\x1b[31m"},
                                    std::string{"\u202Egnp"}, std::string{"\xff"}, std::string{"nul\0", 4}}) {
    CAPTURE(reason);
    const Result<void> checked = check_reason(reason);
    REQUIRE(checked.has_error());
    CHECK(checked.error().kind == ErrorKind::usage);
    CHECK(testing::is_harmless(checked.error().message));
  }
}

TEST_CASE("doubt report: whoever decides is named by the system, with the number of the user") {
  CHECK(operator_name().find("uid " + std::to_string(::getuid())) != std::string::npos);
}
