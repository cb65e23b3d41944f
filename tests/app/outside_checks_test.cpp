// SPDX-License-Identifier: MIT
// Gates that ask outside: what a command's exit code and an answer's words are taken for.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/outside_checks.hpp"

using namespace sluice;
using namespace std::chrono_literals;

namespace {

GateQuestion question_of(std::vector<std::string> command) {
  return {.run = RunId{7},
          .job_name = "fw \"2\"",
          .stage = "canary",
          .check = {.command = std::move(command), .timeout = 20s},
          .tally = {.devices = 20, .accepted = 17, .failed = 2, .in_doubt = 1}};
}

GateAnswer answer_to(GateQuestion question) {
  boost::asio::io_context loop;
  const OutsideChecks checks = outside_checks(loop.get_executor(), "");
  std::optional<GateAnswer> answer;
  boost::asio::co_spawn(loop, checks.ask(std::move(question)),
                        [&answer](std::exception_ptr problem, GateAnswer given) {
                          REQUIRE_FALSE(problem);
                          answer = given;
                        });
  loop.run();
  REQUIRE(answer);
  return *answer;
}

GateAnswer answer_of(const std::string& script) { return answer_to(question_of({"sh", "-c", script})); }

}  // namespace

TEST_CASE("outside check: of a command, 0 is pass, 1 is fail, and anything else is inconclusive") {
  CHECK(answer_of("exit 0") == GateAnswer::pass);
  CHECK(answer_of("exit 1") == GateAnswer::fail);
  CHECK(answer_of("exit 2") == GateAnswer::inconclusive);
  CHECK(answer_of("kill -9 $$") == GateAnswer::inconclusive);
  CHECK(answer_to(question_of({"/nowhere/at/all"})) == GateAnswer::inconclusive);
}

TEST_CASE("outside check: a command is told the run, the stage and how its devices fared, and no secret") {
  ::setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "testsecret", 1);
  CHECK(answer_of("test \"$SLUICE_RUN $SLUICE_STAGE $SLUICE_DEVICES $SLUICE_ACCEPTED $SLUICE_FAILED "
                  "$SLUICE_IN_DOUBT\" = '7 canary 20 17 2 1'") == GateAnswer::pass);
  CHECK(answer_of("test -z \"$ALIBABA_CLOUD_ACCESS_KEY_SECRET\"") == GateAnswer::pass);
  ::unsetenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET");
}

TEST_CASE("outside check: a command gets nothing of what we have open but its own three") {
  const int ours = ::open("/dev/null", O_RDONLY);
  REQUIRE(ours > 2);
  CHECK(answer_of("test ! -e /proc/self/fd/" + std::to_string(ours)) == GateAnswer::pass);
  ::close(ours);
}

TEST_CASE("outside check: no shell looks at a command's words") {
  CHECK(answer_to(question_of({"test", "$(exit 1); *", "=", "$(exit 1); *"})) == GateAnswer::pass);
}

TEST_CASE("outside check: a command that takes too long is ended, with what it has started") {
  GateQuestion question = question_of({"sh", "-c", "sleep 600 & wait"});
  question.check.timeout = 50ms;

  CHECK(answer_to(question) == GateAnswer::inconclusive);
}

TEST_CASE("outside check: what could not be asked is told to whoever listens, with the run and its stage") {
  boost::asio::io_context loop;
  std::vector<std::string> told;
  const OutsideChecks checks =
      outside_checks(loop.get_executor(), "", [&told](const GateQuestion& question, std::string_view what) {
        told.push_back(std::to_string(question.run.value) + " " + question.stage + ": " + std::string{what});
      });
  for (const char* program : {"/nowhere/at/all", "true"}) {
    boost::asio::co_spawn(loop, checks.ask(question_of({program})), [](std::exception_ptr, GateAnswer) {});
  }
  loop.run();

  REQUIRE(told.size() == 1);
  CHECK(told[0].starts_with("7 canary: "));
  CHECK(told[0].find("/nowhere/at/all") != std::string::npos);
}

TEST_CASE("outside check: what is under way is cut short when everything has to end") {
  boost::asio::io_context loop;
  const OutsideChecks checks = outside_checks(loop.get_executor(), "");
  std::optional<GateAnswer> answer;
  boost::asio::co_spawn(loop, checks.ask(question_of({"sleep", "600"})),
                        [&answer](std::exception_ptr, GateAnswer given) { answer = given; });
  loop.poll();
  CHECK_FALSE(answer);

  checks.cancel();
  loop.run();

  CHECK(answer == GateAnswer::inconclusive);
}

TEST_CASE("outside check: an answer's verdict is one of three words, and anything else is inconclusive") {
  CHECK(verdict_in(R"({"verdict": "pass", "because": "all well"})") == GateAnswer::pass);
  CHECK(verdict_in(R"({"verdict": "fail"})") == GateAnswer::fail);
  CHECK(verdict_in(R"({"verdict": "inconclusive"})") == GateAnswer::inconclusive);
  for (const char* body : {"", "pass", "{}", "[\"pass\"]", R"({"verdict": true})", R"({"verdict": "PASS"})",
                           R"({"verdict": "pass")", "{\"verdict\": \"pass\"}}"}) {
    CAPTURE(body);
    CHECK(verdict_in(body) == GateAnswer::inconclusive);
  }
}

TEST_CASE("outside check: the question is JSON, whatever the names are") {
  CHECK(
      question_json(question_of({})) ==
      R"({"schema_version":1,"run":7,"job":"fw \"2\"","stage":"canary","devices":20,"accepted":17,"failed":2,"in_doubt":1})");
}

TEST_CASE("outside check: an address that is not safe is refused beforehand") {
  CHECK(check_outside({.url = "https://health.example/fw"}).has_value());
  CHECK(check_outside({.url = "http://127.0.0.1:8080/"}).has_value());
  CHECK(check_outside({.url = "http://health.example/fw"}).has_error());
  CHECK(check_outside({.command = {"true"}}).has_value());
}
