// SPDX-License-Identifier: MIT
#include "app/usage_errors.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "app/hostile_texts.hpp"

using namespace sluice;

namespace {

using Words = std::vector<std::string>;

KnownWords known() {
  return {
      .common = {{{"-h", "--help"}, false},
                 {{"--version"}, false},
                 {{"--store"}, true},
                 {{"-o", "--output"}, true},
                 {{"-q", "--quiet"}, false}},
      .verbs = {{"run", {"JOB"}, 1, {{{"--rate"}, true}, {{"--devices"}, true}, {{"-y", "--yes"}, false}}},
                {"status", {"RUN"}, 0, {}},
                {"doubt", {"ACTION", "RUN"}, 2, {{{"--chunk"}, true, true}}},
                {"version", {}, 0, {}}}};
}

/// The message and the hint, as one text; "" if nothing is wrong.
std::string error_of(const Words& words) {
  const auto error = find_usage_error(known(), words);
  if (!error) return "";
  CHECK(error->kind == ErrorKind::usage);
  return error->message + " | " + error->hint;
}

}  // namespace

TEST_CASE("usage: what is right is not complained about") {
  const std::vector<Words> rows{{"run", "job.json"},
                                {"run", "--rate", "3", "job.json", "-q"},
                                {"run", "--rate=3", "job.json", "-qy"},
                                {"-ojson", "run", "job.json"},
                                {"--store", "a.db", "status", "7"},
                                {"status"},
                                {"doubt", "list", "7", "--chunk", "1", "--chunk=2"},
                                {"run", "job.json", "--devices", "-"},
                                {"run", "job.json", "--rate", "-1"},
                                {"run", "--", "--rate"},
                                {"--help"},
                                {"run", "--help", "--bogus"}};
  for (const Words& row : rows) {
    CAPTURE(row);
    CHECK(error_of(row) == "");
  }
}

TEST_CASE("usage: what cannot be is named, with the nearest that can") {
  const std::vector<std::pair<Words, std::string>> rows{
      {{}, "a verb is missing | See `sluice --help`."},
      {{"vresion"}, "there is no verb \"vresion\" | Did you mean `sluice version`?"},
      {{"halp"}, "there is no verb \"halp\" | Did you mean `sluice help`?"},
      {{"-o", "json", "bogus"}, "there is no verb \"bogus\" | See `sluice --help`."},
      {{""}, "there is no verb \"\" | See `sluice --help`."},
      {{"--verison"}, "there is no option --verison | Did you mean --version?"},
      {{"run", "--hepl"}, "`sluice run` has no option --hepl | Did you mean --help?"},
      {{"run", "F", "--rat", "3"}, "`sluice run` has no option --rat | Did you mean --rate?"},
      {{"run", "F", "-rate", "3"}, "`sluice run` has no option -rate | Did you mean --rate?"},
      {{"run", "F", "-x"}, "`sluice run` has no option -x | See `sluice run --help`."},
      {{"--rate", "3", "run", "F"},
       "there is no option --rate | It belongs after a verb: sluice run … --rate"},
      {{"status", "--rate", "3"}, "`sluice status` has no option --rate | See `sluice status --help`."},
      {{"run"}, "`sluice run` needs JOB, and it is missing | See `sluice run --help`."},
      {{"run", "F", "G"}, "\"G\" is one word too many for `sluice run` | See `sluice run --help`."},
      {{"run", "F", "--rate"}, "--rate needs a value | See `sluice run --help`."},
      {{"run", "F", "--devices", "--rate", "3"},
       "--devices needs a value, and --rate follows instead | See `sluice run --help`."},
      {{"run", "F", "--quiet=3"}, "--quiet takes no value | See `sluice run --help`."},
      {{"run", "F", "--rate", "3", "--rate=4"}, "--rate is given twice | Leave one of the two out."},
  };
  for (const auto& [words, message] : rows) {
    CAPTURE(words);
    CHECK(error_of(words) == message);
  }
}

TEST_CASE("usage: an empty value is never taken for an option that was not given") {
  for (const Words& words : {Words{"run", "F", "--devices", ""}, Words{"run", "F", "--devices="}}) {
    CAPTURE(words);
    CHECK(error_of(words).starts_with("--devices is given with an empty value"));
  }
  CHECK(error_of({"--store", "", "status"}).starts_with("--store is given with an empty value"));
  CHECK(error_of({"run", ""}).starts_with("JOB is empty"));
}

TEST_CASE("usage: hostile words harm no terminal") {
  for (const std::string& text : testing::hostile_texts()) {
    CAPTURE(text);
    CHECK(testing::is_harmless(error_of({text})));
    CHECK(testing::is_harmless(error_of({"run", "--" + text})));
    CHECK(testing::is_harmless(error_of({"run", "F", text})));
  }
}

TEST_CASE("usage: help and help VERB are the option") {
  CHECK(with_help_option({"help"}) == Words{"--help"});
  CHECK(with_help_option({"help", "run"}) == Words{"run", "--help"});
  CHECK(with_help_option({"run", "help"}) == Words{"run", "help"});
}

TEST_CASE("usage: JSON is asked for wherever the option stands") {
  CHECK(asks_for_json(Words{"bogus", "-o", "json"}));
  CHECK(asks_for_json(Words{"--output=json", "bogus"}));
  CHECK(asks_for_json(Words{"-ojson"}));
  CHECK_FALSE(asks_for_json(Words{"-o", "csv", "json"}));
  CHECK_FALSE(asks_for_json(Words{"list", "-o"}));
}
