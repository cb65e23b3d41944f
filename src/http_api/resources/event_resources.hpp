// SPDX-License-Identifier: MIT
// The events of the record: as pages, and as a stream of server-sent events (text/event-stream) that goes on
// where its client left off, over restarts of either. The ids are the record's own, and one that was seen
// stands for all before it, so nothing is lost and nothing comes twice.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "http_api/api_message.hpp"
#include "http_api/router.hpp"
#include "sluice/core/time.hpp"
#include "sluice/store/pages.hpp"
#include "sluice/store/read_side.hpp"

namespace sluice {

/// A wait that can be cut short.
class EventPause {
 public:
  virtual ~EventPause() = default;
  virtual boost::asio::awaitable<void> wait(std::chrono::milliseconds time) = 0;
  /// A wait() that is under way ends soon.
  virtual void cut_short() = 0;
};

using MakeEventPause = std::function<std::unique_ptr<EventPause>()>;

/// On the loop's own clock.
MakeEventPause timed_event_pause(boost::asio::any_io_executor loop);

/// GET /api/v1/events: pages, or a stream if "stream" is asked for or text/event-stream is accepted.
/// @param reads must outlive it
Route events_route(ReadSide& reads, MakeEventPause make_pause);

/// One event as a client of the stream gets it: its id, and its JSON object as the data.
std::string server_sent(const EventRow& event);

}  // namespace sluice
