// SPDX-License-Identifier: MIT
// Name look-ups that take for ever, fail, or are wanted by many at once; and connecting to several addresses.
#include "transport/https/resolver.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <future>
#include <memory>

#include "transport/https/connect.hpp"

namespace sluice {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

asio::ip::address address(const char* text) { return asio::ip::make_address(text); }

/// A look-up that counts, and answers when it is let go.
struct HeldLookup {
  std::shared_ptr<std::atomic<int>> count = std::make_shared<std::atomic<int>>(0);
  std::shared_ptr<std::promise<void>> let_go = std::make_shared<std::promise<void>>();
  std::shared_future<void> gone = let_go->get_future().share();

  HostLookup lookup() const {
    return [count = count, gone = gone](const std::string&) {
      ++*count;
      gone.wait();
      return ResolvedHost{.addresses = {address("192.0.2.1")}, .error = {}};
    };
  }
};

using Answer = std::optional<ResolvedHost>;

void ask(asio::io_context& context, Resolver& resolver, SteadyTime deadline, std::vector<Answer>& answers) {
  asio::co_spawn(context, resolver.resolve(deadline), [&](std::exception_ptr thrown, Answer answer) {
    if (thrown) std::rethrow_exception(thrown);
    answers.push_back(std::move(answer));
  });
}

SteadyTime in(std::chrono::milliseconds span) { return std::chrono::steady_clock::now() + span; }

TEST_CASE("transport: many who ask for one host at once share one look-up, and the answer is kept a while") {
  asio::io_context context;
  const HeldLookup held;
  held.let_go->set_value();
  Resolver resolver(context.get_executor(), "iot.example", held.lookup());
  std::vector<Answer> answers;

  for (int i = 0; i < 3; ++i) ask(context, resolver, in(5s), answers);
  context.run();
  ask(context, resolver, in(5s), answers);
  context.restart();
  context.run();

  REQUIRE(answers.size() == 4);
  for (const Answer& answer : answers) CHECK(answer.value().addresses.front() == address("192.0.2.1"));
  CHECK(*held.count == 1);
}

TEST_CASE("transport: an answer that is too old is asked for again") {
  asio::io_context context;
  const HeldLookup held;
  held.let_go->set_value();
  Resolver resolver(context.get_executor(), "iot.example", held.lookup(), 0s);
  std::vector<Answer> answers;

  for (int i = 0; i < 2; ++i) {
    ask(context, resolver, in(5s), answers);
    context.restart();
    context.run();
  }

  CHECK(answers.size() == 2);
  CHECK(*held.count == 2);
}

TEST_CASE("transport: a failed look-up is not kept") {
  asio::io_context context;
  auto count = std::make_shared<std::atomic<int>>(0);
  Resolver resolver(context.get_executor(), "iot.example", [count](const std::string&) {
    return ++*count == 1 ? ResolvedHost{.addresses = {}, .error = "no such name"}
                         : ResolvedHost{.addresses = {address("192.0.2.1")}, .error = {}};
  });
  std::vector<Answer> answers;

  for (int i = 0; i < 2; ++i) {
    ask(context, resolver, in(5s), answers);
    context.restart();
    context.run();
  }

  REQUIRE(answers.size() == 2);
  CHECK(answers[0].value().error == "no such name");
  CHECK(answers[1].value().addresses.size() == 1);
}

TEST_CASE(
    "transport: who waits for a look-up leaves at its deadline, and the resolver goes without the answer") {
  const HeldLookup held;
  std::vector<Answer> answers;
  {
    asio::io_context context;
    Resolver resolver(context.get_executor(), "iot.example", held.lookup());
    ask(context, resolver, in(20ms), answers);
    context.run();
  }
  // Resolver and loop are gone while the look-up still runs; its answer finds nobody.
  held.let_go->set_value();

  REQUIRE(answers.size() == 1);
  CHECK_FALSE(answers[0].has_value());
}

TEST_CASE("transport: stopping the resolver wakes who waits") {
  asio::io_context context;
  const HeldLookup held;
  Resolver resolver(context.get_executor(), "iot.example", held.lookup());
  std::vector<Answer> answers;
  ask(context, resolver, in(1h), answers);
  context.poll();

  resolver.stop();
  context.run();

  REQUIRE(answers.size() == 1);
  CHECK_FALSE(answers[0].has_value());
  held.let_go->set_value();
}

TEST_CASE("transport: a name in .invalid has no address, and the reason is told") {
  const ResolvedHost answer = look_up_host("sluice-test.invalid");

  CHECK(answer.addresses.empty());
  CHECK_FALSE(answer.error.empty());
}

TEST_CASE("transport: the two address families take turns, the first one first") {
  const std::vector<asio::ip::address> mixed{address("2001:db8::1"), address("2001:db8::2"),
                                             address("2001:db8::3"), address("192.0.2.1"),
                                             address("192.0.2.2")};

  const std::vector<asio::ip::address> expected{address("2001:db8::1"), address("192.0.2.1"),
                                                address("2001:db8::2"), address("192.0.2.2"),
                                                address("2001:db8::3")};
  CHECK(take_turns(mixed) == expected);
  CHECK(take_turns({}).empty());
}

}  // namespace
}  // namespace sluice
