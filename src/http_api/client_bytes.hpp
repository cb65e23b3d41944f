// SPDX-License-Identifier: MIT
// What comes from a client, until somebody takes it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http_api/api_wire.hpp"

namespace sluice {

class ClientBytes {
 public:
  /// The wire must outlive it.
  explicit ClientBytes(ApiWire& wire) : wire_(wire) {}

  /// Those that have come and were not taken yet.
  std::string_view waiting() const { return waiting_; }
  /// Waits for further ones. @return false: no more will come
  boost::asio::awaitable<bool> more();
  /// The first ones of those that wait.
  std::string take(std::uint64_t bytes_max);
  void forget() { waiting_.clear(); }

  /// No more will come: the client has left, or was left.
  bool has_ended() const { return has_ended_; }
  /// Leaves him. Nothing can be written to him any more, either.
  void end();

 private:
  ApiWire& wire_;
  std::string waiting_;
  bool has_ended_ = false;
};

}  // namespace sluice
