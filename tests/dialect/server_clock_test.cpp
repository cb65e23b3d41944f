// SPDX-License-Identifier: MIT
#include "sluice/dialect/server_clock.hpp"

#include <doctest/doctest.h>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

constexpr UtcTime rfc_instant{784'111'777s};  // Sun, 06 Nov 1994 08:49:37 GMT

HttpResponse answer_dated(std::string date) {
  return {.status = 200, .headers = {{"Date", std::move(date)}}, .body = {}};
}

}  // namespace

TEST_CASE("server clock: the offset is the least that the exchange and the Date's whole seconds leave") {
  struct Row {
    std::chrono::milliseconds sent;  // after the Date, by our clock
    std::chrono::milliseconds received;
    std::chrono::milliseconds offset;
  };
  for (const Row& row : {
           Row{0ms, 50ms, 0ms},
           Row{-200ms, 0ms, 0ms},
           Row{1s, 1050ms, 0ms},  // written at the very end of its second
           Row{1001ms, 1050ms, 1ms},
           Row{-50ms, -1ms, -1ms},
           Row{-20s, 20s, 0ms},  // a slow exchange tells little
           Row{61s, 61050ms, 60s},
           Row{121s, 125s, 120s},
           Row{-125s, -121s, -121s},
           Row{24h, 24h + 1s, 24h - 1s},
       }) {
    CAPTURE(row.sent.count());
    CAPTURE(row.received.count());

    CHECK(clock_offset(answer_dated("Sun, 06 Nov 1994 08:49:37 GMT"), rfc_instant + row.sent,
                       rfc_instant + row.received) == row.offset);
  }
}

TEST_CASE("server clock: an answer without a Date, or with one that cannot be read, says nothing") {
  CHECK(clock_offset(HttpResponse{.status = 200, .headers = {}, .body = {}}, rfc_instant, rfc_instant) ==
        std::nullopt);
  for (const char* date : {"", "now", "Sun, 31 Feb 1994 08:49:37 GMT", "784111777"}) {
    CAPTURE(date);
    CHECK(clock_offset(answer_dated(date), rfc_instant, rfc_instant) == std::nullopt);
  }
  CHECK_FALSE(wrong_clock_reason(std::nullopt).has_value());
}

TEST_CASE("server clock: up to a minute either way is right enough, and beyond it is said which way") {
  for (const auto offset : {-60s, -1s, 0s, 59s, 60s}) CHECK_FALSE(wrong_clock_reason(offset).has_value());

  CHECK(wrong_clock_reason(60'001ms) ==
        "clock_offset: the clock of this machine is 60 s ahead of the server's; set it right, then resume");
  CHECK(wrong_clock_reason(-1200s) ==
        "clock_offset: the clock of this machine is 1200 s behind the server's; set it right, then resume");
}
