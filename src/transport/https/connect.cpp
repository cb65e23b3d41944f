// SPDX-License-Identifier: MIT
// The race of connects: one signal timer that every attempt's end cancels.
#include "transport/https/connect.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <utility>

namespace sluice {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

/// Descriptors that no connection may have: the database, the certificate store and name look-ups open files
/// while the connections are there.
constexpr rlim_t descriptors_reserved = 8;

/// The system hands out the lowest free number, so a high one tells how few are left.
bool is_from_reserve(int descriptor) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return false;
  return static_cast<rlim_t>(descriptor) + descriptors_reserved >= limit.rlim_cur;
}

/// Without an IPv6 address of its own, a machine answers "address not available" as well: that does not pass.
bool says_exhausted(const boost::system::error_code& error, bool is_v4) {
  namespace errc = boost::system::errc;
  return error == errc::too_many_files_open || error == errc::too_many_files_open_in_system ||
         error == errc::no_buffer_space || error == errc::not_enough_memory ||
         (is_v4 && error == errc::address_not_available);
}

}  // namespace

std::vector<asio::ip::address> take_turns(const std::vector<asio::ip::address>& addresses) {
  std::vector<asio::ip::address> first;
  std::vector<asio::ip::address> second;
  for (const auto& address : addresses) {
    const bool like_first = address.is_v6() == addresses.front().is_v6();
    (like_first ? first : second).push_back(address);
  }
  std::vector<asio::ip::address> turns;
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) turns.push_back(first[i]);
    if (i < second.size()) turns.push_back(second[i]);
  }
  return turns;
}

ConnectRace::ConnectRace(asio::any_io_executor executor) : executor_(executor), signal_(executor) {}

void ConnectRace::note(std::size_t attempt, bool is_v4, boost::system::error_code error) {
  if (error) {
    ++failed_;
    const bool is_exhaustion = says_exhausted(error, is_v4);
    if (!first_error_ || (is_exhaustion && !is_exhausted_)) first_error_ = error;
    is_exhausted_ |= is_exhaustion;
  } else if (!winner_) {
    winner_ = attempt;
  }
  signal_.cancel();
}

void ConnectRace::start(const tcp::endpoint& endpoint) {
  const std::size_t attempt = attempts_.size();
  attempts_.push_back(std::make_unique<tcp::socket>(executor_));
  tcp::socket& socket = *attempts_.back();
  boost::system::error_code error;
  const bool is_v4 = endpoint.address().is_v4();
  socket.open(endpoint.protocol(), error);
  if (!error && is_from_reserve(socket.native_handle())) error = asio::error::no_descriptors;
  if (error) return note(attempt, is_v4, error);
  socket.async_connect(endpoint,
                       [race = shared_from_this(), attempt, is_v4](boost::system::error_code outcome) {
                         race->note(attempt, is_v4, outcome);
                       });
}

void ConnectRace::stop() {
  is_stopped_ = true;
  signal_.cancel();
}

asio::awaitable<ConnectRace::Result> ConnectRace::run(std::vector<tcp::endpoint> endpoints,
                                                      SteadyTime deadline) {
  using Clock = std::chrono::steady_clock;
  const auto share = (deadline - Clock::now()) / std::max<std::int64_t>(1, std::ssize(endpoints));
  const auto step = std::min<Clock::duration>(std::chrono::milliseconds{250}, share);

  while (!winner_ && !is_stopped_ && Clock::now() < deadline) {
    const bool all_failed = failed_ == attempts_.size();
    if (all_failed && attempts_.size() == endpoints.size()) break;
    if (attempts_.size() < endpoints.size()) start(endpoints[attempts_.size()]);
    if (failed_ == attempts_.size()) continue;  // it failed on the spot

    const bool is_last = attempts_.size() == endpoints.size();
    const std::size_t failed_before = failed_;
    signal_.expires_at(is_last ? deadline : std::min(deadline, Clock::now() + step));
    while (!winner_ && !is_stopped_ && failed_ == failed_before) {
      const auto [woken] = co_await signal_.async_wait(asio::as_tuple(asio::use_awaitable));
      if (!woken) break;  // time for the next address, or the deadline
    }
  }

  Result result;
  const bool was_first_error = static_cast<bool>(first_error_);
  if (is_stopped_) {
    result.error = asio::error::operation_aborted;
  } else if (winner_) {
    result.socket = std::move(*attempts_[*winner_]);
  } else if (failed_ == attempts_.size() && was_first_error) {
    result.error = first_error_;
    result.is_exhausted = is_exhausted_;
  } else {
    result.error = asio::error::timed_out;
  }
  for (const auto& attempt : attempts_) {
    boost::system::error_code ignored;
    attempt->close(ignored);
  }
  co_return result;
}

}  // namespace sluice
