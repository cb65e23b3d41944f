// SPDX-License-Identifier: MIT
// How the sending of each tenant stands at this moment, kept in memory: whoever looks at it needs no store.
// Lives on the loop, as its observers do.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "app/send_history.hpp"
#include "sluice/clock/clock.hpp"
#include "sluice/core/ids.hpp"
#include "sluice/engine/observer.hpp"

namespace sluice {

struct LiveTenant {
  double rate_in_force = 0;  ///< requests per second that are held to now
  double others_rate = 0;    ///< requests per second that others seem to make
  std::set<AttemptId> in_flight;
  bool is_endpoint_reachable = true;  ///< as far as known
  bool are_retries_held = false;
  bool is_store_held = false;
  SendHistory sends;
};

class LiveTenants {
 public:
  /// @param clock outlives it
  explicit LiveTenants(Clock& clock) : clock_(clock) {}
  LiveTenants(const LiveTenants&) = delete;
  LiveTenants& operator=(const LiveTenants&) = delete;

  /// Takes what is told of the tenant's requests. This outlives it.
  std::unique_ptr<Observer> observe(const std::string& tenant, double requests_per_second);

  /// The tenant is served by a new dispatcher, which knows of no trouble yet and only tells what changes.
  void begin_to_serve(const std::string& tenant, double requests_per_second);

  /// Null: nobody ever observed it. Valid as long as this is.
  const LiveTenant* find(std::string_view tenant) const;

 private:
  LiveTenant& known(const std::string& tenant, double requests_per_second);

  Clock& clock_;
  std::map<std::string, LiveTenant, std::less<>> tenants_;
};

}  // namespace sluice
