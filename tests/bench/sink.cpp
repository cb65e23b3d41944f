// SPDX-License-Identifier: MIT
#include "bench/sink.hpp"

#include <arpa/inet.h>
#include <fmt/chrono.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <string_view>

namespace sluice::bench {
namespace {

void require(bool works) {
  if (!works) std::abort();
}

/// As the cloud's answers are: with the server's date, a request id and the one member that counts.
std::string answer() {
  constexpr std::string_view body = R"({"RequestId":"57b144cf-09fc-4916-a272-a62902d5b207","Success":true})";
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  return fmt::format(
      "HTTP/1.1 200 OK\r\nDate: {:%a, %d %b %Y %H:%M:%S} GMT\r\nContent-Type: "
      "application/json;charset=utf-8\r\n"
      "Content-Length: {}\r\nConnection: keep-alive\r\n\r\n{}",
      fmt::gmtime(now), body.size(), body);
}

/// How long the request that begins the text is; 0: its end has not come yet.
std::size_t size_of_request(std::string_view text) {
  constexpr std::string_view mark = "\r\nContent-Length: ";
  const std::size_t header_end = text.find("\r\n\r\n");
  if (header_end == text.npos) return 0;
  const std::size_t at = text.find(mark);
  require(at < header_end);
  std::size_t body = 0;
  std::from_chars(text.data() + at + mark.size(), text.data() + header_end, body);
  const std::size_t size = header_end + 4 + body;
  return text.size() < size ? 0 : size;
}

}  // namespace

Sink::Sink() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)), epoll_(::epoll_create1(0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  require(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
  require(::listen(listener_, 128) == 0);
  require(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
  epoll_event readable{.events = EPOLLIN, .data = {.fd = listener_}};
  require(::epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &readable) == 0);
}

Sink::~Sink() {
  ::close(epoll_);
  ::close(listener_);
}

void Sink::serve() {
  std::array<epoll_event, 64> ready{};
  while (true) {
    const int count = ::epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), -1);
    for (int i = 0; i < count; ++i) {
      const int socket = ready[static_cast<std::size_t>(i)].data.fd;
      socket == listener_ ? accept_all() : read(socket);
    }
  }
}

void Sink::accept_all() {
  while (true) {
    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
    if (connection < 0) return;
    const int on = 1;
    ::setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_event readable{.events = EPOLLIN, .data = {.fd = connection}};
    require(::epoll_ctl(epoll_, EPOLL_CTL_ADD, connection, &readable) == 0);
    unread_[connection].clear();
  }
}

void Sink::read(int connection) {
  std::array<char, 16 * 1024> buffer;
  const ssize_t came = ::recv(connection, buffer.data(), buffer.size(), 0);
  if (came <= 0) {
    unread_.erase(connection);
    ::close(connection);
    return;
  }
  std::string& unread = unread_[connection];
  unread.append(buffer.data(), static_cast<std::size_t>(came));
  answer_complete_requests(connection, unread);
}

void Sink::answer_complete_requests(int connection, std::string& unread) {
  static std::time_t made_at = 0;
  static std::string text;
  if (const std::time_t now = ::time(nullptr); now != made_at) {
    made_at = now;
    text = answer();
  }
  for (std::size_t size = size_of_request(unread); size > 0; size = size_of_request(unread)) {
    unread.erase(0, size);
    ::send(connection, text.data(), text.size(), MSG_NOSIGNAL);
  }
}

}  // namespace sluice::bench
