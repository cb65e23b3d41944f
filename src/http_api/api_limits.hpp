// SPDX-License-Identifier: MIT
// How much, how many and how slow the server puts up with.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace sluice {

struct ApiLimits {
  std::size_t header_bytes_max = std::size_t{8} * 1024;
  std::chrono::milliseconds header_time = std::chrono::seconds{5};  ///< from its first byte to its last
  std::size_t body_bytes_max = std::size_t{1024} * 1024;
  std::chrono::milliseconds body_time = std::chrono::seconds{10};
  /// Of an upload, and of an answer that is taken: whoever is slower is dropped.
  std::size_t bytes_per_second_min = 1024;
  std::uint64_t upload_bytes_max = std::uint64_t{256} * 1024 * 1024;
  /// From one answer to the next request, or from the start to the first.
  std::chrono::milliseconds idle_time = std::chrono::seconds{60};
  std::chrono::milliseconds write_time = std::chrono::seconds{10};  ///< for a piece of an answer to be taken
  /// For the last bytes of a connection: what is still to be taken when the server ends, and what a client
  /// that was refused is still sending, so that he gets to read why.
  std::chrono::milliseconds farewell_time = std::chrono::seconds{2};
  /// When one more comes, one of the same peer that waits for its client is dropped: whichever was kept
  /// longest since its last answer, else the oldest that was asked for nothing yet. If all are being
  /// answered, the new one is.
  std::size_t connections_max = 128;  ///< over TCP; over the unix socket as many again
  /// A browser opens up to twelve: six for a page's files, six for what the page asks for.
  std::size_t connections_per_peer_max = 32;
  std::size_t event_streams_per_client_max = 8;
};

}  // namespace sluice
