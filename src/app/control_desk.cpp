// SPDX-License-Identifier: MIT
#include "app/control_desk.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <chrono>
#include <exception>
#include <utility>

namespace sluice {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

// An operator is not left without an answer for longer.
constexpr auto answered_within = 10s;
constexpr auto retry_interval = 100ms;

}  // namespace

ControlDesk::ControlDesk(asio::any_io_executor loop, AsyncStore& store, Clock& clock, SteeredRuns& runs)
    : loop_(std::move(loop)), store_(store), clock_(clock), runs_(runs) {}

ControlDesk::~ControlDesk() = default;

asio::awaitable<Result<ControlAnswer>> ControlDesk::carry_out(ControlRunCommand command, std::string actor) {
  auto order = std::make_shared<Order>(Order{.action = std::string{to_string(command.verb)},
                                             .actor = actor,
                                             .runs = {command.run},
                                             .record = {},
                                             .afterwards = {},
                                             .answered = clock_.alarm()});
  const ControlOrder told = order_for(command.verb, command.run, actor, std::move(command.reason));
  order->record = [told](Store& store) -> Result<Done> {
    Result<ControlDone> done = control_run(store, told);
    if (done.has_error()) return done.error();
    return Done{std::move(*done)};
  };
  if (command.verb != ControlVerb::resume) {
    brake(command.run);
    co_return co_await queue(std::move(order));
  }
  if (const std::optional<Error> reason = reason_not_to_resume(command.run)) co_return *reason;
  order->afterwards = [this, run = command.run, braked = times_braked_[command.run]](const Done& done) {
    if (times_braked_[run] == braked && !runs_.is_ending()) runs_.send_again(done.front());
  };
  co_return co_await queue(std::move(order));
}

asio::awaitable<Result<ControlAnswer>> ControlDesk::carry_out(StopCommand command, std::string actor) {
  const std::vector<RunId> steered = runs_.steered_runs();
  for (const RunId run : steered) brake(run);
  const ControlOrder told = order_for(ControlVerb::pause, RunId{}, actor, std::move(command.reason));
  auto order =
      std::make_shared<Order>(Order{.action = "stop",
                                    .actor = std::move(actor),
                                    .runs = steered,
                                    .record = [told](Store& store) { return pause_all_runs(store, told); },
                                    .afterwards = {},
                                    .answered = clock_.alarm()});
  co_return co_await queue(std::move(order));
}

ControlOrder ControlDesk::order_for(ControlVerb verb, RunId run, const std::string& actor,
                                    std::string words) const {
  return {.verb = verb, .run = run, .actor = actor, .words = std::move(words), .now = clock_.utc_now()};
}

void ControlDesk::brake(RunId run) {
  ++times_braked_[run];
  runs_.brake(run);
}

std::optional<Error> ControlDesk::reason_not_to_resume(RunId run) const {
  if (runs_.is_ending()) {
    return Error{ErrorKind::refused, fmt::format("process {} is about to end", ::getpid()),
                 fmt::format("Once more in a moment: sluice resume {}", run.value)};
  }
  const std::vector<RunId> steered = runs_.steered_runs();
  if (std::ranges::find(steered, run) != steered.end()) return std::nullopt;
  return Error{
      ErrorKind::refused,
      fmt::format("the store is in use by process {}, which does not send run {}", ::getpid(), run.value),
      "Wait for that process to end, or stop it; then resume the run."};
}

asio::awaitable<Result<ControlAnswer>> ControlDesk::queue(std::shared_ptr<Order> order) {
  const SteadyTime give_up_at = clock_.steady_now() + answered_within;
  waiting_.push_back(order);
  if (waiting_.size() == 1) asio::co_spawn(loop_, record_in_turn(), [](std::exception_ptr) {});
  while (!order->answer && clock_.steady_now() < give_up_at)
    co_await order->answered->sleep_until(give_up_at);
  if (order->answer) co_return *order->answer;
  co_return unrecorded(*order);
}

asio::awaitable<void> ControlDesk::record_in_turn() {
  while (!waiting_.empty()) {
    const std::shared_ptr<Order> order = waiting_.front();
    Result<ControlAnswer> answer = co_await record(*order);
    order->answer = std::move(answer);
    order->answered->ring();
    waiting_.pop_front();
  }
  runs_.all_recorded();
}

asio::awaitable<Result<ControlAnswer>> ControlDesk::record(const Order& order) {
  Result<Done> done = co_await recorded(order);
  if (done.has_error()) co_return done.error();
  if (order.afterwards) order.afterwards(*done);
  // What was braked before it went out goes back into the queue in the same moment: counted a transaction
  // later, what is in flight is what was sent.
  auto recount = [runs = *done](Store& store) -> Result<Done> {
    Done again;
    for (const ControlDone& one : runs) {
      Result<RunRecord> run = known_run(store, one.run.id);
      if (run.has_error()) return run.error();
      again.push_back({std::move(*run), one.is_changed});
    }
    return again;
  };
  const Result<Done> counted = co_await store_.call(std::move(recount));
  co_return answer_of(order, counted.has_value() ? *counted : *done);
}

asio::awaitable<Result<ControlDesk::Done>> ControlDesk::recorded(const Order& order) {
  const std::unique_ptr<Alarm> pause = clock_.alarm();
  while (true) {
    auto work = [&order](Store& store) { return order.record(store); };
    Result<Done> done = co_await store_.call(std::move(work));
    const bool is_held = done.has_error() && done.error().kind == ErrorKind::storage_busy;
    if (!is_held || is_stopping_) co_return done;
    const SteadyTime next_try_at = clock_.steady_now() + retry_interval;
    co_await pause->sleep_until(next_try_at);
  }
}

ControlAnswer ControlDesk::answer_of(const Order& order, const Done& done) const {
  ControlAnswer answer{.action = order.action, .actor = order.actor, .process = ::getpid(), .runs = {}};
  for (const ControlDone& one : done) answer.runs.push_back(controlled(one.run, one.is_changed));
  return answer;
}

ControlAnswer ControlDesk::unrecorded(const Order& order) const {
  ControlAnswer answer{
      .action = order.action, .is_recorded = false, .actor = order.actor, .process = ::getpid(), .runs = {}};
  for (const RunId run : order.runs) answer.runs.push_back({.run = run, .is_changed = true, .status = {}});
  return answer;
}

}  // namespace sluice
