// SPDX-License-Identifier: MIT
// The hints how long to wait, in all their headers. The input holds a header a line, "Name: value".
#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>
#include <locale>
#include <string>
#include <utility>

#include "dialect/http_date.hpp"
#include "dialect/retry_hint.hpp"
#include "fuzz/claim.hpp"
#include "sluice/dialect/server_clock.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using fuzz::claim;

namespace {

constexpr UtcTime now{784'111'777s};  // Sun, 06 Nov 1994 08:49:37 GMT

bool same_name(std::string_view one, std::string_view other) {
  return boost::algorithm::iequals(one, other, std::locale::classic());
}

HttpResponse response_of(std::string_view input) {
  HttpResponse response{.status = 429, .headers = {}, .body = {}};
  while (!input.empty()) {
    const auto [line, rest] = fuzz::split_first_line(input);
    const std::size_t colon = std::min(line.find(':'), line.size());
    response.headers.emplace_back(line.substr(0, colon), line.substr(std::min(colon + 1, line.size())));
    input = rest;
  }
  return response;
}

// What that header alone asks for, measured against the same clock of the server's.
std::chrono::milliseconds wait_for(const HttpResponse& response, std::string_view name) {
  HttpResponse alone{.status = 429, .headers = {}, .body = {}};
  for (const auto& header : response.headers) {
    if (same_name(header.first, name) || same_name(header.first, "Date")) alone.headers.push_back(header);
  }
  const auto hint = read_retry_hint(alone, now);
  return hint ? hint->wait : 0ms;
}

void claim_seconds_are_seconds(const HttpResponse& response) {
  const auto value = find_header(response, "Retry-After");
  if (!value || value->empty() || value->size() > 5) return;
  if (value->find_first_not_of("0123456789") != value->npos) return;
  const std::chrono::seconds asked{std::stoi(std::string{*value})};
  const std::chrono::milliseconds expected =
      asked == 0s ? 0ms : std::clamp<std::chrono::milliseconds>(asked, 1s, 15min);
  claim(wait_for(response, "Retry-After") == expected, "a Retry-After of digits is so many seconds", *value);
}

void claim_clock_is_sane(const HttpResponse& response) {
  const auto date = find_header(response, "Date");
  const auto read = date ? read_http_date(*date) : std::nullopt;
  const auto offset = clock_offset(response, now, now + 1s);
  claim(offset.has_value() == read.has_value(), "a Date that can be read tells the clock's offset");
  if (read)
    claim(*read > UtcTime{} - 24h * 365 * 4000 && *read < UtcTime{} + 24h * 366 * 8100,
          "a Date has a year of four digits");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const HttpResponse response = response_of(fuzz::text_of(bytes, size));

  const auto hint = read_retry_hint(response, now);

  std::chrono::milliseconds longest = 0ms;
  bool has_own_header = false;
  for (const std::string_view name :
       {"Retry-After", "x-acs-retry-after", "x-ratelimit-user", "x-ratelimit-user-api"}) {
    longest = std::max(longest, wait_for(response, name));
    has_own_header |= name.starts_with("x-") && find_header(response, name).has_value();
  }
  claim((hint ? hint->wait : 0ms) == longest, "of several hints the longest counts");
  claim(!hint || (hint->wait >= 1s && hint->wait <= 15min), "a hint is 1 s to 15 min");
  claim(!hint || !hint->is_rate_limit || has_own_header, "only the API's own headers speak of a rate limit");
  claim_seconds_are_seconds(response);
  claim_clock_is_sane(response);
  return 0;
}
