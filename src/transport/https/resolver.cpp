// SPDX-License-Identifier: MIT
// getaddrinfo on a thread of its own, its answer posted back to the loop.
#include "transport/https/resolver.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace sluice {

namespace asio = boost::asio;

/// Shared by the loop and the look-up's thread, whichever lasts longer. The executor is used under the mutex,
/// and taken away when the resolver stops: the loop may be gone when a slow name server answers at last.
struct Resolver::Board {
  std::mutex mutex;
  std::optional<asio::any_io_executor> executor;
  Resolver* resolver = nullptr;
};

namespace {

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

}  // namespace

ResolvedHost look_up_host(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  const int system_code = errno;
  if (code != 0) {
    // Without a descriptor the look-up reads no file and asks no server, and then says that there is no such
    // host.
    const int left = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    const bool is_exhausted = left < 0 && (errno == EMFILE || errno == ENFILE);
    if (left >= 0) ::close(left);
    return ResolvedHost{.addresses = {},
                        .error = is_exhausted         ? "no file descriptor is left to look it up with"
                                 : code == EAI_SYSTEM ? std::strerror(system_code)
                                                      : gai_strerror(code),
                        .is_exhausted = is_exhausted};
  }
  const std::unique_ptr<addrinfo, FreeAddresses> list(found);

  ResolvedHost answer;
  for (const addrinfo* entry = list.get(); entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_family != AF_INET && entry->ai_family != AF_INET6) continue;
    asio::ip::tcp::endpoint endpoint;
    endpoint.resize(entry->ai_addrlen);
    std::memcpy(endpoint.data(), entry->ai_addr, entry->ai_addrlen);
    answer.addresses.push_back(endpoint.address());
  }
  if (answer.addresses.empty()) answer.error = "it has no IPv4 or IPv6 address";
  return answer;
}

Resolver::Resolver(asio::any_io_executor executor, std::string host, HostLookup lookup,
                   std::chrono::steady_clock::duration cached_for)
    : executor_(std::move(executor)),
      host_(std::move(host)),
      lookup_(std::move(lookup)),
      cached_for_(cached_for),
      board_(std::make_shared<Board>()) {
  board_->executor = executor_;
  board_->resolver = this;
}

Resolver::~Resolver() { stop(); }

void Resolver::stop() {
  is_stopped_ = true;
  {
    const std::lock_guard lock(board_->mutex);
    board_->executor.reset();
    board_->resolver = nullptr;
  }
  wake_all();
}

void Resolver::wake_all() {
  for (asio::steady_timer* timer : waiting_) timer->cancel();
}

void Resolver::start_lookup() {
  is_looking_ = true;
  const auto work = [board = board_, host = host_, lookup = lookup_] {
    ResolvedHost answer = lookup(host);
    const std::lock_guard lock(board->mutex);
    if (!board->executor) return;
    asio::post(*board->executor, [board, answer = std::move(answer)]() mutable {
      // On the loop's thread: the resolver stops on that thread too, so it cannot vanish in between.
      Resolver* const resolver = board->resolver;
      if (resolver == nullptr) return;
      resolver->is_looking_ = false;
      resolver->answer_ = std::move(answer);
      resolver->answered_at_ = std::chrono::steady_clock::now();
      resolver->is_stale_ = false;
      resolver->wake_all();
    });
  };
  try {
    std::thread(work).detach();
  } catch (const std::system_error& failure) {
    is_looking_ = false;
    answered_at_ = std::chrono::steady_clock::now();
    answer_ = ResolvedHost{.addresses = {},
                           .error = std::string("no thread to look it up on: ") + failure.what(),
                           .is_exhausted = true};
  }
}

asio::awaitable<std::optional<ResolvedHost>> Resolver::resolve(SteadyTime deadline) {
  const auto asked_at = std::chrono::steady_clock::now();
  const bool is_known = answer_ && !answer_->addresses.empty() && !is_stale_;
  if (is_known && asked_at - answered_at_ < cached_for_) co_return answer_;
  // A failure is not kept: whoever asks next asks anew.
  if (!is_stopped_ && !is_looking_) {
    answer_.reset();
    start_lookup();
  }

  asio::steady_timer wait(executor_, deadline);
  waiting_.push_back(&wait);
  const struct Leave {
    std::vector<asio::steady_timer*>& waiting;
    asio::steady_timer* timer;
    ~Leave() { std::erase(waiting, timer); }
  } leave{waiting_, &wait};
  while (is_looking_ && !is_stopped_) {
    const auto [failed] = co_await wait.async_wait(asio::as_tuple(asio::use_awaitable));
    if (!failed) break;  // the deadline
  }
  if (is_looking_ || is_stopped_) co_return std::nullopt;
  co_return answer_;
}

}  // namespace sluice
