// SPDX-License-Identifier: MIT
#include "app/progress_text.hpp"

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <limits>

#include "app/hostile_texts.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using sluice::testing::columns_of;
using sluice::testing::hostile_texts;
using sluice::testing::is_harmless;

namespace {

ProgressView half_way() {
  ProgressView view;
  view.run = RunId{7};
  view.job_name = "fw-2.14-config";
  view.tenant = "prod-cn";
  view.devices = {.pending = 27'500, .in_flight = 200, .accepted = 22'180, .failed = 96, .in_doubt = 24};
  view.devices_total = 50'000;
  view.chunks_done = 223;
  view.chunks_total = 500;
  view.requests = 231;
  view.requests_in_flight = 2;
  view.sent_last_second = 8;
  view.rate = 7.9;
  view.rate_limit = 8;
  view.account_limit = 10;
  view.pace = 8;
  view.retries = 3;
  view.latency = LatencyPercentiles{84ms, 210ms};
  view.eta = EtaRange{31s, 35s};
  view.limited_by = LimitedBy::request_rate;
  view.elapsed = 28s;
  view.top_codes = {{.code = "iot.device.NotFoundDevice", .attempts = 71},
                    {.code = "iot.system.SystemException", .attempts = 25}};
  return view;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

// What a terminal with that block on its last lines shows after the bytes; enough of a terminal for redraw().
std::vector<std::string> shown(std::vector<std::string> screen, std::string_view bytes) {
  std::size_t row = screen.size();
  screen.emplace_back();
  while (!bytes.empty()) {
    if (bytes.starts_with("\x1b[2K")) {
      screen[row].clear();
      bytes.remove_prefix(4);
    } else if (bytes.starts_with("\x1b[J")) {
      screen.resize(row + 1);
      screen[row].clear();
      bytes.remove_prefix(3);
    } else if (bytes.starts_with("\x1b[")) {
      const std::size_t end = bytes.find('A');
      REQUIRE(end != std::string_view::npos);
      const auto up = static_cast<std::size_t>(std::stoi(std::string{bytes.substr(2, end - 2)}));
      REQUIRE(up <= row);
      row -= up;
      bytes.remove_prefix(end + 1);
    } else if (bytes.front() == '\n') {
      if (++row == screen.size()) screen.emplace_back();
      bytes.remove_prefix(1);
    } else {
      if (bytes.front() != '\r') screen[row] += bytes.front();
      bytes.remove_prefix(1);
    }
  }
  CHECK(screen.back().empty());
  screen.pop_back();
  return screen;
}

}  // namespace

TEST_CASE("progress text: the block at 80 columns") {
  CHECK(joined(progress_block(half_way(), {})) ==
        "fw-2.14-config  run 7  tenant prod-cn                                    RUNNING\n"
        "[############----------------]   44.6%  22,300 / 50,000 devices  223 / 500 calls\n"
        "accepted 22,180  failed 96  in doubt 24  in flight 200  pending 27,500\n"
        "rate 7.9/s of 8 (account limit 10)  requests 231  on their way 2\n"
        "latency p50 84ms p95 210ms  retries 3  replays 0  throttled 0\n"
        "ETA 31s .. 35s  elapsed 28s  limited by: request rate\n"
        "top errors  71 iot.device.NotFoundDevice  25 iot.system.SystemException\n");
}

TEST_CASE("progress text: counts that are rare are shown as soon as there are any") {
  ProgressView view = half_way();
  view.devices = {.pending = 1, .accepted = 2, .presumed = 3, .failed = 4, .in_doubt = 5, .canceled = 6};

  CHECK(progress_block(view, {}).at(2) ==
        "accepted 2  presumed 3  failed 4  in doubt 5  canceled 6  in flight 0  pending 1");
}

TEST_CASE("progress text: what others use of the same account is shown as soon as there is a sign of them") {
  ProgressView view = half_way();
  CHECK(boost::json::parse(progress_json(view)).at("others_use").as_double() == 0);
  view.others = 2.96;

  CHECK(progress_block(view, {}).at(3) ==
        "rate 7.9/s of 8 (account limit 10)  others use ~3/s  requests 231");
  CHECK(progress_line(view).find(" others_use=3 ") != std::string::npos);
  CHECK(boost::json::parse(progress_json(view)).at("others_use").as_double() == doctest::Approx(2.96));
}

TEST_CASE("progress text: no line is wider than asked for, whatever the texts and numbers are") {
  for (const std::string& text : hostile_texts()) {
    for (const int columns : {1, 10, 40, 41, 57, 80, 200}) {
      CAPTURE(text);
      CAPTURE(columns);
      ProgressView view = half_way();
      view.job_name = view.tenant = text;
      view.top_codes = {{.code = text, .attempts = std::numeric_limits<std::int64_t>::max()}};
      view.devices.accepted = 1'000'000'000'000;
      view.devices_total = 2'000'000'000'000;
      view.elapsed = std::chrono::nanoseconds::max();
      view.rate = 1e12;

      for (const std::string& line : progress_block(view, {.columns = columns})) {
        CAPTURE(line);
        CHECK(columns_of(line) >= 0);
        CHECK(columns_of(line) <= columns);
        CHECK(is_harmless(line));
      }
    }
  }
}

TEST_CASE("progress text: 100 % is said when nothing is missing, and not before") {
  ProgressView view = half_way();
  view.devices = {.pending = 1, .accepted = 999'999};
  view.devices_total = 1'000'000;
  CHECK(joined(progress_block(view, {})).find("99.9%") != std::string::npos);

  view.devices = {.accepted = 1'000'000};
  CHECK(joined(progress_block(view, {})).find("100.0%") != std::string::npos);
}

TEST_CASE("progress text: an unknown ETA is two dashes, never a number") {
  ProgressView view = half_way();
  view.eta.reset();

  CHECK(joined(progress_block(view, {})).find("ETA --") != std::string::npos);
  CHECK(progress_line(view).find("eta_low_s=unknown") != std::string::npos);
  CHECK(boost::json::parse(progress_json(view)).at("eta_seconds").is_null());
}

TEST_CASE("progress text: a halted run says so") {
  ProgressView view = half_way();
  view.halt = Halt::tenant;

  CHECK(progress_block(view, {}).front().ends_with("TENANT PAUSED"));
  CHECK(progress_line(view).find("state=tenant_paused") != std::string::npos);
}

TEST_CASE("progress text: colour is for terminals only, and NO_COLOR wins unless it is empty") {
  CHECK(wants_colour(true, nullptr));
  CHECK(wants_colour(true, ""));
  CHECK_FALSE(wants_colour(true, "1"));
  CHECK_FALSE(wants_colour(false, nullptr));
  CHECK(joined(progress_block(half_way(), {})).find('\x1b') == std::string::npos);
  CHECK(joined(progress_block(half_way(), {.colour = true})).find('\x1b') != std::string::npos);
}

TEST_CASE("progress text: the plain line has one value for each key") {
  CHECK(
      progress_line(half_way()) ==
      "progress run=7 job=fw-2.14-config state=running devices=22300/50000 accepted=22180 presumed=0 "
      "failed=96 "
      "in_doubt=24 canceled=0 in_flight=200 pending=27500 chunks=223/500 requests=231 rate=7.9 rate_limit=8 "
      "retries=3 replays=0 throttled=0 elapsed_s=28 eta_low_s=31 eta_high_s=35 limited_by=\"request rate\" "
      "top_error=iot.device.NotFoundDevice top_error_attempts=71");
}

TEST_CASE("progress text: hostile texts leave the plain line one line, and the JSON valid") {
  for (const std::string& text : hostile_texts()) {
    CAPTURE(text);
    ProgressView view = half_way();
    view.job_name = view.tenant = text;
    view.top_codes = {{.code = text, .attempts = 1}};

    CHECK(columns_of(progress_line(view)) > 0);
    CHECK(is_harmless(progress_line(view)));
    const std::string json = progress_json(view);
    CHECK(json.find('\n') == std::string::npos);
    boost::json::error_code error;
    boost::json::parse(json, error);
    CHECK_FALSE(error);
  }
}

TEST_CASE("progress text: the JSON's devices add up to their total") {
  const auto devices = boost::json::parse(progress_json(half_way())).at("devices").as_object();

  std::int64_t sum = 0;
  for (const auto& [name, count] : devices) {
    if (name != "total") sum += count.as_int64();
  }
  CHECK(devices.at("total") == 50'000);
  CHECK(sum == 50'000);
}

TEST_CASE("progress text: a redrawn block takes the old one's place, longer or shorter") {
  const std::vector<std::string> log{"$ sluice run job.json"};
  const std::vector<std::string> three{"one", "two", "three"};
  const std::vector<std::string> two{"eins", "zwei"};
  const auto with_log = [&](std::vector<std::string> lines) {
    lines.insert(lines.begin(), log.begin(), log.end());
    return lines;
  };

  CHECK(shown(log, redraw(0, three)) == with_log(three));
  CHECK(shown(with_log(three), redraw(3, two)) == with_log(two));
  CHECK(shown(with_log(two), redraw(2, three)) == with_log(three));
  CHECK(shown(with_log(three), redraw(3, {})) == log);
}
