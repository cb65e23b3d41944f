// SPDX-License-Identifier: MIT
// Events as they happen, to whoever follows: text/event-stream (server-sent events). Each has the number that
// the record knows it by, so whoever was cut off goes on behind the last one that he has.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "http_api/api_message.hpp"
#include "sluice/clock/clock.hpp"
#include "sluice/core/result.hpp"

namespace sluice {

struct ApiEvent {
  std::int64_t id = 0;
  std::string type;  ///< a word
  std::string body;  ///< JSON; may have several lines
};

/// The next events behind `after`, in the order of their numbers, at most `max`; none: there are no more yet.
using EventSource =
    std::function<boost::asio::awaitable<Result<std::vector<ApiEvent>>>(std::int64_t after, std::size_t max)>;

/// Wakes those who wait for events. On the loop of the streams, which may outlive it.
class EventBell {
 public:
  /// There may be something new.
  void ring();

 private:
  friend class EventStream;
  using Sleepers = std::list<Alarm*>;

  std::shared_ptr<Sleepers> sleepers_ = std::make_shared<Sleepers>();
};

struct EventPace {
  /// A comment is sent when there was nothing else for so long: it keeps the connection alive, and shows that
  /// a client has left.
  std::chrono::milliseconds heartbeat = std::chrono::seconds{15};
  /// How long what no bell tells of goes unnoticed, such as what another process has recorded.
  std::chrono::milliseconds look_every = std::chrono::seconds{1};
  std::size_t events_per_piece_max = 100;
};

/// An answer that goes on until the client leaves or the server ends.
/// @param clock must outlive it
/// @param after the number of the last event that the client has
ApiAnswer event_stream(Clock& clock, EventSource source, const EventBell& bell, std::int64_t after,
                       EventPace pace = {});

/// What the client has already: its Last-Event-ID, or the query's last_event_id, which a browser's first
/// request cannot say otherwise; else `otherwise`. Fails: usage, if it is no number.
Result<std::int64_t> last_event_id(const ApiRequest& request, std::int64_t otherwise);

/// "id: …", "event: …" and a "data: …" for each line of the body; then an empty line.
std::string event_text(const ApiEvent& event);

}  // namespace sluice
