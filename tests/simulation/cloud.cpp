// SPDX-License-Identifier: MIT
#include "simulation/cloud.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace sluice::simulation {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t timestamp_valid_seconds = 15 * 60;

/// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string http_date(std::int64_t seconds) {
  static constexpr std::array<const char*, 7> weekdays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::chrono::sys_days day{std::chrono::days{seconds / 86'400}};
  const std::chrono::year_month_day date{day};
  const std::int64_t rest = seconds % 86'400;
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
                     weekdays[std::chrono::weekday{day}.c_encoding()], static_cast<unsigned>(date.day()),
                     months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                     rest / 3600, rest / 60 % 60, rest % 60);
}

std::int64_t seconds_at(Nanos now) {
  return std::chrono::floor<std::chrono::seconds>(Machine::true_utc(now)).time_since_epoch().count();
}

}  // namespace

Cloud::Cloud(World& world, const Scenario& scenario, Executed executed)
    : world_(world), scenario_(scenario), executed_(std::move(executed)), dice_(scenario.seed, 2) {
  if (scenario.has(Fault::outage)) begin_outage();
  if (scenario.has(Fault::blocked)) begin_refusals(Fault::blocked);
  if (scenario.has(Fault::rejected_job)) begin_refusals(Fault::rejected_job);
}

Nanos Cloud::until_next(Fault fault) {
  const double apart = static_cast<double>(scenario_.stretch.count()) / scenario_.rate_of(fault);
  return dice_.span(100ms, 1s + Nanos{static_cast<std::int64_t>(2 * apart)});
}

void Cloud::begin_outage() {
  world_.after(until_next(Fault::outage), [this] {
    if (is_calm_) return;
    outage_ = static_cast<Outage>(dice_.between(1, 4));
    outage_until_ = world_.now() + dice_.span(1s, 10min);
    world_.note("outage", static_cast<int>(outage_), (outage_until_ - world_.now()) / 1s);
    begin_outage();
  });
}

void Cloud::begin_refusals(Fault fault) {
  world_.after(until_next(fault), [this, fault] {
    if (is_calm_) return;
    const Nanos until = world_.now() + dice_.span(100ms, 5min);
    world_.note("refusals", static_cast<int>(fault), (until - world_.now()) / 1s);
    if (fault == Fault::blocked) {
      static const std::array<std::string, 4> codes{"InsufficientBalance", "Forbidden.RAM",
                                                    "InvalidAccessKeyId.NotFound", "SignatureDoesNotMatch"};
      blocked_until_ = until;
      blocked_code_ = codes[static_cast<std::size_t>(dice_.between(0, 3))];
    } else {
      rejected_until_ = until;
      rejected_run_ = static_cast<int>(dice_.between(0, static_cast<int>(scenario_.runs.size()) - 1));
    }
    begin_refusals(fault);
  });
}

void Cloud::calm_down() {
  is_calm_ = true;
  outage_until_ = blocked_until_ = rejected_until_ = Nanos{0};
}

bool Cloud::draws(Fault fault) { return dice_.chance(scenario_.rate_of(fault)) && !is_calm_; }

CloudAnswer Cloud::receive(const Form& form) {
  CloudAnswer made = judge(form);
  if (scenario_.tells_date) made.response.headers.emplace_back("Date", http_date(seconds_at(world_.now())));
  const bool asks_for_silence = made.response.status != 200 && draws(Fault::retry_after);
  if (asks_for_silence) {
    const auto wait = dice_.chance(0.1) ? dice_.span(1min, 15min) : dice_.span(1s, 20s);
    const auto seconds = wait / 1s;
    made.silence_asked = std::chrono::seconds{seconds};
    if (made.response.status == 429 && dice_.chance(0.3)) {
      made.response.headers.emplace_back("x-acs-retry-after", std::to_string(seconds * 1000));
    } else {
      made.response.headers.emplace_back("Retry-After", std::to_string(seconds));
    }
  }
  return made;
}

// The order matters to the client only as far as `stores_nonce_first` goes: whether a refusal uses up the
// nonce.
CloudAnswer Cloud::judge(const Form& form) {
  if (outage() == Outage::failing) return error_page();
  if (scenario_.stores_nonce_first && is_used(form)) return refuse(400, "SignatureNonceUsed");
  if (outage() == Outage::unavailable || draws(Fault::refused_before))
    return refuse(503, "ServiceUnavailable");
  if (is_over_quota() || draws(Fault::throttle)) return throttle();
  if (draws(Fault::redirect)) {
    CloudAnswer redirected = answer(302, "", Truth::unclear);
    redirected.response.headers.emplace_back("Location", "https://elsewhere.example/");
    return redirected;
  }
  if (world_.now() < blocked_until_) return refuse(403, blocked_code_);
  if (std::abs(seconds_at(world_.now()) - form.timestamp) > timestamp_valid_seconds) {
    return refuse(400, "InvalidTimeStamp.Expired");
  }
  if (!scenario_.stores_nonce_first && is_used(form)) return refuse(400, "SignatureNonceUsed");
  if (draws(Fault::error_before)) return error_page();
  if (world_.now() < rejected_until_ && form.devices.front().run == rejected_run_) {
    return refuse_by_product("iot.prod.NotExistedProduct");
  }
  for (const DeviceName device : form.devices) {
    if (!scenario_.runs[static_cast<std::size_t>(device.run)].is_bad[static_cast<std::size_t>(device.device)])
      continue;
    CloudAnswer refused = refuse_by_product("iot.device.NotExistedDevice");
    refused.blames_device = true;
    return refused;
  }
  return accept(form);
}

bool Cloud::is_used(const Form& form) {
  const auto [known, is_new] = nonces_.try_emplace({form.key, form.nonce}, world_.now());
  if (is_new) return false;
  if (world_.now() - known->second <= scenario_.nonce_retention) return true;
  known->second = world_.now();
  return false;
}

bool Cloud::is_over_quota() {
  const double quota = std::ceil(scenario_.rate);
  while (!arrivals_.empty() && arrivals_.front() <= world_.now() - 1s) arrivals_.pop_front();
  double others = 0;
  if (scenario_.has(Fault::other_tenants) && !is_calm_)
    others = quota * scenario_.rate_of(Fault::other_tenants) * 2 * dice_.uniform();
  if (static_cast<double>(arrivals_.size()) + others >= quota) return true;
  arrivals_.push_back(world_.now());
  return false;
}

CloudAnswer Cloud::answer(int status, std::string body, Truth truth) {
  CloudAnswer made;
  made.response = {
      .status = status, .headers = {{"Content-Type", "application/json"}}, .body = std::move(body)};
  made.truth = truth;
  return made;
}

CloudAnswer Cloud::refuse(int status, const std::string& code) {
  // That a nonce was used says that some copy came, not what became of it.
  const Truth truth = code == "SignatureNonceUsed" ? Truth::unclear : Truth::refused;
  return answer(status,
                fmt::format(R"({{"RequestId":"R{}","Code":"{}","Message":"no"}})", ++request_ids_, code),
                truth);
}

CloudAnswer Cloud::refuse_by_product(const std::string& code) {
  return answer(200,
                fmt::format(R"({{"RequestId":"R{}","Success":false,"Code":"{}","ErrorMessage":"no"}})",
                            ++request_ids_, code),
                Truth::refused);
}

CloudAnswer Cloud::throttle() { return refuse(dice_.chance(0.5) ? 429 : 400, "Throttling.User"); }

CloudAnswer Cloud::error_page() {
  switch (dice_.between(0, 3)) {
    case 0:
      return answer(500, R"({"RequestId":"R","Code":"InternalError","Message":"oops"})", Truth::unclear);
    case 1:
      return answer(502, "<html><body>Bad Gateway</body></html>", Truth::unclear);
    case 2:
      return answer(503, "", Truth::unclear);
    default:
      return answer(200, R"({"RequestId":"R","Success":false,"Code":"iot.system.SystemException"})",
                    Truth::unclear);
  }
}

CloudAnswer Cloud::accept(const Form& form) {
  executed_(form);
  if (draws(Fault::error_after)) {
    CloudAnswer failed = error_page();
    failed.truth = Truth::executed;
    return failed;
  }
  std::string body = fmt::format(R"({{"RequestId":"R{}","Success":true,"Data":{{}}}})", ++request_ids_);
  if (draws(Fault::garbage)) {
    CloudAnswer garbled =
        answer(200, dice_.chance(0.5) ? body.substr(0, body.size() / 2) : "\x01\xFF{]", Truth::executed);
    return garbled;
  }
  CloudAnswer accepted = answer(200, std::move(body), Truth::executed);
  accepted.says_accepted = true;
  return accepted;
}

}  // namespace sluice::simulation
