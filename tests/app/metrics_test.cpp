// SPDX-License-Identifier: MIT
#include "app/metrics.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "sluice/engine/dispatcher.hpp"
#include "support/temporary_folder.hpp"

using namespace sluice;
using namespace std::chrono_literals;

namespace {

const UtcTime now{1'700'000'000s};

AttemptSettled settled(AttemptId attempt, OutcomeKind kind, Transition transition, int devices) {
  AttemptSettled event{
      .run = RunId{7}, .chunk = ChunkId{1}, .attempt = attempt, .transition = std::move(transition)};
  event.facts.devices = devices;
  event.outcome.kind = kind;
  event.rtt = 30ms;
  return event;
}

const Transition accepted{.state = ChunkState::succeeded, .evidence = Evidence::confirmed};

bool has_line(const std::string& text, const std::string& line) {
  const bool is_there = ("\n" + text).find("\n" + line + "\n") != std::string::npos;
  if (!is_there) MESSAGE("no line: ", line);
  return is_there;
}

StoreFigures figures() {
  TenantFigures prod{.tenant = "prod", .is_blocked = true, .silent_until = now - 1s, .oldest_due = now - 90s};
  prod.chunks = {.pending = 12, .accepted = 3};
  prod.devices = {.pending = 1200, .accepted = 300};
  prod.runs = {{RunStatus::running, 2}};
  return {.tenants = {prod},
          .job_files = {{"invalid", 1}},
          .database_bytes = 4096 * 100,
          .free_bytes = 4096,
          .wal_bytes = 8192,
          .sqlite_version = "3.40.1"};
}

/// A scrape with something in every family.
std::string full_scrape(Metrics& metrics) {
  const auto observer = metrics.observe({"prod", "InvokeThingsService", 10});
  observer->attempt_sent({.attempt = AttemptId{1}, .devices = 100}, {});
  observer->attempt_settled(settled(AttemptId{1}, OutcomeKind::accepted, accepted, 100), {});
  metrics.run_finished("prod", RunStatus::succeeded);
  metrics.tick_decided("skipped", "overlap");
  metrics.loop_was_late(3ms);
  metrics.rows_pruned("attempts", 500);
  metrics.login_failed("unknown_token");
  metrics.batch_committed(4ms, 3ms);
  return metrics.text(
      {.now = now, .store = figures(), .process = read_process_figures(), .log_lines_lost = 0});
}

int exit_code_of(const std::string& command) { return std::system(command.c_str()); }

}  // namespace

TEST_CASE("metrics: a tenant's series are there at zero before anything happens") {
  Metrics metrics{"1.2.3"};
  const auto observer = metrics.observe({"prod", "InvokeThingsService", 10});

  const std::string text = metrics.text({.now = now});

  CHECK(has_line(
      text, R"(sluice_requests_total{action="InvokeThingsService",outcome="throttled",tenant="prod"} 0)"));
  CHECK(has_line(text, R"(sluice_devices_total{state="in_doubt",tenant="prod"} 0)"));
  CHECK(has_line(text, R"(sluice_rate_limit_requests_per_second{tenant="prod"} 10)"));
  CHECK(has_line(text, R"(sluice_rate_in_force_requests_per_second{tenant="prod"} 10)"));
  CHECK(has_line(text, R"(sluice_endpoint_reachable{tenant="prod"} 1)"));
  CHECK(has_line(text, "sluice_store_readable 0"));
}

TEST_CASE("metrics: requests count by outcome, devices by what they came to") {
  Metrics metrics{"1"};
  const auto observer = metrics.observe({"prod", "Call", 10});

  observer->attempt_sent({.attempt = AttemptId{1}}, {});
  observer->attempt_sent({.attempt = AttemptId{2}, .is_retry = true}, {});
  observer->attempt_sent({.attempt = AttemptId{3}, .is_replay = true}, {});
  observer->attempt_settled(settled(AttemptId{1}, OutcomeKind::accepted, accepted, 100), {});
  observer->attempt_settled(
      settled(AttemptId{2}, OutcomeKind::rejected_devices, {.state = ChunkState::split}, 100), {});

  const std::string text = metrics.text({.now = now});
  CHECK(has_line(text, R"(sluice_requests_total{action="Call",outcome="accepted",tenant="prod"} 1)"));
  CHECK(has_line(text, R"(sluice_requests_total{action="Call",outcome="rejected_devices",tenant="prod"} 1)"));
  CHECK(has_line(text, R"(sluice_sends_total{kind="replay",tenant="prod"} 1)"));
  CHECK(has_line(text, R"(sluice_devices_total{state="accepted",tenant="prod"} 100)"));
  CHECK(has_line(text, R"(sluice_chunk_splits_total{tenant="prod"} 1)"));
  CHECK(has_line(text, R"(sluice_in_flight_requests{tenant="prod"} 1)"));
  CHECK(
      has_line(text, R"(sluice_request_duration_seconds_bucket{action="Call",tenant="prod",le="0.025"} 0)"));
  CHECK(has_line(text, R"(sluice_request_duration_seconds_bucket{action="Call",tenant="prod",le="0.05"} 2)"));
}

TEST_CASE("metrics: what the deny list stops is no request, but its devices failed") {
  Metrics metrics{"1"};
  const auto observer = metrics.observe({"prod", "Call", 10});
  AttemptSettled denied =
      settled(AttemptId{1}, OutcomeKind::rejected_devices, {.state = ChunkState::failed}, 1);
  denied.outcome.code = denied_code;
  denied.rtt.reset();

  observer->attempt_settled(denied, {});

  const std::string text = metrics.text({.now = now});
  CHECK(has_line(text, R"(sluice_requests_total{action="Call",outcome="rejected_devices",tenant="prod"} 0)"));
  CHECK(has_line(text, R"(sluice_devices_total{state="failed",tenant="prod"} 1)"));
}

TEST_CASE("metrics: a second observer of a tenant goes on counting where the first one was") {
  Metrics metrics{"1"};
  for (int i = 0; i < 2; ++i) {
    const auto observer = metrics.observe({"prod", "Call", 10});
    observer->attempt_sent({.attempt = AttemptId{i + 1}}, {});
  }

  const std::string text = metrics.text({.now = now});
  CHECK(has_line(text, R"(sluice_sends_total{kind="first",tenant="prod"} 2)"));
  CHECK(has_line(text, R"(sluice_in_flight_requests{tenant="prod"} 0)"));
}

TEST_CASE(
    "metrics: another limit and another operation of a tenant show from the moment they are configured") {
  Metrics metrics{"1"};
  const auto observer = metrics.observe({"prod", "Call", 10});
  observer->attempt_settled(settled(AttemptId{1}, OutcomeKind::accepted, accepted, 100), {});

  metrics.configure({"prod", "Other", 4});
  observer->attempt_settled(settled(AttemptId{2}, OutcomeKind::accepted, accepted, 100), {});
  observer->attempt_settled(settled(AttemptId{3}, OutcomeKind::accepted, accepted, 100), {});

  const std::string text = metrics.text({.now = now});
  CHECK(has_line(text, R"(sluice_rate_limit_requests_per_second{tenant="prod"} 4)"));
  CHECK(has_line(text, R"(sluice_requests_total{action="Call",outcome="accepted",tenant="prod"} 1)"));
  CHECK(has_line(text, R"(sluice_requests_total{action="Other",outcome="accepted",tenant="prod"} 2)"));
  CHECK(has_line(text, R"(sluice_request_duration_seconds_count{action="Other",tenant="prod"} 2)"));
}

TEST_CASE("metrics: the trouble that one dispatcher had is not that of the next") {
  Metrics metrics{"1"};
  const auto observer = metrics.observe({"prod", "Call", 10});
  observer->endpoint_lost("gone");
  observer->retries_held(true);
  observer->store_held(true);
  observer->others_use(3);
  observer->rate_changed(5);

  metrics.begin_to_serve("prod", 8);

  const std::string text = metrics.text({.now = now});
  CHECK(has_line(text, R"(sluice_endpoint_reachable{tenant="prod"} 1)"));
  CHECK(has_line(text, R"(sluice_retries_held{tenant="prod"} 0)"));
  CHECK(has_line(text, R"(sluice_store_held{tenant="prod"} 0)"));
  CHECK(has_line(text, R"(sluice_others_requests_per_second{tenant="prod"} 0)"));
  CHECK(has_line(text, R"(sluice_rate_in_force_requests_per_second{tenant="prod"} 8)"));
}

TEST_CASE("metrics: of a tenant that nobody serves, what was counted stays and how it stood is not told") {
  Metrics metrics{"1"};
  auto first = metrics.observe({"prod", "Call", 10});
  first->attempt_sent({.attempt = AttemptId{1}}, {});
  first->endpoint_lost("gone");
  const auto is_told = [&metrics](const std::string& name) {
    return metrics.text({.now = now}).find("\n" + name + "{tenant=\"prod\"}") != std::string::npos;
  };

  // Whoever comes before the last one has gone is still told of.
  auto second = metrics.observe({"prod", "Call", 10});
  first.reset();
  CHECK(is_told("sluice_endpoint_reachable"));
  second.reset();

  for (const char* name : {"sluice_endpoint_reachable", "sluice_rate_limit_requests_per_second",
                           "sluice_rate_in_force_requests_per_second", "sluice_others_requests_per_second",
                           "sluice_retries_held", "sluice_store_held"}) {
    CAPTURE(name);
    CHECK_FALSE(is_told(name));
  }
  CHECK(has_line(metrics.text({.now = now}), R"(sluice_sends_total{kind="first",tenant="prod"} 1)"));
  CHECK(has_line(metrics.text({.now = now}), R"(sluice_in_flight_requests{tenant="prod"} 0)"));
}

TEST_CASE(
    "metrics: a run is out of hours from the closing of its window until it opens, or the run is left") {
  Metrics metrics{"1"};
  const auto observer = metrics.observe({"prod", "Call", 10});
  const auto closed = [&](std::int64_t run) { observer->window_changed({RunId{run}, false, now}); };
  for (const std::int64_t run : {1, 2, 3}) closed(run);
  CHECK(metrics.runs_out_of_hours() == std::set{RunId{1}, RunId{2}, RunId{3}});

  observer->window_changed({RunId{1}, true, now});
  observer->run_left(RunId{2});
  CHECK(metrics.runs_out_of_hours() == std::set{RunId{3}});
  metrics.begin_to_serve("prod", 10);

  CHECK(metrics.runs_out_of_hours().empty());
}

TEST_CASE("metrics: failed logins are counted from zero before the first one") {
  Metrics metrics{"1"};
  CHECK(has_line(metrics.text({.now = now}), R"(sluice_api_failed_logins_total{reason="unknown_token"} 0)"));

  metrics.login_failed("unknown_token");

  CHECK(has_line(metrics.text({.now = now}), R"(sluice_api_failed_logins_total{reason="unknown_token"} 1)"));
}

TEST_CASE("metrics: the store's figures are looked up, and a pause shows with its reason") {
  Metrics metrics{"1"};

  const std::string text = metrics.text({.now = now, .store = figures()});

  CHECK(has_line(text, R"(sluice_chunks{tenant="prod",state="pending"} 12)"));
  CHECK(has_line(text, R"(sluice_devices{tenant="prod",state="accepted"} 300)"));
  CHECK(has_line(text, R"(sluice_runs{tenant="prod",status="running"} 2)"));
  CHECK(has_line(text, R"(sluice_runs{tenant="prod",status="paused"} 0)"));
  CHECK(has_line(text, R"(sluice_tenant_paused{tenant="prod",reason="blocked"} 1)"));
  CHECK(has_line(text, R"(sluice_tenant_paused{tenant="prod",reason="silence"} 0)"));
  CHECK(has_line(text, R"(sluice_queue_oldest_due_seconds{tenant="prod"} 90)"));
  CHECK(has_line(text, R"(sluice_job_files{state="invalid"} 1)"));
  CHECK(has_line(text, "sluice_store_size_bytes 409600"));
  CHECK(has_line(text, "sluice_store_wal_bytes 8192"));
  CHECK(has_line(text, R"(sluice_build_info{version="1",sqlite="3.40.1"} 1)"));
}

TEST_CASE("metrics: each thing that can become of a tick is counted from zero before it first happens") {
  const Metrics metrics{"1"};

  const std::string text = metrics.text({.now = now});

  for (const std::string outcome : {"fired", "failed"})
    CHECK(has_line(text, "sluice_schedule_ticks_total{outcome=\"" + outcome + "\",reason=\"\"} 0"));
  for (const std::string reason : {"missed", "superseded", "too_late", "overlap", "paused", "retired"})
    CHECK(has_line(text, "sluice_schedule_ticks_total{outcome=\"skipped\",reason=\"" + reason + "\"} 0"));
}

TEST_CASE("metrics: ticks that share a decision count each") {
  Metrics metrics{"1"};

  metrics.tick_decided("skipped", "missed", 48);
  metrics.tick_decided("skipped", "missed");

  CHECK(has_line(metrics.text({.now = now}),
                 R"(sluice_schedule_ticks_total{outcome="skipped",reason="missed"} 49)"));
}

TEST_CASE("metrics: no flood of unexpected words makes more than so many series") {
  Metrics metrics{"1"};

  for (int i = 0; i < 10'000; ++i) metrics.tick_decided("skipped", "word " + std::to_string(i));

  const std::string text = metrics.text({.now = now});
  std::istringstream lines{text};
  int series = 0;
  for (std::string line; std::getline(lines, line);)
    series += line.starts_with("sluice_schedule_ticks_total{") ? 1 : 0;
  CHECK(series <= 64);
  CHECK(text.find(R"(reason="other")") != std::string::npos);
}

TEST_CASE("metrics: a label can hold anything and the text keeps its lines") {
  Metrics metrics{"1"};
  metrics.tick_decided("a\nb", "say \"x\\\"");

  CHECK(has_line(metrics.text({.now = now}),
                 R"(sluice_schedule_ticks_total{outcome="a\nb",reason="say \"x\\\""} 1)"));
}

TEST_CASE("metrics: promtool finds nothing to say about a scrape with every family in it") {
  const tests::TemporaryFolder folder;
  Metrics metrics{"1"};
  const std::string file = folder.write("scrape", full_scrape(metrics));

  CHECK(exit_code_of("promtool check metrics < " + file) == 0);
}

TEST_CASE("metrics: a process knows its own memory, descriptors and age") {
  const ProcessFigures before = read_process_figures();
  std::FILE* const file = std::fopen("/dev/null", "r");
  const ProcessFigures with_a_file = read_process_figures();
  std::fclose(file);

  CHECK(before.resident_bytes.value() > 1'000'000);
  CHECK(before.virtual_bytes.value() > before.resident_bytes.value());
  CHECK(with_a_file.open_descriptors.value() == before.open_descriptors.value() + 1);
  CHECK(before.descriptors_max.value() > before.open_descriptors.value());
  const double age = static_cast<double>(time(nullptr)) - before.started_at.value();
  CHECK(age >= -2);
  CHECK(age < 7200);
}

TEST_CASE("metrics: each name that the alerts and the dashboard ask for is one that is there") {
  Metrics metrics{"1"};
  const std::string scrape = full_scrape(metrics);
  const std::regex name{R"((sluice|process)_[a-z_]+[a-z])"};
  int looked_up = 0;
  for (const char* sample : {"prometheus/alerts.yml", "grafana/sluice.json"}) {
    const std::string text = tests::content_of(std::string{SLUICE_SOURCE_DIR} + "/samples/" + sample);
    for (std::sregex_iterator at{text.begin(), text.end(), name}; at != std::sregex_iterator{};
         ++at, ++looked_up) {
      CAPTURE(at->str());
      CHECK(scrape.find("\n" + at->str()) != std::string::npos);
    }
  }
  CHECK(looked_up > 40);
}

TEST_CASE("metrics: promtool takes the alert rules, and they raise what their tests say") {
  const std::string folder = std::string{SLUICE_SOURCE_DIR} + "/samples/prometheus/";

  CHECK(exit_code_of("promtool check rules " + folder + "alerts.yml > /dev/null") == 0);
  CHECK(exit_code_of("promtool test rules " + folder + "alerts_test.yml") == 0);
  CHECK(exit_code_of("promtool check config --syntax-only " + folder + "prometheus.yml > /dev/null") == 0);
}
