// SPDX-License-Identifier: MIT
// What all connections of a server share.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <string>

#include "http_api/api_access.hpp"
#include "http_api/api_limits.hpp"
#include "http_api/api_surroundings.hpp"
#include "http_api/event_followers.hpp"
#include "http_api/login_guard.hpp"
#include "http_api/router.hpp"
#include "sluice/clock/clock.hpp"

namespace sluice {

struct ApiCommon {
  Clock& clock;
  Router router;
  ApiSurroundings surroundings;
  ApiLimits limits;
  ApiAccess access = {};
  LoginGuard guard = {};
  EventFollowers followers = {};
  /// Waits for the disk, so that the loop does not; empty: there are no uploads.
  boost::asio::any_io_executor files = {};
  std::string boot = {};  ///< random; in the name of every answer
  std::uint64_t answers = 0;
  std::uint64_t waits = 0;  ///< how often a connection began to wait for its next request

  /// The name of one more answer.
  std::string next_instance();
  void tell(const ApiIncident& incident) const;
};

}  // namespace sluice
