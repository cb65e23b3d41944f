// SPDX-License-Identifier: MIT
#include "app/rehearsal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "app/config.hpp"
#include "app/display_text.hpp"
#include "app/rate_proof.hpp"
#include "app/run_report.hpp"
#include "app/settings.hpp"
#include "app/store_access.hpp"
#include "http_api/json_text.hpp"
#include "simulator/summary.hpp"
#include "sluice/engine/submit.hpp"

namespace sluice {
namespace {

/// Nobody is there to approve a stage, and whoever is asked outside must not take a rehearsal for the
/// rollout.
Job rehearsed(Job job) {
  for (Stage& stage : job.rollout.stages) {
    stage.approval.reset();
    stage.gate.check.reset();
  }
  return job;
}

/// The built-in cloud's account stands in for the tenant's; everything else stays as the job and the options
/// say.
Result<TenantSetup> rehearsal_setup(const SendOptions& send, const Job& job, const std::string& url) {
  SendOptions local = send;
  local.endpoint = url;
  local.tenant = "rehearsal";
  const Environment nothing = [](const char*) { return std::nullopt; };
  return tenant_setup(local, nothing, Config{}, job);
}

Result<RunRecord> queue(Store& store, TargetList& targets, const Survey& survey,
                        const SubmitRequest& request) {
  const Result<Submitted> submitted = submit(store, targets, request, survey);
  if (submitted.has_error()) return submitted.error();
  return find_run(store, submitted->run);
}

Result<void> check_size(const Survey& survey, std::int64_t devices_max) {
  if (survey.counts.devices <= devices_max) return {};
  return Error{ErrorKind::invalid_input,
               fmt::format("the job has {}, and is rehearsed here with {} at most",
                           counted(survey.counts.devices, "device"), grouped(devices_max)),
               "Give fewer, or rehearse it by command: sluice rehearse JOB --virtual"};
}

/// Each document ends with a line end.
std::string member_of(std::string document) {
  while (document.ends_with('\n')) document.pop_back();
  return document;
}

Result<std::string> report_json(StoreReader& store, const Rehearsal& rehearsal, UtcTime start) {
  const RunId run = rehearsal.run.record.id;
  const Result<RunRecord> record = find_run(store, run);
  if (record.has_error()) return record.error();
  const Result<SendLog> sends = store.sends_of_run(run);
  if (sends.has_error()) return sends.error();
  const RateProof proof = prove_rate(sends->sent_at, rehearsal.run.setup.rate, sends->unknown);
  return fmt::format("{{\"schema_version\":{},\"start\":\"{}\",\"summary\":{},\"rate\":{},\"cloud\":{}}}\n",
                     json_schema_version, to_iso_seconds(start), member_of(run_summary_json(*record, "")),
                     member_of(rate_proof_json(proof, "rehearsal")),
                     simulator::to_json(rehearsal.ground.end()));
}

}  // namespace

bool asks_anybody(const Job& job) {
  return std::ranges::any_of(job.rollout.stages,
                             [](const Stage& stage) { return stage.approval || stage.gate.check; });
}

Result<Rehearsal> prepare_rehearsal(const SendOptions& send, const JobAndText& loaded, TargetList& targets,
                                    simulator::Options cloud, const std::string& submitter,
                                    std::int64_t devices_max, const MakeRehearsalGround& make_ground) {
  Credentials key{.access_key_id = cloud.access_key_id,
                  .access_key_secret = Secret{cloud.access_key_secret},
                  .security_token = {}};
  // The simulated account's limit follows the rehearsed rate, so that the rate can be proved at any speed.
  cloud.requests_per_second =
      std::max(default_requests_per_second, send.rate.value_or(loaded.job.rate.value_or(0)));
  Result<RehearsalGround> ground = make_ground(cloud);
  if (ground.has_error()) return ground.error();
  Result<TenantSetup> setup = rehearsal_setup(send, loaded.job, ground->url);
  if (setup.has_error()) return setup.error();
  const UtcTime now = ground->session.clock->utc_now();
  SubmitRequest request{.job = loaded.job,
                        .job_text = loaded.text,
                        .tenant = setup->name,
                        .endpoint = to_string(setup->endpoint),
                        .rate = setup->rate,
                        .now = now,
                        .expected_devices = send.expected_devices,
                        .submitter = submitter};
  const Result<Survey> surveyed = survey(targets, request);
  if (surveyed.has_error()) return surveyed.error();
  const Result<void> small_enough = check_size(*surveyed, devices_max);
  if (small_enough.has_error()) return small_enough.error();
  const Result<std::optional<RunForecast>> foreseen = foresee(*surveyed, loaded.job, *setup, now);
  if (foreseen.has_error()) return foreseen.error();
  request.predicted = predicted_of(*foreseen);
  Result<std::unique_ptr<Store>> store = ground->open_store();
  if (store.has_error()) return store.error();
  const Result<RunRecord> record = queue(**store, targets, *surveyed, request);
  if (record.has_error()) return record.error();
  return Rehearsal{.ground = std::move(*ground),
                   .store = std::move(*store),
                   .run = {.record = *record,
                           .job = rehearsed(loaded.job),
                           .setup = std::move(*setup),
                           .credentials = std::move(key),
                           .again_options = {}},
                   .forecast = *foreseen};
}

Result<std::string> rehearse_posted(const PostedJob& posted, const std::string& submitter, UtcTime start) {
  Result<JobAndText> loaded = job_from(posted.text, posted.send);
  if (loaded.has_error()) return loaded.error();
  const Result<void> given = give_devices(loaded->job, posted);
  if (given.has_error()) return given.error();
  Result<TargetList> targets = open_targets(posted.send, loaded->job, loaded->rules, {});
  if (targets.has_error()) return targets.error();
  const UtcTime whole_start = std::chrono::floor<std::chrono::seconds>(start);
  Result<Rehearsal> rehearsal =
      prepare_rehearsal(posted.send, *loaded, *targets, simulator::Options{}, submitter,
                        posted_rehearsal_devices_max, [whole_start](const simulator::Options& cloud) {
                          return virtual_ground(cloud, /*store_path=*/"", whole_start);
                        });
  if (rehearsal.has_error()) return rehearsal.error();
  // The signals are the daemon's.
  rehearsal->ground.session.heeds_signals = false;
  CommonOptions reporting;
  reporting.is_quiet = true;
  reporting.is_rehearsal = true;
  const SessionEnd end =
      send_runs(*rehearsal->store, /*store_file=*/"", {rehearsal->run}, reporting, rehearsal->ground.session);
  if (end.failure) return *end.failure;
  return report_json(*rehearsal->store, *rehearsal, whole_start);
}

}  // namespace sluice
