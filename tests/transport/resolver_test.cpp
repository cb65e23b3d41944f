// SPDX-License-Identifier: MIT
// Name look-ups that take for ever, fail, or are wanted by many at once; and connecting to several addresses.
#include "transport/https/resolver.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <resolv.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

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

  for (int i = 0; i < 3; ++i) ask(context, resolver, in(1min), answers);
  context.run();
  ask(context, resolver, in(1min), answers);
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
    ask(context, resolver, in(1min), answers);
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
    ask(context, resolver, in(1min), answers);
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

/// A name server on loopback that answers every question in one way.
class NameServer {
 public:
  enum class Way { no_such_name, server_failure, no_address, refused, nonsense, address };

  explicit NameServer(Way way) : way_(way), socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address_;
    REQUIRE(::bind(socket_, reinterpret_cast<const sockaddr*>(&address_), length) == 0);
    REQUIRE(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address_), &length) == 0);
    serving_ = std::thread([this] { serve(); });
  }
  NameServer(const NameServer&) = delete;
  NameServer& operator=(const NameServer&) = delete;
  ~NameServer() {
    // An empty question ends it.
    ::sendto(socket_, "", 0, 0, reinterpret_cast<const sockaddr*>(&address_), sizeof address_);
    serving_.join();
    ::close(socket_);
  }

  int questions() const { return questions_; }

  /// Looks up with this server alone. The C library keeps its name servers for each thread.
  ResolvedHost look_up(const std::string& host) const {
    ResolvedHost answer;
    std::thread([&] {
      res_init();
      _res.nscount = 1;
      _res.nsaddr_list[0] = address_;
      _res.retrans = 1;
      _res.retry = 1;
      _res.options &= ~static_cast<unsigned long>(RES_DNSRCH | RES_DEFNAMES);
      answer = look_up_host(host);
    }).join();
    return answer;
  }

 private:
  void serve() {
    std::array<unsigned char, 512> question{};
    while (true) {
      sockaddr_in from{};
      socklen_t length = sizeof from;
      const auto size = ::recvfrom(socket_, question.data(), question.size(), 0,
                                   reinterpret_cast<sockaddr*>(&from), &length);
      if (size < 12) return;
      ++questions_;
      const std::string answer = answer_to(question.data(), static_cast<std::size_t>(size));
      ::sendto(socket_, answer.data(), answer.size(), 0, reinterpret_cast<const sockaddr*>(&from), length);
    }
  }

  std::string answer_to(const unsigned char* question, std::size_t size) const {
    if (way_ == Way::nonsense) return "nonsense, and rather short";
    std::size_t name_end = 12;
    while (name_end < size && question[name_end] != 0) name_end += question[name_end] + 1U;
    const bool asks_for_v4 = question[name_end + 2] == 1;
    const bool has_address = way_ == Way::address && asks_for_v4;
    std::string text(question, question + name_end + 5);
    constexpr std::array codes{3, 2, 0, 5, 0, 0};
    text[2] = static_cast<char>(0x81);  // an answer
    text[3] = static_cast<char>(0x80 | codes.at(static_cast<std::size_t>(way_)));
    text.replace(6, 6, std::string{0, static_cast<char>(has_address ? 1 : 0), 0, 0, 0, 0});
    // The name once more, type A, class IN, 60 s, four bytes: 127.0.0.9.
    if (has_address) text += std::string("\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\x09", 16);
    return text;
  }

  Way way_;
  int socket_;
  sockaddr_in address_{};
  std::atomic<int> questions_ = 0;
  std::thread serving_;
};

TEST_CASE("transport: each way in which a name server has no address to give is told by its reason") {
  struct Row {
    NameServer::Way way;
    const char* reason;
  };
  const std::vector<Row> rows{
      {NameServer::Way::no_such_name, "Name or service not known"},
      {NameServer::Way::server_failure, "Temporary failure in name resolution"},
      {NameServer::Way::refused, "Temporary failure in name resolution"},
      {NameServer::Way::no_address, "No address associated with hostname"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.reason);
    const NameServer server(row.way);

    const ResolvedHost answer = server.look_up("iot.sluice.test");

    if (server.questions() == 0) {
      MESSAGE("this machine looks names up in a way of its own; not shown here");
      return;
    }
    CHECK(answer.addresses.empty());
    CHECK(answer.error == row.reason);
    CHECK_FALSE(answer.is_exhausted);
  }
  const NameServer server(NameServer::Way::address);
  CHECK(server.look_up("iot.sluice.test").addresses == std::vector<asio::ip::address>{address("127.0.0.9")});
}

TEST_CASE("transport: addresses that led nowhere are forgotten: the next one who asks asks anew") {
  asio::io_context context;
  const HeldLookup held;
  held.let_go->set_value();
  Resolver resolver(context.get_executor(), "iot.example", held.lookup(), 1h);
  std::vector<Answer> answers;

  for (int i = 0; i < 2; ++i) {
    ask(context, resolver, in(1min), answers);
    context.restart();
    context.run();
    resolver.forget();
  }

  REQUIRE(answers.size() == 2);
  CHECK(answers[1].value().addresses.size() == 1);
  CHECK(*held.count == 2);
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
