// SPDX-License-Identifier: MIT
#include "app/resumed_run.hpp"

#include <fmt/format.h>

#include <utility>

#include "app/credential_sources.hpp"
#include "app/foreground_run.hpp"
#include "app/operator_name.hpp"
#include "app/prepared_job.hpp"
#include "app/say.hpp"
#include "app/system_now.hpp"
#include "sluice/engine/recovery.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {

Result<void> lift_pauses(Store& store, const RunRecord& run, const CommonOptions& common) {
  if (run.control == RunControl::paused) {
    const Result<void> lifted = store.set_run_control(
        {.run = run.id, .control = RunControl::active, .actor = operator_name(), .now = system_now()});
    if (lifted.has_error()) return lifted;
    if (!common.is_quiet) {
      say(fmt::format("run {} goes on; it was paused: {}\n", run.id.value, printable(run.control_reason)));
    }
  }
  if (run.tenant_pause_reason.empty()) return {};
  const Result<void> lifted = store.lift_tenant_pause(run.tenant, operator_name(), "", system_now());
  if (lifted.has_error() || common.is_quiet) return lifted;
  say(tenant_goes_on_text(run));
  return {};
}

std::string tenant_goes_on_text(const RunRecord& run) {
  return fmt::format("tenant {} goes on; it was paused: {}\n", printable(run.tenant, 256),
                     printable(run.tenant_pause_reason));
}

Result<TenantSetup> setup_of(const RunRecord& record, const Job& job, const SendOptions& send,
                             const Config& config, const Environment& environment) {
  SendOptions effective = send;
  effective.tenant = record.tenant;
  if (effective.endpoint.empty()) effective.endpoint = record.endpoint;
  if (!effective.rate) effective.rate = record.rate;
  return tenant_setup(effective, environment, config, job);
}

Result<SessionRun> resumed_run(Store& store, RunRecord record, const CommonOptions& common,
                               const SendOptions& send, const Config& config,
                               const Environment& environment) {
  Result<Job> job = job_of(store, record.id);
  if (job.has_error()) return job.error();
  Result<TenantSetup> setup = setup_of(record, *job, send, config, environment);
  if (setup.has_error()) return setup.error();
  const Result<void> moved = store.move_run(record.id, to_string(setup->endpoint), setup->rate);
  if (moved.has_error()) return moved.error();
  auto denied = denied_devices(*setup);
  if (denied.has_error()) return denied.error();
  Result<FoundCredentials> key = credentials_for(*setup, environment);
  if (key.has_error()) return key.error();
  const Result<void> lifted = lift_pauses(store, record, common);
  if (lifted.has_error()) return lifted.error();
  announce(common, record, *setup, key->source);
  return SessionRun{std::move(record),           std::move(*job),
                    std::move(*setup),           std::move(key->credentials),
                    again_options(common, send), std::move(*denied)};
}

}  // namespace sluice
