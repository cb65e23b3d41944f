// SPDX-License-Identifier: MIT
#include "http_api/client_bytes.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>

namespace sluice {

boost::asio::awaitable<bool> ClientBytes::more() {
  std::array<char, 16384> bytes;
  const std::size_t count = co_await wire_.read_some(boost::asio::buffer(bytes));
  waiting_.append(bytes.data(), count);
  if (count == 0) has_ended_ = true;
  co_return count > 0;
}

std::string ClientBytes::take(std::uint64_t bytes_max) {
  const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(waiting_.size(), bytes_max));
  std::string taken = waiting_.substr(0, count);
  waiting_.erase(0, count);
  return taken;
}

void ClientBytes::end() {
  has_ended_ = true;
  wire_.close();
}

}  // namespace sluice
