// SPDX-License-Identifier: MIT
#include "sluice/store/schedule_book.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice {
namespace {

constexpr std::array<std::pair<ScheduleState, std::string_view>, 3> schedule_words{
    {{ScheduleState::active, "active"},
     {ScheduleState::paused, "paused"},
     {ScheduleState::retired, "retired"}}};
constexpr std::array<std::pair<TickState, std::string_view>, 5> tick_words{{{TickState::queued, "queued"},
                                                                            {TickState::started, "started"},
                                                                            {TickState::fired, "fired"},
                                                                            {TickState::skipped, "skipped"},
                                                                            {TickState::failed, "failed"}}};

template <class Words>
auto value_of(const Words& words, std::string_view word)
    -> std::optional<typename Words::value_type::first_type> {
  const auto found = std::ranges::find(words, word, &Words::value_type::second);
  if (found == words.end()) return std::nullopt;
  return found->first;
}

}  // namespace

std::string_view to_string(ScheduleState state) {
  return std::ranges::find(schedule_words, state, &decltype(schedule_words)::value_type::first)->second;
}
std::optional<ScheduleState> schedule_state_from(std::string_view word) {
  return value_of(schedule_words, word);
}
std::string_view to_string(TickState state) {
  return std::ranges::find(tick_words, state, &decltype(tick_words)::value_type::first)->second;
}
std::optional<TickState> tick_state_from(std::string_view word) { return value_of(tick_words, word); }

}  // namespace sluice
