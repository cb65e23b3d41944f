// SPDX-License-Identifier: MIT
// What an operator, a script and the control socket are told of a command.
#include "app/control_answer.hpp"

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <string>
#include <vector>

#include "app/hostile_texts.hpp"

using namespace sluice;

namespace {

const StateCounts devices{.pending = 700,
                          .in_flight = 200,
                          .accepted = 1'200,
                          .presumed = 10,
                          .failed = 5,
                          .in_doubt = 3,
                          .canceled = 48'000};

ControlAnswer answer(std::string action, bool is_changed = true) {
  return {.action = std::move(action),
          .actor = "alice (uid 1000)",
          .process = 1234,
          .runs = {{.run = RunId{7},
                    .is_changed = is_changed,
                    .status = "paused",
                    .devices = devices,
                    .requests_in_flight = 2}}};
}

ControlAnswer unrecorded(std::string action) {
  ControlAnswer told = answer(std::move(action));
  told.is_recorded = false;
  told.runs = {{.run = RunId{7}, .is_changed = true, .status = {}}};
  return told;
}

ControlAnswer approval(bool is_changed) {
  return {.action = "approve",
          .actor = "bob (uid 1001)",
          .runs = {},
          .approved = ApprovedStage{.run = RunId{7}, .number = 2, .name = "ten", .is_changed = is_changed}};
}

ControlAnswer rate_order() {
  return {.action = "rate",
          .actor = "bob (uid 1001)",
          .process = 1234,
          .runs = {},
          .rate = OrderedRate{"prod", 4, "2027-01-15T09:00:00Z"}};
}

bool says(const std::string& text, std::string_view what) { return text.find(what) != text.npos; }

}  // namespace

TEST_CASE("control answer: a pause names what is in flight, a cancel what cannot be recalled") {
  CHECK(control_text(answer("pause")) ==
        "run 7 is paused: 200 devices in 2 requests in flight, 700 devices not sent\n"
        "  next: sluice resume 7\n");
  CHECK(control_text(answer("cancel"), "s.db") ==
        "run 7 is canceled\n"
        "  cannot be recalled: accepted 1,200, presumed 10, in doubt 3, in flight 200\n"
        "  not sent: 48,700 devices\n"
        "  next: sluice status 7 --store s.db\n");
  CHECK(control_text(answer("resume")) == "run 7 goes on, sent by process 1234\n");
}

TEST_CASE("control answer: a canceled run is canceled, also while its last answers are awaited") {
  RunRecord run;
  run.control = RunControl::canceled;
  run.chunks.in_flight = 1;
  CHECK(controlled(run, true).status == "canceled");
}

TEST_CASE("control answer: what was so before is said to be so") {
  CHECK(says(control_text(answer("pause", false)), "run 7 is already paused"));
  CHECK(says(control_text(answer("cancel", false)), "run 7 is already canceled"));
  CHECK(says(control_text(answer("resume", false)), "run 7 is already being sent by process 1234"));
  ControlAnswer nothing = answer("stop");
  nothing.runs.clear();
  CHECK(control_text(nothing) == "nothing to stop: no run is unfinished\n");
}

TEST_CASE(
    "control answer: as long as the store is held, it says that sending has stopped and the record follows") {
  CHECK(says(control_text(unrecorded("pause")), "nothing more is sent"));
  CHECK(says(control_text(unrecorded("cancel")), "the record follows"));
  const auto json = boost::json::parse(control_json(unrecorded("pause"))).as_object();
  CHECK(json.at("recorded") == false);
  CHECK(json.at("status").is_null());
  CHECK(json.at("devices").is_null());
}

TEST_CASE("control answer: as JSON it has its version first, and comes back as it was") {
  CHECK(control_json(answer("pause")).starts_with("{\"schema_version\":1,\"action\":\"pause\","));
  ControlAnswer stop = answer("stop");
  stop.runs.push_back(stop.runs.front());
  ControlAnswer nobody = answer("cancel", false);
  nobody.process = 0;
  for (const ControlAnswer& one :
       {answer("pause"), nobody, stop, unrecorded("cancel"), approval(true), rate_order()}) {
    const Result<ControlAnswer> back = control_answer_from(control_json(one));
    REQUIRE(back.has_value());
    CHECK(*back == one);
  }
}

TEST_CASE("control answer: whatever else comes over the socket is an error, and harmless to look at") {
  for (const std::string& hostile : testing::hostile_texts()) {
    const Result<ControlAnswer> back = control_answer_from(hostile);
    REQUIRE(back.has_error());
    CHECK(testing::is_harmless(back.error().message));
  }
  CHECK(control_answer_from("{\"schema_version\":1,\"action\":\"pause\"}").has_error());
  CHECK(control_answer_from("[]").has_error());
}
