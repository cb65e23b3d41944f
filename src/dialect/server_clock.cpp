// SPDX-License-Identifier: MIT
#include "sluice/dialect/server_clock.hpp"

#include <fmt/format.h>

#include "dialect/http_date.hpp"

namespace sluice {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::optional<milliseconds> clock_offset(const HttpResponse& response, UtcTime sent_at, UtcTime received_at) {
  const auto header = find_header(response, "Date");
  const auto date = header ? read_http_date(*header) : std::nullopt;
  if (!date) return std::nullopt;
  // The server wrote it at some time in [date, date + 1 s) of its clock, and [sent, received] of ours.
  const auto least = std::chrono::floor<milliseconds>(sent_at - (*date + seconds{1}));
  const auto most = std::chrono::ceil<milliseconds>(received_at - *date);
  if (least > milliseconds{0}) return least;
  if (most < milliseconds{0}) return most;
  return milliseconds{0};
}

std::optional<std::string> wrong_clock_reason(std::optional<milliseconds> offset) {
  if (!offset || std::chrono::abs(*offset) <= clock_offset_max) return std::nullopt;
  return fmt::format("{}: the clock of this machine is {} s {} the server's; set it right, then resume",
                     clock_offset_word, std::chrono::floor<seconds>(std::chrono::abs(*offset)).count(),
                     *offset > milliseconds{0} ? "ahead of" : "behind");
}

}  // namespace sluice
