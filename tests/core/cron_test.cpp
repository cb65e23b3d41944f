// SPDX-License-Identifier: MIT
#include "sluice/core/cron.hpp"

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

CronExpression parsed(std::string_view text) {
  CAPTURE(text);
  const auto outcome = parse_cron(text);
  if (const auto* fault = std::get_if<CronFault>(&outcome)) FAIL("refused: " << fault->text);
  return std::get<CronExpression>(outcome);
}

CronFault refused(std::string_view text) {
  CAPTURE(text);
  const auto outcome = parse_cron(text);
  REQUIRE(std::holds_alternative<CronFault>(outcome));
  return std::get<CronFault>(outcome);
}

std::uint64_t set(std::initializer_list<int> values) {
  std::uint64_t bits = 0;
  for (const int value : values) bits |= std::uint64_t{1} << value;
  return bits;
}

bool says(const CronFault& fault, std::string_view words) {
  CAPTURE(fault.text);
  const bool found = fault.text.find(words) != std::string::npos;
  CHECK(found);
  return found;
}

}  // namespace

TEST_CASE("cron: five fields are minute, hour, day of the month, month and weekday") {
  const CronExpression expression = parsed("30 2 15 6 3");

  CHECK(expression.minutes == set({30}));
  CHECK(expression.hours == set({2}));
  CHECK(expression.days == set({15}));
  CHECK(expression.months == set({6}));
  CHECK(expression.weekdays == set({3}));
}

TEST_CASE("cron: a part is a value, a range, a star or a step of these, and a list has several") {
  CHECK(parsed("* * * * *").minutes == (std::uint64_t{1} << 60) - 1);
  CHECK(parsed("*/15 * * * *").minutes == set({0, 15, 30, 45}));
  CHECK(parsed("10-40/15 * * * *").minutes == set({10, 25, 40}));
  CHECK(parsed("10-39/15 * * * *").minutes == set({10, 25}));
  CHECK(parsed("10/15 * * * *").minutes == set({10, 25, 40, 55}));
  CHECK(parsed("5,1-3,50-59/4 * * * *").minutes == set({1, 2, 3, 5, 50, 54, 58}));
  CHECK(parsed("0 8-10 * * *").hours == set({8, 9, 10}));
  CHECK(parsed("0 0 */10 * *").days == set({1, 11, 21, 31}));
  CHECK(parsed("0 0 1 */4 *").months == set({1, 5, 9}));
  CHECK(parsed("0 0 1 * *").months == 0x1FFE);
  CHECK(parsed("0 0 1 * *").weekdays == 0x7F);
}

TEST_CASE("cron: months and weekdays have names, in any case and in ranges") {
  CHECK(parsed("0 0 * jan,DEC *").months == set({1, 12}));
  CHECK(parsed("0 0 * Mar-may *").months == set({3, 4, 5}));
  CHECK(parsed("0 0 * * mon-fri").weekdays == set({1, 2, 3, 4, 5}));
  CHECK(parsed("0 0 * * mon-fri/2").weekdays == set({1, 3, 5}));
}

TEST_CASE("cron: Sunday is 0, 7 and sun, and may end a range but not be gone past") {
  for (const char* sunday : {"0", "7", "sun", "SUN", "sun-sun", "0-0", "7-7", "0,7"}) {
    CAPTURE(sunday);
    CHECK(parsed(std::string("0 0 * * ") + sunday).weekdays == set({0}));
  }
  CHECK(parsed("0 0 * * 5-7").weekdays == set({0, 5, 6}));
  CHECK(parsed("0 0 * * fri-sun").weekdays == set({0, 5, 6}));
  CHECK(parsed("0 0 * * sun-tue").weekdays == set({0, 1, 2}));
  says(refused("0 0 * * sat-mon"), "6-7,0-1");
}

TEST_CASE("cron: either of two restricted day fields is enough, unless one begins with a star") {
  CHECK_FALSE(parsed("0 0 13 * fri").must_fit_both_days);
  CHECK(parsed("0 0 13 * *").must_fit_both_days);
  CHECK(parsed("0 0 * * fri").must_fit_both_days);
  CHECK(parsed("0 0 */2 * fri").must_fit_both_days);
  CHECK(parsed("0 0 13 * */2").must_fit_both_days);
}

TEST_CASE("cron: a time is fixed unless its minute or hour begins with a star") {
  CHECK(parsed("30 2 * * *").is_fixed_time);
  CHECK(parsed("0,30 1-3 * * *").is_fixed_time);
  CHECK_FALSE(parsed("30 * * * *").is_fixed_time);
  CHECK_FALSE(parsed("*/10 2 * * *").is_fixed_time);
  CHECK_FALSE(parsed("0 */6 * * *").is_fixed_time);
  CHECK_FALSE(parsed("@hourly").is_fixed_time);
  CHECK(parsed("@daily").is_fixed_time);
}

TEST_CASE("cron: a word that begins with @ stands for the fields that crontab(5) gives") {
  CHECK(parsed("@hourly") == parsed("0 * * * *"));
  CHECK(parsed("@daily") == parsed("0 0 * * *"));
  CHECK(parsed("@midnight") == parsed("0 0 * * *"));
  CHECK(parsed("@weekly") == parsed("0 0 * * 0"));
  CHECK(parsed("@monthly") == parsed("0 0 1 * *"));
  CHECK(parsed("@yearly") == parsed("0 0 1 1 *"));
  CHECK(parsed("@annually") == parsed("@Yearly"));
}

TEST_CASE("cron: an interval is a number and a unit, from a minute to a year") {
  CHECK(parsed("every 6h").interval == 6h);
  CHECK(parsed("every 90s").interval == 90s);
  CHECK(parsed("  every\t15m ").interval == 15min);
  CHECK(parsed("every 366d").interval == 366 * 24h);
  for (const char* bad :
       {"every", "every 6", "every h", "every 6h 5m", "every 59s", "every 367d", "every -1h", "every 1.5h",
        "every 0h", "every 99999m", "every 6H", "every 6hours"}) {
    CAPTURE(bad);
    refused(bad);
  }
}

TEST_CASE("cron: what other crons know and this one does not is refused with what to write instead") {
  says(refused("@reboot"), "@daily");
  says(refused("@every 5m"), "every 6h");
  says(refused("0 0 L * *"), "the last day");
  says(refused("0 0 L-3 * *"), "the last day");
  says(refused("0 0 * * 5L"), "the last day");
  says(refused("0 0 15W * *"), "mon-fri");
  says(refused("0 0 LW * *"), "mon-fri");
  says(refused("0 0 * * 5#3"), "n-th weekday");
  says(refused("0 0 ? * mon"), "write *");
  says(refused("H 2 * * *"), "spread");
  says(refused("0~59 2 * * *"), "spread");
  says(refused("0 30 2 * * *"), "seconds");
  says(refused("0 0 30 2 *"), "never fires");
  says(refused("0 0 31 apr,jun,sep,nov *"), "never fires");
  says(refused("*/90 * * * *"), "every 90m");
  says(refused("0 22-3 * * *"), "22-23,0-3");
}

TEST_CASE("cron: a fault has the place in the text where it is") {
  CHECK(refused("60 * * * *").offset == 0);
  CHECK(refused("0 24 * * *").offset == 2);
  CHECK(refused("0 0 1,32 * *").offset == 6);
  CHECK(refused("0  0 * foo *").offset == 7);
  CHECK(refused("0 0 * * mon-foo").offset == 12);
  CHECK(refused("*/0 * * * *").offset == 2);
  CHECK(refused("* * * * * *").offset == 10);
  CHECK(refused("").offset == 0);
}

TEST_CASE("cron: garbage is refused, and its bytes do not get into the message") {
  for (const char* bad : {" ",
                          "1 2 3",
                          "a b c d e",
                          "1, * * * *",
                          ",1 * * * *",
                          "1- * * * *",
                          "-1 * * * *",
                          "1/ * * * *",
                          "/5 * * * *",
                          "1-2-3 * * * *",
                          "1/2/3 * * * *",
                          "** * * * *",
                          "*-5 * * * *",
                          "1.5 * * * *",
                          "0 0 0 * *",
                          "0 0 * 0 *",
                          "0 0 * * 8",
                          "0 0 * january *",
                          "@",
                          "@daily 5",
                          "99999 * * * *",
                          "+1 * * * *",
                          "0x1 * * * *",
                          "\x1b[2J * * * *",
                          "0 0 * * \xc3\xa9"}) {
    CAPTURE(bad);
    const CronFault fault = refused(bad);
    CHECK(fault.text.find('\x1b') == std::string::npos);
    CHECK(fault.offset <= std::string_view(bad).size());
  }
  refused(std::string(5000, '1'));
}

TEST_CASE("cron: the 29th of February, and a 30th of February on a weekday, are due sometimes") {
  parsed("0 0 29 2 *");
  parsed("0 0 30 2 mon");
  parsed("0 0 31 1,2 *");
}
