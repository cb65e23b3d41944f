// SPDX-License-Identifier: MIT
#include "app/progress_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "app/display_text.hpp"
#include "http_api/json_text.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

constexpr std::string_view bold = "\x1b[1m";
constexpr std::string_view red = "\x1b[31m";
constexpr std::string_view plain = "\x1b[0m";

std::int64_t devices_done(const ProgressView& view) { return view.devices_total - unfinished(view.devices); }

std::string_view state_word(const ProgressView& view) {
  if (view.finished) return "finished";
  switch (view.halt) {
    case Halt::tenant:
      return "tenant_paused";
    case Halt::run:
      return "paused";
    case Halt::cancel:
      return "canceled";
    case Halt::none:
      break;
  }
  return "running";
}

// Rounded down: 100 % is said when nothing is missing, and not before.
std::int64_t permille_done(const ProgressView& view) {
  if (view.devices_total == 0) return 1000;
  return static_cast<std::int64_t>(1000.0 * static_cast<double>(devices_done(view)) /
                                   static_cast<double>(view.devices_total));
}

std::string heading(const ProgressView& view, int columns) {
  std::string state{state_word(view)};
  std::ranges::transform(state, state.begin(), [](char c) {
    if (c == '_') return ' ';
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  const std::string left = fmt::format("{}  run {}  tenant {}", printable(view.job_name, 256), view.run.value,
                                       printable(view.tenant, 64));
  const int room = columns - display_width(state) - 2;
  if (room < 1) return fitted(state, columns);
  return padded(left, room) + "  " + state;
}

std::string bar_line(const ProgressView& view, int columns) {
  const std::int64_t permille = permille_done(view);
  const std::string numbers = fmt::format("{:>3}.{}%  {} / {} devices", permille / 10, permille % 10,
                                          grouped(devices_done(view)), grouped(view.devices_total));
  const std::string calls =
      fmt::format("{} / {} calls", grouped(view.chunks_done), grouped(view.chunks_total));
  std::string right = numbers + "  " + calls;
  if (columns - display_width(right) < 14) right = numbers;
  const int cells = std::min(columns - display_width(right) - 4, 34);
  if (cells < 4) return fitted(right, columns);
  const auto full = static_cast<std::size_t>(permille * cells / 1000);
  std::string bar(full, '#');
  bar.append(static_cast<std::size_t>(cells) - full, '-');
  return fmt::format("[{}]  {}", bar, right);
}

std::string latency_text(std::chrono::nanoseconds latency) {
  const std::int64_t ms = std::chrono::round<std::chrono::milliseconds>(latency).count();
  return ms < 10'000 ? fmt::format("{}ms", ms) : duration_text(latency);
}

std::string eta_text(const ProgressView& view) {
  if (!view.eta) return "--";
  const std::string low = duration_text(view.eta->low);
  const std::string high = duration_text(view.eta->high);
  return low == high ? low : low + " .. " + high;
}

// What is not shown is zero, so what is shown adds up.
std::vector<std::string> count_items(const ProgressView& view) {
  const StateCounts& devices = view.devices;
  std::vector<std::string> items{"accepted " + grouped(devices.accepted)};
  if (devices.presumed > 0) items.push_back("presumed " + grouped(devices.presumed));
  items.push_back("failed " + grouped(devices.failed));
  items.push_back("in doubt " + grouped(devices.in_doubt));
  if (devices.canceled > 0) items.push_back("canceled " + grouped(devices.canceled));
  items.push_back("in flight " + grouped(devices.in_flight));
  items.push_back("pending " + grouped(devices.pending));
  return items;
}

std::vector<std::string> pace_items(const ProgressView& view) {
  std::string rate = fmt::format("rate {}/s of {}", rate_text(view.rate), rate_text(view.rate_limit));
  if (view.account_limit > 0) rate += fmt::format(" (account limit {})", rate_text(view.account_limit));
  std::vector<std::string> items{std::move(rate)};
  if (view.others > 0) items.push_back(fmt::format("others use ~{}/s", rate_text(view.others)));
  items.push_back(fmt::format("requests {}", grouped(view.requests)));
  items.push_back(fmt::format("on their way {}", view.requests_in_flight));
  if (view.latency) {
    items.push_back(fmt::format("latency p50 {} p95 {}", latency_text(view.latency->p50),
                                latency_text(view.latency->p95)));
  }
  items.push_back("retries " + grouped(view.retries));
  items.push_back("replays " + grouped(view.replays));
  items.push_back("throttled " + grouped(view.throttled));
  return items;
}

std::vector<std::string> time_items(const ProgressView& view) {
  std::vector<std::string> items{"ETA " + eta_text(view), "elapsed " + duration_text(view.elapsed)};
  if (view.limited_by != LimitedBy::nothing) {
    items.push_back(fmt::format("limited by: {}", to_string(view.limited_by)));
  }
  return items;
}

std::vector<std::string> error_items(const ProgressView& view) {
  std::vector<std::string> items;
  for (const CodeCount& count : view.top_codes) {
    const std::string code = printable(count.code, 256);
    items.push_back(fmt::format("{} {}", grouped(count.attempts), code));
  }
  if (!items.empty()) items.front().insert(0, "top errors  ");
  return items;
}

// key=value needs no quotes when the value has neither spaces nor quotes.
std::string log_value(std::string_view untrusted) {
  const std::string text = printable(untrusted, 256);
  if (!text.empty() && text.find_first_of(" \"=") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted += '"';
}

std::string seconds_or_unknown(const ProgressView& view, std::chrono::seconds EtaRange::* end) {
  return view.eta ? std::to_string(((*view.eta).*end).count()) : "unknown";
}

}  // namespace

bool wants_colour(bool is_terminal, const char* no_color) {
  return is_terminal && (no_color == nullptr || *no_color == '\0');
}

std::vector<std::string> progress_block(const ProgressView& view, const ProgressStyle& style) {
  const int columns = std::max(style.columns, 1);
  std::vector<std::string> lines{heading(view, columns), bar_line(view, columns)};
  for (const auto& items : {count_items(view), pace_items(view), time_items(view)}) {
    std::ranges::move(flowed(items, columns), std::back_inserter(lines));
  }
  const std::size_t first_error = lines.size();
  std::ranges::move(flowed(error_items(view), columns), std::back_inserter(lines));
  if (style.colour) {
    // Put around whole lines that are measured already: colour takes no column.
    lines.front() = fmt::format("{}{}{}", bold, lines.front(), plain);
    for (std::size_t i = first_error; i < lines.size(); ++i)
      lines[i] = fmt::format("{}{}{}", red, lines[i], plain);
  }
  return lines;
}

std::string redraw(std::size_t lines_before, const std::vector<std::string>& lines) {
  std::string out;
  if (lines_before > 0) out += fmt::format("\x1b[{}A", lines_before);
  // Each line is erased before it is written: erasing behind it would eat the last column of a full line.
  for (const std::string& line : lines) out.append("\r\x1b[2K").append(line).append("\n");
  if (lines_before > lines.size()) out += "\x1b[J";
  return out;
}

std::string progress_line(const ProgressView& view) {
  std::string line = fmt::format(
      "progress run={} job={} state={} devices={}/{} accepted={} presumed={} failed={} in_doubt={} "
      "canceled={} "
      "in_flight={} pending={} chunks={}/{} requests={} rate={} rate_limit={} retries={} replays={} "
      "throttled={} "
      "elapsed_s={} eta_low_s={} eta_high_s={} limited_by={}",
      view.run.value, log_value(view.job_name), state_word(view), devices_done(view), view.devices_total,
      view.devices.accepted, view.devices.presumed, view.devices.failed, view.devices.in_doubt,
      view.devices.canceled, view.devices.in_flight, view.devices.pending, view.chunks_done,
      view.chunks_total, view.requests, rate_text(view.rate), rate_text(view.rate_limit), view.retries,
      view.replays, view.throttled, std::chrono::floor<std::chrono::seconds>(view.elapsed).count(),
      seconds_or_unknown(view, &EtaRange::low), seconds_or_unknown(view, &EtaRange::high),
      log_value(to_string(view.limited_by)));
  if (view.others > 0) line += fmt::format(" others_use={}", rate_text(view.others));
  if (!view.top_codes.empty()) {
    line += fmt::format(" top_error={} top_error_attempts={}", log_value(view.top_codes.front().code),
                        view.top_codes.front().attempts);
  }
  return line;
}

std::string progress_json(const ProgressView& view) {
  const auto milliseconds = [](std::chrono::nanoseconds d) {
    return std::chrono::duration<double, std::milli>(d).count();
  };
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version).member("event", "progress");
  json.member("run", view.run.value).member("job", view.job_name).member("tenant", view.tenant);
  json.member("state", state_word(view));
  json.key("devices").begin_object().member("total", view.devices_total);
  json.member("accepted", view.devices.accepted).member("presumed", view.devices.presumed);
  json.member("failed", view.devices.failed).member("in_doubt", view.devices.in_doubt);
  json.member("canceled", view.devices.canceled).member("in_flight", view.devices.in_flight);
  json.member("pending", view.devices.pending).end_object();
  json.key("chunks")
      .begin_object()
      .member("done", view.chunks_done)
      .member("total", view.chunks_total)
      .end_object();
  json.member("requests", view.requests).member("requests_in_flight", view.requests_in_flight);
  json.member("sent_last_second", view.sent_last_second).key("rate").decimal(view.rate, 3);
  json.member("rate_limit", view.rate_limit)
      .member("account_limit", view.account_limit)
      .member("pace", view.pace)
      .key("others_use")
      .decimal(view.others, 3);
  json.member("retries", view.retries).member("replays", view.replays).member("throttled", view.throttled);
  json.key("latency_ms");
  if (view.latency) {
    json.begin_object().key("p50").decimal(milliseconds(view.latency->p50), 3);
    json.key("p95").decimal(milliseconds(view.latency->p95), 3).end_object();
  } else {
    json.null();
  }
  json.key("eta_seconds");
  if (view.eta) {
    json.begin_object()
        .member("low", view.eta->low.count())
        .member("high", view.eta->high.count())
        .end_object();
  } else {
    json.null();
  }
  json.member("limited_by", to_string(view.limited_by));
  json.key("elapsed_seconds").decimal(std::chrono::duration<double>(view.elapsed).count(), 3);
  json.key("top_errors").begin_array();
  for (const CodeCount& count : view.top_codes) {
    json.begin_object().member("code", count.code).member("attempts", count.attempts).end_object();
  }
  return json.end_array().end_object().take();
}

}  // namespace sluice
