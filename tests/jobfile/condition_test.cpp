// SPDX-License-Identifier: MIT
#include "sluice/jobfile/condition.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>
#include <string>
#include <vector>

using namespace sluice;

namespace {

using Kind = ColumnValue::Kind;

// A device that the tests below ask about; what is not listed is missing.
const std::map<std::string, ColumnValue> device{
    {"site", {Kind::text, "hamburg"}}, {"fw", {Kind::text, "2.9.1"}},   {"n", {Kind::text, "10"}},
    {"ratio", {Kind::number, "1E1"}},  {"on", {Kind::boolean, "true"}}, {"serial no", {Kind::text, "A1-77"}},
    {"in", {Kind::text, "a keyword"}}};

Condition parsed(const std::string& text) {
  auto outcome = Condition::parse(text);
  const auto* fault = std::get_if<ConditionFault>(&outcome);
  REQUIRE_MESSAGE(fault == nullptr, (text + ": " + (fault ? fault->text : "")));
  return std::get<Condition>(std::move(outcome));
}

bool holds(const std::string& text) {
  const Condition condition = parsed(text);
  std::vector<ColumnValue> values;
  for (const std::string& column : condition.columns()) {
    values.push_back(device.contains(column) ? device.at(column) : ColumnValue{});
  }
  return condition.holds_for(values);
}

/// "7: what is wrong"
std::string fault_of(const std::string& text) {
  const auto outcome = Condition::parse(text);
  const auto* fault = std::get_if<ConditionFault>(&outcome);
  return fault ? fmt::format("{}: {}", fault->offset, fault->text) : "none";
}

std::string repeated(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

}  // namespace

TEST_CASE("condition: a text is compared byte by byte, and is the same or not") {
  CHECK(holds("site = 'hamburg'"));
  CHECK_FALSE(holds("site = 'Hamburg'"));
  CHECK(holds("site != 'köln'"));
  CHECK(holds("site > 'ham'"));
  CHECK(holds("site >= 'hamburg'"));
  CHECK_FALSE(holds("site < 'hamburg'"));
  CHECK(holds("site<='hamburg'"));
}

TEST_CASE("condition: numbers with dots are versions, and compare part by part") {
  CHECK(holds("fw < '2.10.0'"));
  CHECK(holds("fw < '2.10'"));
  CHECK(holds("fw > '2.9'"));
  CHECK(holds("fw > '2.09'"));
  CHECK_FALSE(holds("fw = '2.09.1'"));
  CHECK(holds("fw < '2.10.0-rc1'") == false);  // no version on the right: '9' comes after '1'
  CHECK(holds("n > '9'"));
}

TEST_CASE("condition: against a number a value counts as a number, if it reads as one") {
  CHECK(holds("n = 10.0"));
  CHECK(holds("n > 9"));
  CHECK(holds("ratio = 10"));
  CHECK(holds("ratio >= +1e+1"));
  CHECK(holds("n > -5"));
  CHECK(holds("n in (1, 10)"));
  CHECK_FALSE(holds("site = 10"));
  CHECK(holds("site != 10"));
  CHECK_FALSE(holds("site < 10"));
  CHECK_FALSE(holds("site >= 10"));
}

TEST_CASE("condition: whole numbers are compared exactly, however long") {
  const Condition condition = parsed("id = 9007199254740993");
  const std::pair<std::string, bool> rows[] = {
      {"9007199254740993", true}, {"9007199254740992", false}, {"09007199254740993", true}};
  for (const auto& [id, expected] : rows) {
    CAPTURE(id);
    CHECK(condition.holds_for(std::vector<ColumnValue>{{Kind::text, id}}) == expected);
  }
}

TEST_CASE("condition: true and false are texts") {
  CHECK(holds("on = 'true'"));
  CHECK_FALSE(holds("on = 'false'"));
}

TEST_CASE("condition: a missing value makes every comparison false, and not of it true") {
  for (const std::string comparison : {"zone = 'a'", "zone != 'a'", "zone < 'a'", "zone >= 0",
                                       "zone in ('a')", "zone glob '*'", "zone = ''"}) {
    CAPTURE(comparison);
    CHECK_FALSE(holds(comparison));
    CHECK(holds("not " + comparison));
  }
}

TEST_CASE("condition: not binds closest, then and, then or") {
  CHECK(holds("n = 10 or n = 11 and n = 12"));
  CHECK_FALSE(holds("(n = 10 or n = 11) and n = 12"));
  CHECK(holds("not n = 11 and n = 10"));
  CHECK_FALSE(holds("not (n = 11 or n = 10)"));
  CHECK(holds("not not n = 10"));
}

TEST_CASE("condition: keywords in any case, and columns that look like one in quotes") {
  CHECK(holds("NOT n = 1 And n In (10) OR n GLOB 'x'"));
  CHECK(holds("\"in\" = 'a keyword'"));
  CHECK(holds("\"serial no\" glob 'A1-*'"));
  CHECK(parsed("\"a\"\"b\" = 'it''s'").columns() == std::vector<std::string>{"a\"b"});
  CHECK(parsed("a.b-c_1 = 1 or x = 2 and a.b-c_1 = 3").columns() == std::vector<std::string>{"a.b-c_1", "x"});
}

TEST_CASE("condition: a glob is of the whole text") {
  const std::tuple<std::string, std::string, bool> rows[] = {
      {"A1-*", "A1-77", true},
      {"A1", "A1-77", false},
      {"*7", "A1-77", true},
      {"*", "", true},
      {"?", "", false},
      {"?", "ü", true},
      {"A[0-9]-??", "A1-77", true},
      {"A[!0-9]*", "A1-77", false},
      {"[^a]*", "A1-77", true},
      {"[]x]", "]", true},
      {"[ä-ü]", "ö", true},
      {"[a", "[a", true},
      {"a\\*", "a*", true},
      {"a\\*", "ab", false},
      {"*a*b*c", "xxaxxbxxcxxc", true},
      {"*a*b*c", "xxaxxcxxb", false},
      {"**", "x", true},
      {"\\", "\\", true},
  };
  for (const auto& [pattern, text, expected] : rows) {
    CAPTURE(pattern);
    CAPTURE(text);
    const Condition condition = parsed("c glob '" + pattern + "'");
    CHECK(condition.holds_for(std::vector<ColumnValue>{{Kind::text, text}}) == expected);
  }
}

TEST_CASE("condition: a hostile glob takes no more than text times pattern steps") {
  const Condition condition = parsed("c glob '" + repeated("*a", 500) + "b'");
  const std::string text = repeated("a", 50'000);

  CHECK_FALSE(condition.holds_for(std::vector<ColumnValue>{{Kind::text, text}}));
}

TEST_CASE("condition: what is wrong is told with its place") {
  const std::pair<std::string, std::string> rows[] = {
      {"", "0: expected a column, not or a parenthesis, found the end"},
      {"site", "4: expected = != < <= > >= in or glob after a column, found the end"},
      {"site = ", "7: expected a text in single quotes or a number, found the end"},
      {"site = hamburg",
       "7: expected a value, found the column hamburg; text stands in single quotes: 'hamburg'"},
      {"site = \"hamburg\"",
       "7: expected a value, found the column hamburg; text stands in single quotes: 'hamburg'"},
      {"site == 'a'", "6: expected a text in single quotes or a number, found ="},
      {"site = 'a", "7: this text is not closed; expected ' at its end"},
      {"\"site = 'a'", "0: this column is not closed; expected \" at its end"},
      {"site = 'a' site", "11: expected and, or, or the end, found site"},
      {"site = 'a' and", "14: expected a column, not or a parenthesis, found the end"},
      {"(site = 'a'", "11: expected ) to close the parenthesis, found the end"},
      {"site = 'a')", "10: expected and, or, or the end, found )"},
      {"site in 'a'", "8: expected ( before the values, as in ('a', 'b'), found the text 'a'"},
      {"site in ()", "9: expected a text in single quotes or a number, found )"},
      {"site in ('a' 'b')", "13: expected ) to close the parenthesis, found the text 'b'"},
      {"site glob 5", "10: expected a pattern in single quotes after glob, found 5"},
      {"site not in ('a')", "5: not stands before the column: not site in ('a', 'b')"},
      {"fw < 2.10.0",
       "5: 2.10.0 is not a number; a version or another text stands in single quotes: '2.10.0'"},
      {"site = 'a' && n = 1",
       "11: '&' has no place in a condition; expected a column, a comparison, and, or, not"},
      {"'a' = site", "0: expected a column, not or a parenthesis, found the text 'a'"},
      {"\x1b[31m", "0: '\\x1B' has no place in a condition; expected a column, a comparison, and, or, not"},
  };
  for (const auto& [text, fault] : rows) {
    CAPTURE(text);
    CHECK(fault_of(text) == fault);
  }
}

TEST_CASE("condition: nesting and length are bounded") {
  CHECK(fault_of(repeated("(", 64) + "n = 1" + repeated(")", 64)) == "none");
  CHECK(fault_of(repeated("(", 65) + "n = 1" + repeated(")", 65)) ==
        "64: nested too deeply; expected at most 64 levels");
  CHECK(fault_of(repeated("not ", 100'000) + "n = 1") ==
        "256: nested too deeply; expected at most 64 levels");
  CHECK(fault_of("n = 1" + repeated(" or n = 1", 999)) == "none");
  CHECK(fault_of("n = 1" + repeated(" or n = 1", 1000)).ends_with("expected at most 1000 comparisons"));
}
