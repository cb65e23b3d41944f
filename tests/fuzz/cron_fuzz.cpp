// SPDX-License-Identifier: MIT
// The times of a schedule. The input's first line is the text; the rest picks a zone and an instant. What is
// refused has a place in the text and can be shown; what is not is due some day, in order, and as often as it
// is counted.
#include <array>
#include <chrono>
#include <string>
#include <variant>

#include "fuzz/claim.hpp"
#include "sluice/core/timetable.hpp"

using namespace sluice;
using fuzz::claim;

namespace {

constexpr std::array<const char*, 6> zones{"UTC",          "Europe/Berlin",       "America/New_York",
                                           "Pacific/Apia", "Australia/Lord_Howe", "Africa/Casablanca"};

std::size_t number_from(std::string_view text) {
  std::size_t number = 0;
  for (const char c : text.substr(0, 4)) number = number * 256 + static_cast<unsigned char>(c);
  return number;
}

void claim_ticks_in_order(const Timetable& timetable, UtcTime after, std::string_view text) {
  UtcTime time = after;
  for (int i = 0; i < 5; ++i) {
    const auto tick = next_tick(timetable, time);
    claim(tick.has_value(), "what is not refused is due some day", text);
    claim(*tick > time, "the next tick is later", text);
    claim(count_ticks(timetable, time, *tick) == 1, "there is one tick up to the next one", text);
    time = *tick;
  }
  claim(last_ticks(timetable, after, time, 9).size() == 5, "the last ticks are those that were next", text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const auto [text, rest] = fuzz::split_first_line(fuzz::text_of(bytes, size));
  const auto outcome = parse_cron(text);
  if (const auto* fault = std::get_if<CronFault>(&outcome)) {
    claim(fault->offset <= text.size(), "a fault's place is within the text", text);
    claim(!fault->text.empty() && fuzz::is_free_of_controls(fault->text), "a fault can be shown",
          fault->text);
    return 0;
  }
  const std::size_t number = number_from(rest);
  const Timetable timetable{std::get<CronExpression>(outcome), zones[number % zones.size()], {}};
  claim_ticks_in_order(timetable, UtcTime{std::chrono::seconds{number}}, text);
  return 0;
}
