// SPDX-License-Identifier: MIT
#include "app/control_desk.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <chrono>
#include <exception>
#include <utility>
#include <variant>

#include "app/carry_out.hpp"
#include "sluice/store/audit_log.hpp"

namespace sluice {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

// An operator is not left without an answer for longer.
constexpr auto answered_within = 10s;
constexpr auto retry_interval = 100ms;

/// Null: the command resumes nothing.
const RunId* run_to_resume(const ApiCommand& command) {
  const auto* control = std::get_if<ControlRunCommand>(&command);
  return control != nullptr && control->verb == ControlVerb::resume ? &control->run : nullptr;
}

bool is_to_brake(const ApiCommand& command, RunId run) {
  if (std::holds_alternative<StopCommand>(command)) return true;
  const auto* control = std::get_if<ControlRunCommand>(&command);
  return control != nullptr && control->verb != ControlVerb::resume && control->run == run;
}

}  // namespace

ControlDesk::ControlDesk(asio::any_io_executor loop, AsyncStore& store, Clock& clock, SteeredRuns& runs)
    : loop_(std::move(loop)), store_(store), clock_(clock), runs_(runs) {}

ControlDesk::~ControlDesk() = default;

asio::awaitable<Result<ControlAnswer>> ControlDesk::take(ApiCommand command, std::string actor,
                                                         std::string origin) {
  if (const std::optional<Error> objection = objection_to(command)) co_return *objection;
  std::vector<RunId> braked = brake_for(command);
  const RunId* resumed = run_to_resume(command);
  const int times_braked = resumed != nullptr ? times_braked_[*resumed] : 0;
  auto order = std::make_shared<Order>(Order{.command = std::move(command),
                                             .actor = std::move(actor),
                                             .origin = std::move(origin),
                                             .at = clock_.utc_now(),
                                             .braked = std::move(braked),
                                             .times_braked = times_braked,
                                             .answered = clock_.alarm()});
  const SteadyTime give_up_at = clock_.steady_now() + answered_within;
  waiting_.push_back(order);
  if (waiting_.size() == 1) asio::co_spawn(loop_, record_in_turn(), [](std::exception_ptr) {});
  while (!order->answer && clock_.steady_now() < give_up_at)
    co_await order->answered->sleep_until(give_up_at);
  if (order->answer) co_return *order->answer;
  co_return unrecorded(*order);
}

/// At once, before anything is recorded.
std::vector<RunId> ControlDesk::brake_for(const ApiCommand& command) {
  std::vector<RunId> braked;
  for (const RunId run : runs_.steered_runs()) {
    if (!is_to_brake(command, run)) continue;
    ++times_braked_[run];
    runs_.brake(run);
    braked.push_back(run);
  }
  return braked;
}

std::optional<Error> ControlDesk::objection_to(const ApiCommand& command) const {
  const RunId* run = run_to_resume(command);
  if (run == nullptr) return std::nullopt;
  if (runs_.is_ending()) {
    return Error{ErrorKind::refused, fmt::format("process {} is about to end", ::getpid()),
                 fmt::format("Once more in a moment: sluice resume {}", run->value)};
  }
  if (runs_.takes_up(*run)) return std::nullopt;
  return Error{
      ErrorKind::refused,
      fmt::format("the store is in use by process {}, which does not send run {}", ::getpid(), run->value),
      "Wait for that process to end, or stop it; then resume the run."};
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
  Result<ControlAnswer> answer = co_await recorded(order);
  if (answer.has_error()) co_return answer;
  answer->process = ::getpid();
  // What was braked before it went out goes back into the queue in the same moment: counted a transaction
  // later, what is in flight is what was sent.
  const std::vector<RunRecord> runs = co_await look_at(*answer);
  follow(order, *answer, runs);
  for (std::size_t i = 0; i < runs.size(); ++i)
    answer->runs[i] = controlled(runs[i], answer->runs[i].is_changed);
  co_return answer;
}

asio::awaitable<Result<ControlAnswer>> ControlDesk::recorded(const Order& order) {
  auto work = [&order](Store& store) {
    const OrderOrigin origin{store.audit_log(), {order.origin}};
    return carry_out(store, order.command, order.actor, order.at);
  };
  co_return co_await patiently(std::move(work));
}

/// Tried again as long as another program holds the store.
template <class Work>
asio::awaitable<std::invoke_result_t<Work, Store&>> ControlDesk::patiently(Work work) {
  const std::unique_ptr<Alarm> pause = clock_.alarm();
  while (true) {
    std::invoke_result_t<Work, Store&> result = co_await store_.call(work);
    const bool is_held = result.has_error() && result.error().kind == ErrorKind::storage_busy;
    if (!is_held || is_stopping_) co_return result;
    const SteadyTime next_try_at = clock_.steady_now() + retry_interval;
    co_await pause->sleep_until(next_try_at);
  }
}

/// Empty if they cannot be read now.
asio::awaitable<std::vector<RunRecord>> ControlDesk::look_at(const ControlAnswer& answer) {
  auto work = [&answer](Store& store) -> Result<std::vector<RunRecord>> {
    std::vector<RunRecord> runs;
    for (const ControlledRun& one : answer.runs) {
      Result<RunRecord> run = known_run(store, one.run);
      if (run.has_error()) return run.error();
      runs.push_back(std::move(*run));
    }
    return runs;
  };
  Result<std::vector<RunRecord>> runs = co_await patiently(std::move(work));
  co_return runs.has_value() ? std::move(*runs) : std::vector<RunRecord>{};
}

/// What the process that sends makes of what is on record now.
void ControlDesk::follow(const Order& order, const ControlAnswer& answer,
                         const std::vector<RunRecord>& runs) {
  if (answer.approved || answer.rate) return runs_.look_again();
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const bool is_ended = answer.runs[i].is_changed && runs[i].finished_at.has_value();
    if (is_ended && std::ranges::find(order.braked, runs[i].id) == order.braked.end())
      runs_.ended_unsent(runs[i]);
  }
  const RunId* resumed = run_to_resume(order.command);
  if (resumed == nullptr || runs.empty() || runs_.is_ending()) return;
  if (times_braked_[*resumed] == order.times_braked)
    runs_.send_again({runs.front(), answer.runs.front().is_changed});
}

Result<ControlAnswer> ControlDesk::unrecorded(const Order& order) const {
  if (order.braked.empty() && !std::holds_alternative<StopCommand>(order.command)) {
    return Error{ErrorKind::storage_busy, "another program holds the store",
                 "The command is carried out as soon as that lets go. Ask again to be sure: to say it twice "
                 "does no harm."};
  }
  ControlAnswer answer{.action = action_of(order.command),
                       .is_recorded = false,
                       .actor = order.actor,
                       .process = ::getpid(),
                       .runs = {}};
  for (const RunId run : order.braked) answer.runs.push_back({.run = run, .is_changed = true, .status = {}});
  return answer;
}

}  // namespace sluice
