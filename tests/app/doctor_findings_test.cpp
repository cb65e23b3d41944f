// SPDX-License-Identifier: MIT
#include "app/doctor_findings.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "app/doctor_report.hpp"

using namespace sluice;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t mebibyte = std::int64_t{1024} * 1024;
constexpr std::int64_t gibibyte = 1024 * mebibyte;

StoreCheck sound_store() {
  return {.path = "/s/sluice.db",
          .is_there = true,
          .mode = 0600,
          .user = 1000,
          .bytes = 8192,
          .schema = 4,
          .has_generation_file = true};
}

FindingLevel level_of(const StoreCheck& store, std::string_view check) {
  const std::vector<DoctorFinding> findings = judge_store(store, 1000);
  const auto found = std::ranges::find(findings, check, &DoctorFinding::check);
  REQUIRE(found != findings.end());
  return found->level;
}

}  // namespace

TEST_CASE("doctor: a clock is a warning beyond a minute, a problem beyond a quarter of an hour, either way") {
  struct Row {
    std::chrono::milliseconds offset;
    FindingLevel level;
  };
  for (const Row& row : {Row{0ms, FindingLevel::ok}, Row{60'000ms, FindingLevel::ok},
                         Row{-60'000ms, FindingLevel::ok}, Row{60'001ms, FindingLevel::warning},
                         Row{-60'001ms, FindingLevel::warning}, Row{900'000ms, FindingLevel::warning},
                         Row{900'001ms, FindingLevel::problem}, Row{-900'001ms, FindingLevel::problem}}) {
    CAPTURE(row.offset.count());
    CHECK(judge_clock("prod", row.offset).level == row.level);
  }
  CHECK(judge_clock("prod", 2h).text.find("ahead of") != std::string::npos);
  CHECK(judge_clock("prod", -2h).text.find("behind") != std::string::npos);
  CHECK(judge_clock("prod", std::nullopt).level == FindingLevel::warning);
}

TEST_CASE("doctor: a disk must have 100 MiB, and should have 1 GiB and room for a copy of the store") {
  CHECK(judge_disk("/s", 100 * mebibyte - 1, 0).level == FindingLevel::problem);
  CHECK(judge_disk("/s", 100 * mebibyte, 0).level == FindingLevel::warning);
  CHECK(judge_disk("/s", gibibyte - 1, 0).level == FindingLevel::warning);
  CHECK(judge_disk("/s", gibibyte, 0).level == FindingLevel::ok);
  CHECK(judge_disk("/s", 2 * gibibyte, 2 * gibibyte + 1).level == FindingLevel::warning);
  CHECK(judge_disk("/s", 2 * gibibyte, 2 * gibibyte).level == FindingLevel::ok);
}

TEST_CASE("doctor: any answer shows that an endpoint is there, but for a redirect, which nobody follows") {
  for (const int status : {200, 400, 403, 404, 405, 500, 503}) {
    CAPTURE(status);
    CHECK(judge_endpoint("prod", "https://e", HttpResponse{.status = status}).level == FindingLevel::ok);
  }
  CHECK(judge_endpoint("prod", "https://e", HttpResponse{.status = 301}).level == FindingLevel::warning);
  const DoctorFinding away = judge_endpoint(
      "prod", "https://e", TransportFailure{.kind = FailureKind::certificate, .message = "\x1b[31mred"});
  CHECK(away.level == FindingLevel::problem);
  CHECK(away.text.find('\x1b') == std::string::npos);
  CHECK_FALSE(away.next.empty());
}

TEST_CASE("doctor: of a sound store nothing is found") {
  CHECK(worst_of(judge_store(sound_store(), 1000)) == FindingLevel::ok);
  CHECK(worst_of(judge_store({.path = "/s/sluice.db"}, 1000)) == FindingLevel::ok);
}

TEST_CASE("doctor: each thing that can be wrong with a store has its finding, and says what to do") {
  StoreCheck store = sound_store();
  store.mode = 0640;
  CHECK(level_of(store, "access") == FindingLevel::warning);
  store = sound_store();
  store.user = 0;
  CHECK(level_of(store, "access") == FindingLevel::warning);
  store = sound_store();
  store.is_schema_older = true;
  CHECK(level_of(store, "schema") == FindingLevel::warning);
  store = sound_store();
  store.has_generation_file = false;
  CHECK(level_of(store, "generation") == FindingLevel::warning);
  store = sound_store();
  store.is_older_copy = true;
  CHECK(level_of(store, "generation") == FindingLevel::problem);
  store = sound_store();
  store.log_bytes = 64 * mebibyte;
  CHECK(level_of(store, "log") == FindingLevel::warning);
  store = sound_store();
  store.place_problem = Error{ErrorKind::refused, "on nfs", "Move it."};
  CHECK(level_of(store, "place") == FindingLevel::problem);
  store = sound_store();
  store.problem = Error{ErrorKind::storage, "damaged", "Restore a backup."};
  CHECK(level_of(store, "integrity") == FindingLevel::problem);

  for (const DoctorFinding& finding : judge_store(store, 0))
    CHECK((finding.level == FindingLevel::ok) == finding.next.empty());
}

TEST_CASE("doctor: an owner that nobody can talk to is a warning, one that answers is named") {
  StoreCheck store = sound_store();
  CHECK(judge_owner(store, std::nullopt).level == FindingLevel::ok);
  store.has_owner = true;
  CHECK(judge_owner(store, std::nullopt).level == FindingLevel::warning);
  const DoctorFinding answers = judge_owner(store, 4711);
  CHECK(answers.level == FindingLevel::ok);
  CHECK(answers.text.find("4711") != std::string::npos);
}

TEST_CASE("doctor: an SQLite that is too old is a problem") {
  CHECK(judge_versions("v", 3036000).level == FindingLevel::problem);
  CHECK(judge_versions("v", 3037000).level == FindingLevel::ok);
}

TEST_CASE("doctor: of credentials the source is told, or what is wrong, and nothing of the key") {
  const DoctorFinding found = judge_credentials(
      "prod", FoundCredentials{{"the-id", Secret{"the-secret"}, Secret{"the-token"}}, "profile \"p\" of f"});
  CHECK(found.level == FindingLevel::ok);
  CHECK(found.text == "access key from profile \"p\" of f");

  const DoctorFinding missing = judge_credentials("prod", Error{ErrorKind::unauthorized, "none", "Set it."});
  CHECK(missing == DoctorFinding{.level = FindingLevel::problem,
                                 .check = "credentials",
                                 .tenant = "prod",
                                 .text = "none",
                                 .next = "Set it."});
}

TEST_CASE("doctor: the page has each finding with its level, what to do below it, and the sum at its end") {
  const DoctorReport report{
      .findings = {{.check = "disk", .text = "fine"},
                   {.level = FindingLevel::problem,
                    .check = "clock",
                    .tenant = "prod",
                    .text = "one\ntwo",
                    .next = "Do."}},
      .settings = {{.tenant = "prod", .name = "rate", .value = "10", .origin = "default"}}};

  CHECK(doctor_text(report) ==
        "ok       disk                   fine\n"
        "problem  clock prod             one\n"
        "                                two\n"
        "                                Do.\n"
        "\n"
        "settings and where they come from (option over environment over file over default)\n"
        "  tenants.prod.rate                      10                                       default\n"
        "\n"
        "1 ok, 0 warnings, 1 problem\n");
  CHECK(doctor_json(report) ==
        R"({"schema_version":1,"status":"problem","findings":[)"
        R"({"level":"ok","check":"disk","text":"fine","next":""},)"
        R"({"level":"problem","check":"clock","tenant":"prod","text":"one\ntwo","next":"Do."}],)"
        R"("settings":[{"tenant":"prod","name":"rate","value":"10","origin":"default"}]})"
        "\n");
}
