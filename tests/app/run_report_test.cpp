// SPDX-License-Identifier: MIT
#include "app/run_report.hpp"

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>

#include "app/hostile_texts.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using sluice::testing::hostile_texts;
using sluice::testing::is_harmless;

namespace {

constexpr UtcTime start{1'767'323'045'000ms};  // 2026-01-02T03:04:05Z

RunRecord finished_with_failures() {
  RunRecord run;
  run.id = RunId{7};
  run.job_name = "fw";
  run.tenant = "prod";
  run.endpoint = "https://iot.example.com";
  run.rate = 10;
  run.devices = {.accepted = 9'800, .presumed = 100, .failed = 100};
  run.chunks = {.accepted = 98, .presumed = 1, .failed = 1, .split = 2};
  run.requests = 105;
  run.throttled = 3;
  run.created_at = start - 1s;
  run.started_at = start;
  run.finished_at = start + 9934ms;
  return run;
}

RunRecord under_way() {
  RunRecord run = finished_with_failures();
  run.devices = {.pending = 5000, .in_flight = 200, .accepted = 4800};
  run.chunks = {.pending = 50, .in_flight = 2, .accepted = 48};
  run.finished_at.reset();
  return run;
}

}  // namespace

TEST_CASE("run report: the summary object is the contract's, to the letter") {
  CHECK(run_summary_json(finished_with_failures(), "sluice results 7 --state failed") ==
        "{\"schema_version\":1,\"run\":7,\"job\":\"fw\",\"status\":\"completed_with_failures\","
        "\"devices\":{\"total\":10000,\"accepted\":9800,\"presumed\":100,\"failed\":100,\"in_doubt\":0,"
        "\"canceled\":0,\"pending\":0},"
        "\"chunks\":{\"pending\":0,\"in_flight\":0,\"succeeded\":99,\"failed\":1,\"in_doubt\":0,\"split\":2,"
        "\"canceled\":0},"
        "\"requests\":105,\"throttled\":3,\"started_at\":\"2026-01-02T03:04:05.000Z\","
        "\"finished_at\":\"2026-01-02T03:04:14.934Z\",\"seconds\":9.934,\"reason\":null,"
        "\"next_command\":\"sluice results 7 --state failed\"}\n");
}

TEST_CASE("run report: the summary of an unfinished run adds up and has no end") {
  const auto json = boost::json::parse(run_summary_json(under_way(), ""));

  CHECK(json.at("devices").at("total") == 10'000);
  CHECK(json.at("devices").at("pending") == 5200);
  CHECK(json.at("finished_at").is_null());
  CHECK(json.at("seconds").is_null());
  CHECK(json.at("reason").is_null());
  CHECK(json.at("next_command").is_null());
}

TEST_CASE("run report: the summary of a paused run has the reason as it was recorded") {
  RunRecord run = under_way();
  run.control = RunControl::paused;
  run.control_reason = "iot.prod.NotExistedProduct: no such product";
  CHECK(boost::json::parse(run_summary_json(run, "")).at("reason") ==
        "iot.prod.NotExistedProduct: no such product");

  run.tenant_pause_reason = "SignatureDoesNotMatch";
  CHECK(boost::json::parse(run_summary_json(run, "")).at("reason") == "SignatureDoesNotMatch");

  RunRecord finished = finished_with_failures();
  finished.tenant_pause_reason = "SignatureDoesNotMatch";
  CHECK(boost::json::parse(run_summary_json(finished, "")).at("reason").is_null());
}

TEST_CASE("run report: the summary says what came of the devices, in how many requests and how long") {
  CHECK(run_summary_text(finished_with_failures()) ==
        "run 7 (fw): completed_with_failures\n"
        "  devices   10,000: accepted 9,800, presumed 100, failed 100, in doubt 0, canceled 0, pending 0\n"
        "  requests  105 in 9.934 s, throttled 3\n");
}

TEST_CASE("run report: a run that nobody sends is interrupted, not running") {
  const RunRecord run = under_way();

  CHECK(status_text(run, {{}, true, start}).find("running") != std::string::npos);
  CHECK(status_text(run, {{}, false, start}).find("interrupted") != std::string::npos);
  CHECK(run_summary_text(run).find("interrupted") != std::string::npos);
}

TEST_CASE("run report: the next command follows from the status") {
  RunRecord run = finished_with_failures();
  CHECK(next_command(run, "a.db") == "sluice results 7 --state failed --store a.db");
  run.chunks.in_doubt = 1;
  CHECK(next_command(run) == "sluice doubt list 7 && sluice results 7 --state failed");
  run.chunks.failed = 0;
  CHECK(next_command(run) == "sluice doubt list 7");
  run.chunks = {.accepted = 100};
  CHECK(next_command(run) == "sluice results 7");
  run.control = RunControl::canceled;
  CHECK(next_command(run) == "sluice results 7 --state canceled");
  run.chunks.in_doubt = 1;
  run.devices.in_doubt = 100;
  CHECK(next_command(run) == "sluice doubt list 7");
  CHECK(why_line(run, {{}, false, start}).find("and 100 devices in doubt") != std::string::npos);
  CHECK(next_command(under_way()) == "sluice resume 7");
}

TEST_CASE("run report: a hint that sends names the configuration, which may deny devices") {
  Sighting seen{{}, false, start};
  seen.config_file = "fleet.json";

  CHECK(why_line(under_way(), seen, "a.db").find("sluice resume 7 --store a.db --config fleet.json") !=
        std::string::npos);
}

TEST_CASE("run report: after a pause for its job, the corrected file is run for what is pending") {
  RunRecord run = under_way();
  run.control = RunControl::paused;
  run.control_reason = "iot.prod.NotExistedProduct";
  CHECK(next_command(run, "a.db") ==
        "sluice cancel 7 --store a.db && sluice results 7 --state canceled --output txt --store a.db | "
        "sluice run JOB "
        "--devices - --yes --store a.db");
  CHECK(command_to_go_on(run, "", " --ca-file ca.pem") ==
        "sluice cancel 7 && sluice results 7 --state canceled --output txt | sluice run JOB --devices - "
        "--yes --ca-file "
        "ca.pem");

  run.tenant_pause_reason = "SignatureDoesNotMatch";
  CHECK(command_to_go_on(run, "", " --ca-file ca.pem") == "sluice resume 7 --ca-file ca.pem");
}

TEST_CASE("run report: what is due at once has no due time, what waits has one") {
  const auto next_due_at = [](UtcTime due_at) {
    return boost::json::parse(status_json(under_way(), {{.next_due_at = due_at}, true, start}))
        .at("next_due_at");
  };

  CHECK(next_due_at(UtcTime{}).is_null());
  CHECK(next_due_at(start).is_null());
  CHECK(next_due_at(start + 4s) == "2026-01-02T03:04:09.000Z");
}

TEST_CASE("run report: status tells what is in flight and how long it takes at least") {
  const auto json = boost::json::parse(status_json(under_way(), {{.due_now = 50}, true, start + 5s}));

  CHECK(json.at("status") == "running");
  CHECK(json.at("devices_in_flight") == 200);
  CHECK(json.at("eta_seconds_at_least").as_double() == doctest::Approx(5.2));
  CHECK(json.at("being_sent") == true);
  CHECK(json.at("endpoint") == "https://iot.example.com");
  CHECK(status_text(under_way(), {{.due_now = 50}, true, start + 5s}) ==
        "run 7 (fw): running\n"
        "  devices   10,000: accepted 4,800, presumed 0, failed 0, in doubt 0, canceled 0, in flight 200, "
        "pending "
        "5,000\n"
        "  chunks    48 of 100 done, 0 split\n"
        "  requests  105, throttled 3\n"
        "  rate      10/s, tenant prod at https://iot.example.com\n"
        "  ETA       at least 5.2s\n"
        "  run 7: 50 chunks are due and waiting for the request rate (10/s)\n");
}

TEST_CASE("run report: status tells how many of the pending devices may have got the command") {
  const Sighting seen{{.unclear_devices = 1'200}, false, start};

  CHECK(boost::json::parse(status_json(under_way(), seen)).at("devices_unclear") == 1'200);
  CHECK(status_text(under_way(), seen).find("\n  pending   1,200 of them may have got the command already") !=
        std::string::npos);
  CHECK(status_text(under_way(), {{}, false, start}).find("may have got") == std::string::npos);
}

TEST_CASE("run report: status holds what was predicted against what it took") {
  RunRecord run = finished_with_failures();
  CHECK(prediction_text(run).empty());
  CHECK(boost::json::parse(status_json(run, {{}, false, start})).at("predicted_seconds").is_null());

  run.predicted = 10'050ms;
  CHECK(prediction_text(run) == "predicted 10.1 s, took 9.9 s");
  CHECK(status_text(run, {{}, false, start}).find("\n  time      predicted 10.1 s, took 9.9 s\n") !=
        std::string::npos);
  CHECK(boost::json::parse(status_json(run, {{}, false, start})).at("predicted_seconds").as_double() ==
        10.05);
  run.finished_at.reset();
  CHECK(prediction_text(run) == "predicted 10.1 s");
}

TEST_CASE("run report: the ETA knows of windows and soaks") {
  const Sighting seen{.queue = {.due_now = 50}, .has_owner = true, .now = start + 5s, .time_left = 2h + 5s};

  CHECK(boost::json::parse(status_json(under_way(), seen)).at("eta_seconds_at_least").as_double() == 7205);
  CHECK(status_text(under_way(), seen).find("  ETA       at least 2h00m\n") != std::string::npos);
}

TEST_CASE("run report: the ETA is a range from the rate to the pace of late, and a stall widens it") {
  // 52 chunks are left and the rate is 10/s: 5.2 s at least.
  Sighting seen{.queue = {.due_now = 50}, .has_owner = true, .now = start + 10s};
  const auto eta = [&seen] { return boost::json::parse(status_json(under_way(), seen)).at("eta_seconds"); };

  CHECK(eta().at("low").as_double() == doctest::Approx(5.2));
  CHECK(eta().at("high").is_null());  // nothing is known of it

  // 20 chunks within 10 s: 26 s for 52.
  seen.late = LateResults{.finished = 20, .first = start, .last = start + 9s};
  CHECK(eta().at("high").as_double() == doctest::Approx(26));

  seen.now = start + 20s;
  CHECK(eta().at("high").as_double() == doctest::Approx(52));

  // No faster than the rate allows, whatever was seen.
  seen.late = LateResults{.finished = 20, .first = start + 19s, .last = start + 20s};
  CHECK(eta().at("high").as_double() == doctest::Approx(5.2));

  seen.time_left = 1h;
  seen.late = LateResults{.finished = 20, .first = start + 10s, .last = start + 20s};
  CHECK(eta().at("high").as_double() == doctest::Approx(3600 + 26 - 5.2));

  seen.has_owner = false;
  CHECK(eta().is_null());
}

TEST_CASE("run report: status tells who has paused a run, when, and for what") {
  RunRecord run = under_way();
  run.control = RunControl::paused;
  run.control_cause = ControlCause::operator_order;
  run.control_reason = "wrong firmware";
  Sighting seen{.queue = {}, .has_owner = true, .now = start};
  seen.stopped = EventRow{.at = start, .what = "run_paused", .actor = "ann"};

  const auto json = boost::json::parse(status_json(run, seen));

  CHECK(json.at("control_cause") == "operator");
  CHECK(json.at("control_actor") == "ann");
  CHECK(json.at("control_at") == "2026-01-02T03:04:05.000Z");
  CHECK(json.at("purpose") == "run");
  CHECK(json.at("parent").is_null());
}

TEST_CASE("run report: nobody sending means no ETA") {
  CHECK(
      boost::json::parse(status_json(under_way(), {{}, false, start})).at("eta_seconds_at_least").is_null());
  CHECK(status_text(under_way(), {{}, false, start}).find("ETA") == std::string::npos);
}

TEST_CASE("why: names what the run waits for, and what to do") {
  RunRecord run = under_way();
  CHECK(why_line(run, {{.due_now = 1}, true, start}) ==
        "run 7: 1 chunk is due and waiting for the request rate (10/s)");
  CHECK(why_line(run, {{.due_now = 2, .retries_due_now = 2}, true, start}) ==
        "run 7: 2 chunks are due and waiting for the request rate (10/s) or the retry budget");
  CHECK(why_line(run, {{}, true, start}) == "run 7: waiting for the answers of 2 requests");
  run.chunks.in_flight = 0;
  CHECK(why_line(run, {{.next_due_at = start + 4s}, true, start}) == "run 7: next retry due in 4.0s");
  CHECK(why_line(run, {{.due_now = 9}, false, start}) ==
        "run 7: not being sent by any process → sluice resume 7");

  run.tenant_pause_reason = "SignatureDoesNotMatch";
  CHECK(why_line(run, {{}, true, start}) ==
        "run 7: tenant prod is paused: SignatureDoesNotMatch (check the access key) → sluice resume 7");
}

TEST_CASE("why: an endpoint that does not answer shows by the newest request, for as long as it is new") {
  const RunRecord run = under_way();
  Sighting seen{{.due_now = 3}, true, start};
  const std::string at_its_pace = "run 7: 3 chunks are due and waiting for the request rate (10/s)";
  CHECK(why_line(run, seen) == at_its_pace);

  seen.newest_result = {.settled_at = start - 4s, .is_answer = false, .code = "connect"};
  CHECK(why_line(run, seen) ==
        "run 7: 3 chunks are due, but the newest request got no answer (connect, 4.0s ago)");

  seen.newest_result->is_answer = true;
  CHECK(why_line(run, seen) == at_its_pace);
  // Taken back by a pause: nobody was asked.
  seen.newest_result = {.settled_at = start - 4s, .is_answer = false, .code = "stopped"};
  CHECK(why_line(run, seen) == at_its_pace);
  seen.newest_result = {.settled_at = start - 61s, .is_answer = false, .code = "connect"};
  CHECK(why_line(run, seen) == at_its_pace);
}

TEST_CASE("why: a finished run is not waiting, whoever owns the store") {
  RunRecord run = finished_with_failures();
  CHECK(why_line(run, {{}, false, start}) ==
        "run 7: finished, with 100 devices failed → sluice results 7 --state failed");
  run.chunks.in_doubt = 1;
  run.devices.in_doubt = 1;
  CHECK(why_line(run, {{}, false, start}) ==
        "run 7: finished, with 1 device in doubt (nobody can tell whether they got the command) and 100 "
        "devices failed → sluice doubt list 7 && sluice results 7 --state failed");
  run.chunks = {.accepted = 99, .presumed = 1};
  run.devices = {.accepted = 9'900, .presumed = 100};
  CHECK(why_line(run, {{}, false, start}) ==
        "run 7: finished: all devices accepted, 100 of them presumed → sluice results 7");
  run.devices = {.accepted = 10'000};
  CHECK(why_line(run, {{}, false, start}) == "run 7: finished: all devices accepted → sluice results 7");
}

TEST_CASE("why: the JSON has the line, the status and the next command by themselves") {
  CHECK(
      why_json(under_way(), {{.due_now = 9}, false, start}, "a.db") ==
      "{\"schema_version\":1,\"run\":7,\"status\":\"running\",\"why\":\"run 7: not being sent by any process "
      "→ sluice resume 7 --store a.db\",\"next_command\":\"sluice resume 7 --store a.db\"}\n");
}

TEST_CASE("list: runs keep the order of the store, as table and as JSON") {
  RunRecord older = under_way();
  older.id = RunId{6};
  const std::vector<RunRecord> runs{finished_with_failures(), older};

  const auto json = boost::json::parse(list_json(runs, true));

  CHECK(json.at("schema_version") == 1);
  CHECK(json.at("runs").at(0).at("run") == 7);
  CHECK(json.at("runs").at(0).at("job") == "fw");
  CHECK(json.at("runs").at(0).at("status") == "completed_with_failures");
  CHECK(json.at("runs").at(1).at("run") == 6);
  const std::string text = list_text(runs, true);
  CHECK(std::ranges::count(text, '\n') == 3);
  // What is presumed is kept apart from what is known.
  CHECK(text.find("    ACCEPTED  PRESUMED    FAILED") != std::string::npos);
  CHECK(text.find("       9,800       100       100") != std::string::npos);
  CHECK(text.find("     7  fw") < text.find("     6  fw"));
  CHECK(boost::json::parse(list_json({}, false)).at("runs").as_array().empty());
  CHECK(list_text({}, false) == "no runs yet. Next: sluice run JOB\n");
}

TEST_CASE(
    "run report: a command to go on with names the store, quoted for a shell, unless it is the default one") {
  CHECK(option_text("--store", "").empty());
  CHECK(option_text("--store", "/tmp/a.db") == " --store /tmp/a.db");
  CHECK(option_text("--store", "/tmp/my runs/it's.db") == R"( --store '/tmp/my runs/it'\''s.db')");
}

TEST_CASE("run report: hostile texts harm neither the terminal nor the JSON") {
  for (const std::string& text : hostile_texts()) {
    CAPTURE(text);
    RunRecord run = under_way();
    run.job_name = run.tenant = run.endpoint = run.control_reason = run.tenant_pause_reason = text;
    run.control = RunControl::paused;
    const std::vector<RunRecord> runs{run};

    CHECK(is_harmless(run_summary_text(run)));
    CHECK(is_harmless(status_text(run, {{}, false, start})));
    CHECK(is_harmless(list_text(runs, true)));
    CHECK(why_line(run, {{}, true, start}).find('\n') == std::string::npos);
    CHECK(is_harmless(why_line(run, {{}, true, start})));
    for (const std::string& json : {run_summary_json(run, ""), status_json(run, {{}, true, start}),
                                    list_json(runs, true), why_json(run, {{}, true, start})}) {
      boost::json::error_code error;
      boost::json::parse(json, error);
      CHECK_FALSE(error);
      CHECK(is_harmless(json));
    }
  }
}
