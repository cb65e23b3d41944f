// SPDX-License-Identifier: MIT
#include "end_to_end/service_manager.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace sluice::tests {

ServiceManager::ServiceManager(const std::string& path) {
  socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  if (::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0)
    throw std::system_error{errno, std::generic_category(), path};
}

ServiceManager::~ServiceManager() { ::close(socket_); }

bool ServiceManager::has_heard(std::string_view what) {
  std::array<char, 4096> text{};
  ssize_t size = 0;
  while ((size = ::recv(socket_, text.data(), text.size(), MSG_DONTWAIT)) > 0)
    heard_ += std::string{text.data(), static_cast<std::size_t>(size)} + "\n";
  return heard_.find(what) != std::string::npos;
}

}  // namespace sluice::tests
