// SPDX-License-Identifier: MIT
// What the daemon writes down of itself: in the log at once, among the events and in the audit log through
// the store's thread. What the store does not take is told to the log; nothing fails for it. Lives on the
// loop.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "app/log.hpp"
#include "app/login_failures.hpp"
#include "app/metrics.hpp"
#include "http_api/api_server.hpp"
#include "sluice/clock/clock.hpp"
#include "sluice/store/async_store.hpp"
#include "sluice/store/audit_log.hpp"
#include "sluice/store/event_book.hpp"

namespace sluice {

class DaemonNotes {
 public:
  /// All of it outlives the notes that are under way.
  struct Ground {
    boost::asio::any_io_executor loop;
    AsyncStore& store;
    Clock& clock;
    Log& log;
    Metrics& metrics;
  };

  explicit DaemonNotes(Ground ground) : ground_(std::move(ground)) {}

  /// Among the events, for whoever follows them. @param reason printable
  void event(std::string what, std::string reason);
  /// What the API's server met. Who failed to log in is on record.
  void incident(const ApiIncident& incident);
  /// Writes what was counted of failed logins whose minute is over. To be called every few seconds.
  void tell_failures();
  /// The same of all minutes: nobody comes any more.
  void tell_all_failures();
  /// Of what happens elsewhere than in the store.
  boost::asio::awaitable<void> audit(AuditEntry entry);

 private:
  boost::asio::awaitable<void> record(ProcessEvent event);
  void write(std::vector<AuditEntry> entries);

  Ground ground_;
  LoginFailures failures_;
};

}  // namespace sluice
