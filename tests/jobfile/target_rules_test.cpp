// SPDX-License-Identifier: MIT
// Params, templates and the condition, as a job file has them.
#include "sluice/jobfile/target_rules.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "sluice/jobfile/job_file.hpp"

using namespace sluice;

namespace {

using Kind = ColumnValue::Kind;
using Settings = std::vector<ParameterSetting>;

std::string job_text(const std::string& args, const std::string& params = "{}",
                     const std::string& more = "") {
  return "{\"name\": \"n\", \"params\": " + params +
         ",\n\"call\": {\"product_key\": \"p\", \"identifier\": \"i\", \"args\": " + args + "}" + more + "}";
}

TargetRules rules_of(const std::string& text, const Settings& settings = {}) {
  auto rules = read_target_rules("j.json", text, settings);
  REQUIRE_MESSAGE(rules.has_value(), (rules ? "" : rules.error().message));
  return *std::move(rules);
}

Error error_of(const std::string& text, const Settings& settings = {}) {
  const auto rules = read_target_rules("j.json", text, settings);
  REQUIRE(rules.has_error());
  CHECK_FALSE(rules.error().hint.empty());
  return rules.error();
}

std::string rendered(const TargetRules& rules, const std::vector<ColumnValue>& values = {}) {
  REQUIRE(rules.arguments.has_value());
  std::string args;
  const auto fault = rules.arguments->args.render(values, args);
  return fault ? fault->column + " " + fault->text : args;
}

constexpr const char* four_params = R"({"version": {"type": "string", "default": "2.14.0"},
  "count": {"type": "integer", "default": 3}, "ratio": {"type": "number", "default": 10.0},
  "on": {"type": "boolean", "default": true}})";

}  // namespace

TEST_CASE("target rules: arguments without a place to fill in are sent as they stand in the job file") {
  CHECK_FALSE(rules_of(job_text(R"({"a": 10.0, "b": "$5 {x} $"})", four_params)).arguments.has_value());
}

TEST_CASE("target rules: a text that is one place alone becomes the value, with its type and spelling") {
  const std::string text = job_text(
      R"({"v": "${param.version}", "c" : "${param.count}","r":"${param.ratio}", "o": ["${param.on}"]})",
      four_params);

  CHECK(rendered(rules_of(text)) == R"({"v": "2.14.0", "c" : 3,"r":10.0, "o": [true]})");
  CHECK(rendered(
            rules_of(text, {{"version", "\"3\\\n"}, {"count", "-0"}, {"ratio", "1E1"}, {"on", "false"}})) ==
        R"({"v": "\"3\\\n", "c" : -0,"r":1E1, "o": [false]})");
}

TEST_CASE("target rules: within a longer text a value is put in as text") {
  const std::string text =
      job_text(R"({"u": "https://x/${param.version}/${param.ratio}?${param.on}", "v": " ${param.version}"})",
               four_params);

  CHECK(rendered(rules_of(text)) == R"({"u": "https://x/2.14.0/10.0?true", "v": " 2.14.0"})");
  CHECK(rendered(rules_of(text, {{"version", "a\"b"}})) ==
        R"({"u": "https://x/a\"b/10.0?true", "v": " a\"b"})");
}

TEST_CASE("target rules: all other bytes stay as the author wrote them") {
  const std::string text =
      job_text("{ \"a\" :1E400,\n\t\"\\u0041\":\"\\u00e4\\/${param.count}\\n\",\"b\":-0.0 }", four_params);

  CHECK(rendered(rules_of(text)) == "{ \"a\" :1E400,\n\t\"\\u0041\":\"\\u00e4\\/3\\n\",\"b\":-0.0 }");
}

TEST_CASE("target rules: $${ is a plain ${, and a lone $ stays") {
  CHECK(rendered(
            rules_of(job_text(R"({"a": "$${param.x} $${ $$ $", "b": "$$${param.count}"})", four_params))) ==
        R"({"a": "${param.x} ${ $$ $", "b": "$${param.count}"})");
}

TEST_CASE("target rules: a device's columns keep their types") {
  const TargetRules rules = rules_of(
      job_text(R"({"m": "${column.model}", "u": "x/${column.model}.bin", "n": "${column.serial no}"})"));
  REQUIRE(rules.columns.size() == 2);
  CHECK(rules.columns[0] == WantedColumn{"model", "j.json:2:64: call.args"});
  CHECK(rules.columns[1].name == "serial no");

  CHECK(rendered(rules, {{Kind::text, "A\"1"}, {Kind::number, "10.0"}}) ==
        R"({"m": "A\"1", "u": "x/A\"1.bin", "n": 10.0})");
  CHECK(rendered(rules, {{Kind::boolean, "true"}, {Kind::text, "5"}}) ==
        R"({"m": true, "u": "x/true.bin", "n": "5"})");
}

TEST_CASE("target rules: a missing, empty or unreadable value is no argument") {
  const TargetRules rules = rules_of(job_text(R"({"m": "${column.model}"})"));

  CHECK(rendered(rules, {{}}) == "model is empty or missing");
  CHECK(rendered(rules, {{Kind::text, ""}}) == "model is empty or missing");
  CHECK(rendered(rules, {{Kind::text, "a\xFF"}}) == "model is not valid UTF-8");
}

TEST_CASE("target rules: the columns of the condition come first, each once") {
  const TargetRules rules =
      rules_of(job_text(R"({"m": "${column.model}", "s": "${column.site}"})", "{}",
                        R"(, "targets": {"devices_file": "f.csv", "where": "site = 'a' and fw < '2'"})"));

  std::vector<std::string> names;
  for (const WantedColumn& column : rules.columns) names.push_back(column.name);
  CHECK(names == std::vector<std::string>{"site", "fw", "model"});
  CHECK(rules.columns[0].place == "j.json:2:153: targets.where");
  REQUIRE(rules.where.has_value());
  CHECK(rules.where->columns() == std::vector<std::string>{"site", "fw"});
}

TEST_CASE("target rules: settings go over defaults, and every mistake is told at once") {
  const std::string text = job_text("{}", R"({"a": {"type": "string"}, "n": {"type": "integer", "default": 1},
    "b": {"type": "boolean", "default": false}})");

  CHECK(rules_of(text, {{"a", ""}, {"n", "7"}}).params ==
        ParameterValues{{"a", "\"\""}, {"n", "7"}, {"b", "false"}});

  const Error error = error_of(text, {{"n", "1.5"}, {"b", "yes"}, {"m", "1"}, {"x_long", "1"}, {"n", "2"}});
  CHECK(error.kind == ErrorKind::usage);
  CHECK(error.message ==
        "--set n=1.5: not a value of type integer; expected a whole number such as 12\n"
        "--set b=yes: not a value of type boolean; expected true or false\n"
        "--set m: j.json has no such parameter; did you mean \"a\"?\n"
        "--set x_long: j.json has no such parameter; expected one of a, b, n\n"
        "j.json:1:26: params.a: no value, and no default");
  CHECK(error_of(text, {{"a", "1"}, {"a", "2"}}).message == "--set a: set twice");
  CHECK(error_of(job_text("{}"), {{"a", "1"}}).message ==
        "--set a: j.json has no such parameter, and no \"params\" at all");
}

TEST_CASE("target rules: what a number may look like is JSON's word") {
  const std::string text = job_text("{}", R"({"n": {"type": "number", "default": 1}})");
  for (const std::string good : {"10.0", "-0", "1e3", "1E-400"}) {
    CAPTURE(good);
    CHECK(rules_of(text, {{"n", good}}).params.at("n") == good);
  }
  for (const std::string bad :
       {"", " 1", "1 ", "01", ".5", "+1", "1.", "0x1", "nan", "1,2", "1 // x", "\"1\""}) {
    CAPTURE(bad);
    CHECK(error_of(text, {{"n", bad}}).kind == ErrorKind::usage);
  }
}

TEST_CASE("target rules: a setting is a name, = and a value") {
  CHECK(parse_setting("a=b=c").value() == ParameterSetting{"a", "b=c"});
  CHECK(parse_setting("a=").value() == ParameterSetting{"a", ""});
  for (const std::string bad : {"", "a", "=b", "1a=b", "a b=c"}) {
    CAPTURE(bad);
    REQUIRE(parse_setting(bad).has_error());
    CHECK(parse_setting(bad).error().kind == ErrorKind::usage);
  }
}

TEST_CASE("target rules: what is wrong in the job file is told with its place") {
  const std::pair<std::string, std::string> rows[] = {
      {job_text(R"({"a": "${param.versoin}"})", four_params),
       "j.json:4:64: call.args: there is no parameter \"versoin\"; did you mean \"version\"?"},
      {job_text(R"({"a": "x${env.HOME}"})"),
       "j.json:2:65: call.args: ${ begins a place to fill in; expected ${param.NAME} or ${column.NAME}, or "
       "$${ "
       "for a plain ${"},
      {job_text(R"({"a": "${column.x"})"),
       "j.json:2:64: call.args: ${ begins a place to fill in; expected ${param.NAME} or ${column.NAME}, or "
       "$${ "
       "for a plain ${"},
      {job_text(R"({"${column.x}": 1})"),
       "j.json:2:58: call.args: nothing is filled in here; expected ${param.…} and ${column.…} in the texts "
       "of "
       "call.args and compensate.args only"},
      {job_text("{}", "[]"),
       "j.json:1:25: params: a list where something else belongs; expected an object of parameters, each "
       "with "
       "\"type\" and perhaps \"default\""},
      {job_text("{}", R"({"a": {"type": "text"}, "b": {"type": "integer", "default": 1.0}, "c c": {}})"),
       "j.json:1:40: params.a.type: \"text\" is no type; expected \"string\", \"integer\", \"number\" or "
       "\"boolean\"\n"
       "j.json:1:85: params.b.default: 1.0 does not fit; expected a value of type integer\n"
       "j.json:1:91: params.c c: not a parameter's name; expected 1 to 64 letters, digits, _ and -, "
       "beginning "
       "with a letter\n"
       "j.json:1:98: params.c c.type: missing; expected \"string\", \"integer\", \"number\" or \"boolean\""},
      {job_text("{}", "{}", R"(, "targets": {"devices_file": "f.csv", "where": "site == 'a'"})"),
       "j.json:2:108: targets.where: at offset 6 of the condition, after \"site =\": expected a text in "
       "single "
       "quotes or a number, found ="},
  };
  for (const auto& [text, message] : rows) {
    CAPTURE(text);
    CHECK(error_of(text).message == message);
    CHECK(error_of(text).kind == ErrorKind::invalid_input);
    CHECK(read_job("j.json", text).has_error());
  }
}
