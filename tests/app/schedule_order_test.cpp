// SPDX-License-Identifier: MIT
#include "app/schedule_order.hpp"

#include <doctest/doctest.h>

#include "app/schedule_report.hpp"
#include "app/scheduled_text.hpp"
#include "sluice/jobfile/job_file.hpp"

using namespace sluice;
using namespace std::chrono_literals;

namespace {

const std::string job = R"(// a comment with { in it
{"name": "n", "call": {"product_key": "p", "identifier": "i"}})";

}  // namespace

TEST_CASE("schedule order: an answer comes back from its JSON as it was") {
  const ScheduleAnswer answer{.action = "trigger",
                              .name = "a \"b\"",
                              .state = "paused",
                              .revision = 3,
                              .is_changed = true,
                              .tick = "started",
                              .reason = "",
                              .run = 7,
                              .next = {"2026-06-01T00:00:00Z"},
                              .queued = {"2026-06-01T00:00:00Z", "2026-06-01T01:00:00Z"},
                              .already = 2,
                              .warnings = {"w"}};

  CHECK(schedule_answer_from(schedule_answer_json(answer)).value() == answer);
  CHECK(schedule_answer_from("{}").has_error());
  CHECK(schedule_answer_from("[1").has_error());
}

TEST_CASE("schedule order: in words, it says what is so now and what follows") {
  ScheduleAnswer answer{
      .action = "add", .name = "n\x1b[2J", .state = "active", .is_changed = true, .next = {"T"}};
  CHECK(schedule_answer_text(answer) == "schedule n\\x1B[2J: active, due T\n");
  answer.name = "n";
  answer.next.clear();
  CHECK(schedule_answer_text(answer) == "schedule n: active, there is no tick left\n");
  answer.action = "pause";
  answer.state = "paused";
  answer.is_changed = false;
  CHECK(schedule_answer_text(answer) == "schedule n: already paused\n");
  answer.action = "trigger";
  answer.tick = "skipped";
  CHECK(schedule_answer_text(answer).find("unfinished") != std::string::npos);
}

TEST_CASE("schedule order: a time given beside the job file becomes a part of the job") {
  const auto read = read_job("job.json", with_schedule(job, "30 2 * * *", "Europe/Berlin"));

  REQUIRE(read.has_value());
  CHECK(read->name == "n");
  CHECK(read->schedule->cron == "30 2 * * *");
  CHECK(read->schedule->zone == "Europe/Berlin");
  CHECK(read_job("job.json", with_schedule(job, "a\"b\\", "")).has_error());
}

TEST_CASE("schedule report: the coming ticks show local time, UTC, and where the clocks change") {
  const Timetable timetable{std::get<CronExpression>(parse_cron("0 12 * * *")), "Europe/Berlin", {}};
  const auto ticks = coming_ticks({.cron = "0 12 * * *"}, timetable, "n",
                                  from_iso_seconds("2026-03-28T00:00:00Z").value(), 2);

  CHECK(coming_text("Europe/Berlin", ticks) ==
        "Europe/Berlin              UTC\n"
        "2026-03-28T12:00:00+01:00  2026-03-28T11:00:00Z\n"
        "-- at 2026-03-29T01:00:00Z the clocks go forward from +01:00 to +02:00\n"
        "2026-03-29T12:00:00+02:00  2026-03-29T10:00:00Z\n");
}
