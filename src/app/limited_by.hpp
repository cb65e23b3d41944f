// SPDX-License-Identifier: MIT
// What keeps a run from being faster: the plan foresees it, the progress names it while it happens.
#pragma once

#include <string_view>

namespace sluice {

enum class LimitedBy {
  nothing,       ///< there is nothing left to send
  request_rate,  ///< the quota: as it should be
  latency,       ///< answers take so long that the requests in flight are used up before the quota is
  throttled,     ///< the cloud said "too fast", and the pace is on its way back
  retry_budget,  ///< only retries are left to send just now, and there have been enough of them for the
                 ///< moment
  store,         ///< another program holds it
  endpoint,      ///< it cannot be reached; a probe now and then finds out when it is back
  waiting,       ///< for a retry's time, or for a halt to be lifted
};

constexpr std::string_view to_string(LimitedBy factor) {
  switch (factor) {
    case LimitedBy::nothing:
      return "nothing";
    case LimitedBy::request_rate:
      return "request rate";
    case LimitedBy::latency:
      return "latency × in-flight";
    case LimitedBy::throttled:
      return "throttled";
    case LimitedBy::retry_budget:
      return "retry budget";
    case LimitedBy::store:
      return "store held by another program";
    case LimitedBy::endpoint:
      return "endpoint away";
    case LimitedBy::waiting:
      return "waiting";
  }
  return "nothing";
}

}  // namespace sluice
