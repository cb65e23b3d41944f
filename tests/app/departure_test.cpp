// SPDX-License-Identifier: MIT
#include "app/departure.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include "app/exit_codes.hpp"
#include "clock/virtual_clock.hpp"

using namespace sluice;
using namespace std::chrono_literals;

namespace {

struct Leaving {
  boost::asio::io_context context;
  VirtualClock clock{context};
  std::vector<std::string> lines;
  Log log{clock, {}, {}, [this](std::string_view line) { lines.emplace_back(line); }};
  std::vector<int> left;
  Departure departure{clock, log, {.tidying_time = 1h, .leave = [this](int code) { left.push_back(code); }}};

  void begin(std::chrono::nanoseconds patience) {
    boost::asio::co_spawn(context, departure.leave_after(patience), boost::asio::detached);
  }
  void after(std::chrono::nanoseconds duration) { clock.run_until(clock.steady_now() + duration); }
};

}  // namespace

TEST_CASE("departure: a daemon whose last request never ends leaves as failed, and its log says why") {
  Leaving leaving;
  leaving.begin(5s);

  leaving.after(4999ms);
  CHECK(leaving.left.empty());
  CHECK(leaving.lines.empty());
  leaving.after(500ms);

  CHECK(leaving.left == std::vector{exit_codes::unexpected});
  REQUIRE(leaving.lines.size() == 1);
  CHECK(leaving.lines.front().find("daemon_left_late") != std::string::npos);
}

TEST_CASE("departure: one that is done in time does not leave late") {
  Leaving leaving;
  leaving.begin(5s);
  leaving.after(4s);

  leaving.departure.over(exit_codes::all_accepted);
  leaving.after(60s);

  CHECK(leaving.departure.is_over());
  CHECK(leaving.left.empty());
  CHECK(leaving.lines.empty());
}

TEST_CASE("departure: tidying that hangs is left behind, with the exit code that the daemon has come to") {
  boost::asio::io_context context;
  VirtualClock clock{context};
  Log log{clock, {}, {}, [](std::string_view) {}};
  std::promise<int> left;
  Departure departure{
      clock, log, {.tidying_time = 1ms, .leave = [&left](int code) { left.set_value(code); }}};

  departure.over(exit_codes::refused);

  CHECK(left.get_future().get() == exit_codes::refused);
}

TEST_CASE("departure: tidying that ends in time is waited for") {
  std::optional<int> left;
  {
    boost::asio::io_context context;
    VirtualClock clock{context};
    Log log{clock, {}, {}, [](std::string_view) {}};
    Departure departure{clock, log, {.tidying_time = 1h, .leave = [&left](int code) { left = code; }}};
    departure.over(exit_codes::all_accepted);
  }
  CHECK_FALSE(left.has_value());
}
