// SPDX-License-Identifier: MIT
#include "simulation/network.hpp"

namespace sluice::simulation {
namespace asio = boost::asio;
namespace {

using namespace std::chrono_literals;

constexpr Nanos answer_awaited_for = 15s;
constexpr Nanos connection_awaited_for = 5s;
// Together with the window of a replay, no longer than the cloud remembers a nonce.
constexpr Nanos late_at_most = 4min;

}  // namespace

struct Network::Exchange {
  std::unique_ptr<Alarm> alarm;
  std::optional<CloudAnswer> answer;
  bool is_broken = false;
};

bool Network::draws(Fault fault) {
  return around_.network_dice.chance(around_.scenario.rate_of(fault)) && !around_.is_calm;
}

Nanos Network::way() {
  const double part = around_.network_dice.uniform();
  return around_.scenario.latency / 2 +
         Nanos{static_cast<std::int64_t>(static_cast<double>(around_.scenario.jitter.count()) * part * part *
                                         part)};
}

asio::awaitable<void> Network::wait_for(Nanos time) {
  const std::unique_ptr<Alarm> alarm = clock_.alarm();
  const SteadyTime end = clock_.steady_now() + time;
  co_await alarm->sleep_until(end);
}

asio::awaitable<void> Network::wait_for_ever() {
  const std::unique_ptr<Alarm> alarm = clock_.alarm();
  while (true) co_await alarm->sleep_until(SteadyTime::max());
}

asio::awaitable<std::optional<TransportFailure>> Network::connect() {
  const Nanos round_trip = way();
  co_await wait_for(round_trip);
  const Cloud::Outage outage = around_.cloud.outage();
  if (outage == Cloud::Outage::refuses_connections) {
    co_return TransportFailure{FailureKind::connect, false, "refused"};
  }
  if (!draws(Fault::no_connection)) co_return std::nullopt;
  switch (around_.network_dice.between(0, 4)) {
    case 0:
      co_return TransportFailure{FailureKind::resolve, false, "no such host"};
    case 1:
      co_return TransportFailure{FailureKind::exhausted, false, "no port left"};
    case 2:
      co_return TransportFailure{FailureKind::tls, false, "handshake"};
    case 3: {
      co_await wait_for(connection_awaited_for);
      co_return TransportFailure{FailureKind::timeout, false, "connect"};
    }
    default:
      co_return TransportFailure{FailureKind::connect, false, "refused"};
  }
}

asio::awaitable<Reply> Network::send(const HttpRequest& request, const WireGate& gate,
                                     ConnectionChoice connection) {
  if (!occasion_()) co_await wait_for_ever();
  const Form form = read_form(request.body);
  const bool connects = connection == ConnectionChoice::fresh || around_.network_dice.chance(0.2);
  if (connects || around_.cloud.outage() == Cloud::Outage::refuses_connections) {
    std::optional<TransportFailure> failure = co_await connect();
    if (failure) {
      around_.ledger.heard(form.nonce);
      co_return *failure;
    }
  }
  bool may_go = co_await gate();
  if (!may_go) co_return TransportFailure{FailureKind::stopped, false, "stopped"};
  around_.ledger.passed_gate();
  if (draws(Fault::no_connection)) {
    // The connection turns out dead before a byte was written.
    std::optional<TransportFailure> failure = co_await connect();
    if (failure) {
      around_.ledger.heard(form.nonce);
      co_return *failure;
    }
    may_go = co_await gate();
    if (!may_go) co_return TransportFailure{FailureKind::stopped, false, "stopped"};
    around_.ledger.passed_gate();
  }
  if (!occasion_()) co_await wait_for_ever();

  around_.ledger.sent(form, request.body, connection == ConnectionChoice::fresh);
  auto exchange = std::make_shared<Exchange>();
  exchange->alarm = clock_.alarm();
  const bool is_lost = draws(Fault::request_lost);
  const bool is_late = draws(Fault::late);
  const Nanos lateness = is_late ? around_.network_dice.span(1s, late_at_most) : 0ns;
  if (!is_lost) deliver(form, way() + lateness, exchange);
  if (draws(Fault::duplicate)) {
    deliver(form,
            way() + (around_.network_dice.chance(0.5) ? 0ns : around_.network_dice.span(1ms, late_at_most)),
            nullptr);
  }
  exchange->is_broken = is_lost && around_.network_dice.chance(0.3);
  if (!occasion_()) co_await wait_for_ever();
  Reply reply = co_await reply_of(form, std::move(exchange));
  co_return reply;
}

void Network::deliver(const Form& form, Nanos after, const std::shared_ptr<Exchange>& exchange) {
  const bool is_answer_lost = exchange == nullptr || draws(Fault::answer_lost);
  const Nanos way_back = way();
  Cloud& cloud = around_.cloud;
  World& world = around_.world;
  world.after(after,
              [&world, &cloud, form, is_answer_lost, way_back, weak = std::weak_ptr<Exchange>{exchange}] {
                if (cloud.outage() == Cloud::Outage::black_hole) return;
                CloudAnswer answer = cloud.receive(form);
                if (is_answer_lost) return;
                world.after(way_back, [weak, answer = std::move(answer)] {
                  const std::shared_ptr<Exchange> waiting = weak.lock();
                  if (!waiting) return;
                  waiting->answer = answer;
                  waiting->alarm->ring();
                });
              });
}

asio::awaitable<Reply> Network::reply_of(const Form& form, std::shared_ptr<Exchange> exchange) {
  const SteadyTime give_up_at = clock_.steady_now() + (exchange->is_broken ? way() : answer_awaited_for);
  while (!exchange->answer && clock_.steady_now() < give_up_at)
    co_await exchange->alarm->sleep_until(give_up_at);
  if (!occasion_()) co_await wait_for_ever();
  if (exchange->answer) {
    around_.ledger.answered(form.nonce, &*exchange->answer);
    co_return exchange->answer->response;
  }
  around_.ledger.answered(form.nonce, nullptr);
  if (exchange->is_broken) co_return TransportFailure{FailureKind::broken, true, "reset by peer"};
  co_return TransportFailure{FailureKind::timeout, true, "no answer within 15 s"};
}

}  // namespace sluice::simulation
