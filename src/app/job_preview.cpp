// SPDX-License-Identifier: MIT
#include "app/job_preview.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "app/foreground_run.hpp"
#include "app/planned_run.hpp"
#include "app/system_now.hpp"
#include "http_api/json_text.hpp"
#include "sluice/dialect/signature.hpp"
#include "sluice/engine/submit.hpp"

namespace sluice {
namespace {

/// Without a key at hand, one of the usual length stands in where only its length matters.
Credentials usual_key() {
  return {.access_key_id = "LTAIxxxxxxxxxxxxxxxxxxxx", .access_key_secret = {}, .security_token = {}};
}

/// The encoded size of a chunk's names, each followed by '\n'. Names hold three characters that are encoded
/// at all.
std::size_t names_encoded_size(std::string_view names, std::size_t count) {
  const auto escaped = std::ranges::count_if(names, [](char c) { return c == '@' || c == ':'; });
  return names.size() - count + 2 * static_cast<std::size_t>(escaped);
}

/// How large the largest request of a plan gets.
class LargestRequest {
 public:
  LargestRequest(const InvokeThingsDialect& dialect, const Call& call, const Credentials& key)
      : dialect_(dialect), call_(call), key_(key) {}

  PlanVisitor visitor() {
    return {.group = [this](std::size_t group, std::string_view args) { take_group(group, args); },
            .chunk = [this](const PlannedChunk& chunk) { take_chunk(chunk); }};
  }
  std::size_t bytes() const { return bytes_; }

 private:
  void take_group(std::size_t group, std::string_view args) {
    args_sizes_.resize(std::max(args_sizes_.size(), group + 1));
    args_sizes_[group] = percent_encoded_size(args);
    // What a group has of its own is added to what all have.
    call_.args.clear();
  }

  void take_chunk(const PlannedChunk& chunk) {
    const std::size_t common =
        body_size_bound(dialect_, call_, chunk.devices, names_encoded_size(chunk.names, chunk.devices), key_);
    bytes_ = std::max(bytes_, common + (args_sizes_.empty() ? 0 : args_sizes_[chunk.group]));
  }

  const InvokeThingsDialect& dialect_;
  Call call_;
  const Credentials& key_;
  std::vector<std::size_t> args_sizes_;  // of each group; empty: all are sent the job's own
  std::size_t bytes_ = 0;
};

}  // namespace

Result<Survey> survey_alone(const SendOptions& send, const JobAndText& loaded) {
  if (!names_devices(send, loaded.job)) return Survey{.groups = 0};
  Result<TargetList> targets = open_targets(send, loaded.job, loaded.rules, {});
  if (targets.has_error()) return targets.error();
  Result<Survey> surveyed = survey(*targets, {.job = loaded.job, .job_text = loaded.text});
  if (surveyed.has_error() || surveyed->counts.devices == 0) return surveyed;
  const Result<void> sound = check_stages(send.job_file, loaded.job, *surveyed);
  if (sound.has_error()) return sound.error();
  return surveyed;
}

std::string validity_json(const Job& job, const Survey& survey) {
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version).member("valid", true);
  json.member("job", job.name).member("devices", survey.counts.devices);
  json.member("duplicates", survey.counts.duplicates).member("unmatched", survey.counts.unmatched);
  json.member("excluded", survey.counts.excluded);
  return json.end_object().end_document().take();
}

Result<PlannedJob> plan_job(const PreparedJob& prepared, const SendOptions& send,
                            const Environment& environment) {
  auto denied = denied_devices(prepared.setup);
  if (denied.has_error()) return denied.error();
  Result<TargetList> targets =
      open_targets(send, prepared.job, prepared.rules, {.denied = std::move(*denied)});
  if (targets.has_error()) return targets.error();
  const Result<FoundCredentials> found = credentials_for(prepared.setup, environment);
  const Credentials key = found.has_value() ? found->credentials : usual_key();

  LargestRequest largest(prepared.setup.dialect, prepared.job.call, key);
  Result<Survey> surveyed = survey(*targets, submit_request(prepared, send), largest.visitor());
  if (surveyed.has_error()) return surveyed.error();
  if (auto refusal = unexpected_device_count(*surveyed, send.expected_devices)) return *std::move(refusal);
  const Result<void> sound = check_stages(send.job_file, prepared.job, *surveyed);
  if (sound.has_error()) return sound.error();
  const Result<RunForecast> foreseen =
      forecast(prepared.job, prepared.setup, planned_stages(prepared.job, *surveyed),
               send.start.value_or(system_now()));
  if (foreseen.has_error()) return foreseen.error();
  Plan plan = plan_of(prepared, *surveyed, *foreseen);
  plan.largest_request_bytes = static_cast<std::int64_t>(largest.bytes());
  return PlannedJob{std::move(plan), std::move(*surveyed)};
}

}  // namespace sluice
