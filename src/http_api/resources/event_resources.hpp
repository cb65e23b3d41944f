// SPDX-License-Identifier: MIT
// The events of the record: as pages, and as a stream of server-sent events (text/event-stream) that goes on
// where its client left off, over restarts of either. The ids are the record's own, and one that was seen
// stands for all before it, so nothing is lost and nothing comes twice.
#pragma once

#include <string>

#include "http_api/router.hpp"
#include "sluice/clock/clock.hpp"
#include "sluice/store/pages.hpp"
#include "sluice/store/read_side.hpp"

namespace sluice {

/// GET /api/v1/events: pages, or a stream if "stream" is asked for or text/event-stream is accepted.
/// Both must outlive it.
Route events_route(ReadSide& reads, Clock& clock);

/// One event as a client of the stream gets it: its id, and its JSON object as the data.
std::string server_sent(const EventRow& event);

}  // namespace sluice
