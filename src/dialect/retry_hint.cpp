// SPDX-License-Identifier: MIT
#include "dialect/retry_hint.hpp"

#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>
#include <boost/algorithm/string/trim.hpp>
#include <charconv>
#include <cstdint>

#include "dialect/http_date.hpp"
#include "sluice/core/silence.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr milliseconds shortest_wait = 1s;
constexpr milliseconds longest_wait = longest_silence_asked;

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// A positive whole number of `unit`; one too large for an integer asks for the longest wait.
std::optional<milliseconds> read_wait(std::string_view text, milliseconds unit) {
  text = trimmed(text);
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  std::uint32_t number = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc{}) return longest_wait;
  if (number == 0) return std::nullopt;
  return number * unit;
}

// Measured against the server's own clock where it tells it: ours may be wrong, and the wait is what counts.
std::optional<milliseconds> read_retry_after(const HttpResponse& response, UtcTime now) {
  const auto value = find_header(response, "Retry-After");
  if (!value) return std::nullopt;
  if (const auto wait = read_wait(*value, 1s)) return wait;
  const auto until = read_http_date(*value);
  if (!until) return std::nullopt;
  const auto date = find_header(response, "Date");
  const UtcTime from = (date ? read_http_date(*date) : std::nullopt).value_or(now);
  if (*until <= from) return std::nullopt;
  return std::chrono::ceil<milliseconds>(*until - from);
}

struct Quota {
  milliseconds time_left;
  bool used_up;
};

// "Limit:1,Remain:0,TimeLeft:2000,Reset:1234"
std::optional<Quota> read_quota(std::string_view header) {
  std::optional<milliseconds> time_left;
  bool used_up = true;
  while (!header.empty()) {
    const std::size_t comma = std::min(header.find(','), header.size());
    const std::string_view field = header.substr(0, comma);
    header.remove_prefix(std::min(comma + 1, header.size()));
    const std::size_t colon = field.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view name = trimmed(field.substr(0, colon));
    const std::string_view value = trimmed(field.substr(colon + 1));
    if (boost::algorithm::iequals(name, "TimeLeft")) time_left = read_wait(value, 1ms);
    if (boost::algorithm::iequals(name, "Remain")) used_up = value.find_first_not_of('0') == value.npos;
  }
  if (!time_left) return std::nullopt;
  return Quota{*time_left, used_up};
}

}  // namespace

std::optional<RetryHint> read_retry_hint(const HttpResponse& response, UtcTime now) {
  RetryHint hint;
  for (const char* name : {"x-ratelimit-user-api", "x-ratelimit-user"}) {
    const auto header = find_header(response, name);
    const auto quota = header ? read_quota(*header) : std::nullopt;
    // A quota with something left in it is only a report; the server may send it with every answer.
    if (!quota || !quota->used_up) continue;
    hint.wait = std::max(hint.wait, quota->time_left);
    hint.is_rate_limit = true;
  }
  if (const auto header = find_header(response, "x-acs-retry-after")) {
    if (const auto wait = read_wait(*header, 1ms)) {
      hint.wait = std::max(hint.wait, *wait);
      hint.is_rate_limit = true;
    }
  }
  if (const auto wait = read_retry_after(response, now)) hint.wait = std::max(hint.wait, *wait);
  if (hint.wait == milliseconds{0}) return std::nullopt;
  hint.wait = std::clamp(hint.wait, shortest_wait, longest_wait);
  return hint;
}

}  // namespace sluice
