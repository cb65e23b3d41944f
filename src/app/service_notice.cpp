// SPDX-License-Identifier: MIT
#include "app/service_notice.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstring>

namespace sluice {
namespace {

std::optional<long> number_in(const std::optional<std::string>& text) {
  long number = 0;
  if (!text) return std::nullopt;
  const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (problem != std::errc{} || end != text->data() + text->size() || number <= 0) return std::nullopt;
  return number;
}

long monotonic_microseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000L + now.tv_nsec / 1'000;
}

}  // namespace

ServiceNotice::ServiceNotice(const Environment& environment)
    : socket_name_(environment("NOTIFY_SOCKET").value_or("")) {
  if (socket_name_.empty() || socket_name_.size() >= sizeof(sockaddr_un::sun_path)) return;
  socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const std::optional<long> for_process = number_in(environment("WATCHDOG_PID"));
  const std::optional<long> interval = number_in(environment("WATCHDOG_USEC"));
  if (interval && (!for_process || *for_process == ::getpid())) watchdog_.emplace(*interval);
}

ServiceNotice::~ServiceNotice() {
  if (socket_ >= 0) ::close(socket_);
}

void ServiceNotice::reloading() {
  tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", monotonic_microseconds()));
}

// A manager that does not read must not stall the sending: what the socket does not take is not told.
void ServiceNotice::tell(const std::string& state) {
  if (socket_ < 0) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_name_.data(), socket_name_.size());
  // A name that begins with '@' stands for one in the abstract name space.
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_name_.size());
  (void)::sendto(socket_, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<sockaddr*>(&address),
                 size);
}

}  // namespace sluice
