// SPDX-License-Identifier: MIT
#include "dialect/retry_hint.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

// Sun, 06 Nov 1994 08:49:37 GMT, the instant that RFC 9110 writes in its three forms (`date -d … +%s`).
constexpr UtcTime rfc_instant{784111777s};

std::optional<std::chrono::milliseconds> wait_of(const Headers& headers, UtcTime now = rfc_instant) {
  const auto hint = read_retry_hint({429, headers, ""}, now);
  if (!hint) return std::nullopt;
  return hint->wait;
}

}  // namespace

TEST_CASE("retry hint: each header is read in its own unit and clamped to 1 s … 15 min") {
  struct Row {
    const char* name;
    const char* value;
    std::chrono::milliseconds wait;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"Retry-After", "7", 7s},
           {"retry-after", " 7 ", 7s},
           {"Retry-After", "900", 15min},
           {"Retry-After", "901", 15min},
           {"Retry-After", "99999999999999999999999", 15min},
           {"x-acs-retry-after", "2500", 2500ms},
           {"x-acs-retry-after", "1", 1s},
           {"x-acs-retry-after", "900001", 15min},
           {"x-ratelimit-user-api", "Limit:1,Remain:0,TimeLeft:2000,Reset:1234", 2s},
           {"X-RateLimit-User", "limit: 1, remain: 0, timeleft: 3500", 3500ms},
       }) {
    CAPTURE(row.name);
    CAPTURE(row.value);

    CHECK(wait_of({{row.name, row.value}}) == row.wait);
  }
}

TEST_CASE("retry hint: zero, negative and unreadable values are no hint") {
  for (const auto& [name, value] : Headers{{"Retry-After", "0"},
                                           {"Retry-After", "-5"},
                                           {"Retry-After", "1.5"},
                                           {"Retry-After", "soon"},
                                           {"Retry-After", ""},
                                           {"Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT and more"},
                                           {"Retry-After", "Tue, 30 Feb 1995 08:49:37 GMT"},
                                           {"x-acs-retry-after", "0"},
                                           {"x-acs-retry-after", "-1"},
                                           {"x-acs-retry-after", "12ms"},
                                           {"x-acs-retry-after", "Sun, 06 Nov 1994 08:49:47 GMT"},
                                           {"x-ratelimit-user", ""},
                                           {"x-ratelimit-user", "Limit:1,Remain:0"},
                                           {"x-ratelimit-user", "TimeLeft"},
                                           {"x-ratelimit-user", "TimeLeft:"},
                                           {"x-ratelimit-user", ",,:,TimeLeft:-2000,"},
                                           {"some-other", "5"}}) {
    CAPTURE(name);
    CAPTURE(value);

    CHECK(wait_of({{name, value}}) == std::nullopt);
  }
}

TEST_CASE("retry hint: a date in any of the three forms counts from the answer's own clock, else from ours") {
  for (const char* date :
       {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"}) {
    CAPTURE(date);

    CHECK(wait_of({{"Retry-After", date}}, rfc_instant - 90s) == 90s);
    CHECK(wait_of({{"Retry-After", date}}, rfc_instant) == std::nullopt);
    CHECK(wait_of({{"Retry-After", date}}, rfc_instant + 1s) == std::nullopt);
    CHECK(wait_of({{"Retry-After", date}, {"Date", "Sun, 06 Nov 1994 08:49:17 GMT"}}, UtcTime{}) == 20s);
    CHECK(wait_of({{"Retry-After", date}, {"Date", "yesterday"}}, rfc_instant - 5s) == 5s);
  }
}

TEST_CASE("retry hint: of several the longest counts") {
  CHECK(wait_of({{"Retry-After", "2"},
                 {"x-acs-retry-after", "3000"},
                 {"x-ratelimit-user", "TimeLeft:4000"},
                 {"x-ratelimit-user-api", "TimeLeft:5000"}}) == 5s);
  CHECK(wait_of({{"Retry-After", "junk"}, {"x-acs-retry-after", "3000"}}) == 3s);
}

TEST_CASE("retry hint: only the API's own headers speak of a rate limit, and only of one that is used up") {
  const auto is_rate_limit = [](const Headers& headers) {
    const auto hint = read_retry_hint({400, headers, ""}, rfc_instant);
    return hint && hint->is_rate_limit;
  };

  CHECK(is_rate_limit({{"x-acs-retry-after", "100"}}));
  CHECK(is_rate_limit({{"x-ratelimit-user", "Limit:1,Remain:0,TimeLeft:2000"}}));
  CHECK(is_rate_limit({{"x-ratelimit-user", "TimeLeft:2000"}}));
  // With something left it is a report, and no reason to wait either.
  CHECK(wait_of({{"x-ratelimit-user", "Limit:100,Remain:40,TimeLeft:2000"}}) == std::nullopt);
  CHECK_FALSE(is_rate_limit({{"Retry-After", "5"}}));
}
