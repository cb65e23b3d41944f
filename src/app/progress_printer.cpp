// SPDX-License-Identifier: MIT
#include "app/progress_printer.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "app/progress_text.hpp"
#include "app/say.hpp"
#include "app/stage_report.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;

constexpr auto block_interval = 250ms;
constexpr auto json_interval = 1s;
constexpr auto line_interval = 10s;

int terminal_columns() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace

ProgressPrinter::ProgressPrinter(const ProgressStart& start, ProgressMode mode, bool is_verbose)
    : model_(start), is_verbose_(is_verbose), next_print_at_(start.at) {
  // Attempt lines and a block that is redrawn would overwrite each other.
  const bool is_terminal = ::isatty(STDERR_FILENO) == 1 && !is_verbose;
  has_colour_ = wants_colour(is_terminal, std::getenv("NO_COLOR"));
  switch (mode) {
    case ProgressMode::automatic:
      form_ = is_terminal ? Form::block : Form::lines;
      break;
    case ProgressMode::plain:
      form_ = Form::lines;
      break;
    case ProgressMode::json:
      form_ = Form::json;
      break;
    case ProgressMode::none:
      form_ = Form::nothing;
      break;
  }
}

void ProgressPrinter::attempt_sent(const AttemptSent& event, SteadyTime at) {
  on_their_way_.emplace(event.attempt, event.devices);
  devices_on_their_way_ += event.devices;
  model_.sent(at);
  model_.in_flight(static_cast<int>(on_their_way_.size()), devices_on_their_way_);
}

void ProgressPrinter::attempt_settled(const AttemptSettled& event, SteadyTime at) {
  if (const auto sent = on_their_way_.find(event.attempt); sent != on_their_way_.end()) {
    devices_on_their_way_ -= sent->second;
    on_their_way_.erase(sent);
  }
  model_.settled({.at = at,
                  .devices = event.facts.devices,
                  .outcome = event.outcome.kind,
                  .transition = event.transition,
                  .rtt = event.rtt,
                  .code = event.outcome.code,
                  .was_replay = event.facts.replay_number > 0});
  model_.in_flight(static_cast<int>(on_their_way_.size()), devices_on_their_way_);
  if (!is_verbose_) return;
  say(fmt::format(
      "attempt_settled run={} chunk={} attempt={} devices={} outcome={} state={} code={} request_id={}",
      event.run.value, event.chunk.value, event.attempt.value, event.facts.devices,
      to_string(event.outcome.kind), to_string(event.transition.state), printable(event.outcome.code, 64),
      printable(event.outcome.request_id, 64)));
}

void ProgressPrinter::rate_changed(double requests_per_second) { model_.pace(requests_per_second); }

void ProgressPrinter::endpoint_lost(std::string_view reason) {
  model_.endpoint_lost(true);
  say(fmt::format("endpoint_lost reason=\"{}\" probing_every=\"5s to 30s\"", printable(reason, 256)));
}

void ProgressPrinter::endpoint_back() {
  model_.endpoint_lost(false);
  say("endpoint_back");
}

void ProgressPrinter::store_held(bool is_held) {
  model_.store_held(is_held);
  say(is_held ? "store_held by=\"another program\" trying_every=1s" : "store_free");
}

void ProgressPrinter::stage_changed(const StageNews& news) {
  model_.has_to_wait(!news.waits_for.empty(), news.stage < news.stages);
  say(stage_line(news));
}

void ProgressPrinter::window_changed(const WindowNews& news) {
  model_.has_to_wait(!news.is_open, false);
  say(window_line(news));
}

void ProgressPrinter::tick(SteadyTime now) {
  if (now < next_print_at_) return;
  print(now);
}

void ProgressPrinter::finish(SteadyTime now) { print(now); }

void ProgressPrinter::print(SteadyTime now) {
  const ProgressView view = model_.view(now);
  switch (form_) {
    case Form::block: {
      const auto lines = progress_block(view, {.columns = terminal_columns(), .colour = has_colour_});
      sluice::say(redraw(lines_drawn_, lines));
      lines_drawn_ = lines.size();
      next_print_at_ = now + block_interval;
      break;
    }
    case Form::lines:
      sluice::say(progress_line(view) + "\n");
      next_print_at_ = now + line_interval;
      break;
    case Form::json:
      sluice::say(progress_json(view) + "\n");
      next_print_at_ = now + json_interval;
      break;
    case Form::nothing:
      next_print_at_ = SteadyTime::max();
      break;
  }
}

void ProgressPrinter::say(const std::string& line) {
  // One object a line is what a program reads there. Who wants no progress may still have asked for attempts.
  if (form_ == Form::json || (form_ == Form::nothing && !is_verbose_)) return;
  if (form_ == Form::block) {
    // The line takes the block's place and scrolls away above it; the next tick draws the block anew.
    sluice::say(redraw(lines_drawn_, {line}));
    lines_drawn_ = 0;
    return;
  }
  sluice::say(line + "\n");
}

}  // namespace sluice
