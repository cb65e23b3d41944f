// SPDX-License-Identifier: MIT
#include "app/daemon_notes.hpp"

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>

#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace asio = boost::asio;
namespace {

void ignore(const std::exception_ptr&) {}

}  // namespace

void DaemonNotes::event(std::string what, std::string reason) {
  ProcessEvent event{.at = ground_.clock.utc_now(), .what = std::move(what), .reason = std::move(reason)};
  asio::co_spawn(ground_.loop, record(std::move(event)), ignore);
}

asio::awaitable<void> DaemonNotes::record(ProcessEvent event) {
  auto note = [&event](Store& store) { return store.event_book().note_event(event); };
  const Result<void> noted = co_await ground_.store.call(std::move(note));
  if (noted.has_error())
    ground_.log.error("event_not_written", {{"event", event.what}, {"error", noted.error().message}});
}

void DaemonNotes::incident(const ApiIncident& incident) {
  const bool is_login = incident.kind == ApiIncident::Kind::login_failed;
  ground_.log.warning(is_login ? "login_failed" : "request_failed", {{"origin", incident.origin},
                                                                     {"target", incident.target},
                                                                     {"instance", incident.instance},
                                                                     {"error", incident.error.message}});
  if (!is_login) return;
  ground_.metrics.login_failed("unknown_token");
  AuditEntry entry{.at = ground_.clock.utc_now(),
                   .actor = "unknown",
                   .origin = incident.origin,
                   .action = "login_failed",
                   .target = printable(incident.target, 200),
                   .reason = incident.error.message};
  if (failures_.is_told(entry, ground_.clock.steady_now())) write({std::move(entry)});
}

void DaemonNotes::tell_failures() { write(failures_.due(ground_.clock.steady_now())); }

void DaemonNotes::tell_all_failures() { write(failures_.all()); }

void DaemonNotes::write(std::vector<AuditEntry> entries) {
  for (AuditEntry& entry : entries) asio::co_spawn(ground_.loop, audit(std::move(entry)), ignore);
}

asio::awaitable<void> DaemonNotes::audit(AuditEntry entry) {
  auto note = [&entry](Store& store) { return store.audit_log().append(entry); };
  const Result<void> noted = co_await ground_.store.call(std::move(note));
  if (noted.has_error()) ground_.log.error("audit_not_written", {{"error", noted.error().message}});
}

}  // namespace sluice
