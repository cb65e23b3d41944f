// SPDX-License-Identifier: MIT
#include "http_api/resources/run_activity.hpp"

#include <algorithm>
#include <utility>

#include "http_api/json_text.hpp"
#include "http_api/json_time.hpp"

namespace sluice {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

/// The smallest whole number of seconds of which so many reach over the span.
seconds bucket_for(microseconds span, std::size_t buckets_max) {
  const auto count = static_cast<microseconds::rep>(buckets_max);
  const microseconds share{(span.count() + count - 1) / count};
  return std::max(seconds{1}, std::chrono::ceil<seconds>(share));
}

/// Buckets by time. What was recorded a moment outside of the run's time counts with its edge.
class Timeline {
 public:
  Timeline(UtcTime from, seconds bucket, std::size_t buckets)
      : from_(from), bucket_(bucket), last_(static_cast<std::ptrdiff_t>(buckets) - 1) {}

  std::size_t place_of(UtcTime time) const {
    const std::ptrdiff_t place = (time - from_) / bucket_;
    return static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(place, 0, last_));
  }

 private:
  UtcTime from_;
  seconds bucket_;
  std::ptrdiff_t last_;
};

void count(ActivityBucket& bucket, const ChunkOutcome& outcome) {
  if (outcome.state == ChunkState::succeeded) bucket.devices_accepted += outcome.devices;
  if (outcome.state == ChunkState::failed) bucket.devices_failed += outcome.devices;
  if (outcome.state == ChunkState::in_doubt) bucket.devices_in_doubt += outcome.devices;
}

void write_latencies(JsonText& json, const std::optional<Latencies>& latencies) {
  json.key("latency_ms");
  if (!latencies) {
    json.null();
    return;
  }
  const auto write = [&json](std::string_view name, microseconds duration) {
    json.key(name).decimal(std::chrono::duration<double, std::milli>{duration}.count(), 1);
  };
  json.begin_object();
  write("p50", latencies->median);
  write("p95", latencies->p95);
  write("max", latencies->longest);
  json.end_object();
}

}  // namespace

std::optional<Latencies> latencies_of(std::vector<microseconds> durations) {
  if (durations.empty()) return std::nullopt;
  std::ranges::sort(durations);
  const auto at_rank = [&durations](std::size_t percent) {
    return durations[(durations.size() * percent + 99) / 100 - 1];
  };
  return Latencies{.median = at_rank(50), .p95 = at_rank(95), .longest = durations.back()};
}

RunActivity activity_of(const std::vector<SentRequest>& sends, const std::vector<ChunkOutcome>& outcomes,
                        UtcTime end, std::size_t buckets_max) {
  RunActivity activity;
  if (sends.empty()) return activity;
  activity.from = std::ranges::min(sends, {}, &SentRequest::sent_at).sent_at;
  const microseconds span = std::max(microseconds{1}, end - *activity.from);
  activity.bucket = bucket_for(span, buckets_max);
  activity.buckets.resize(
      static_cast<std::size_t>((span + activity.bucket - microseconds{1}) / activity.bucket));

  const Timeline timeline{*activity.from, activity.bucket, activity.buckets.size()};
  std::vector<std::vector<microseconds>> durations(activity.buckets.size());
  for (const SentRequest& send : sends) {
    const std::size_t place = timeline.place_of(send.sent_at);
    ++activity.buckets[place].requests;
    if (send.answered_at) durations[place].push_back(*send.answered_at - send.sent_at);
  }
  for (const ChunkOutcome& outcome : outcomes)
    count(activity.buckets[timeline.place_of(outcome.settled_at)], outcome);
  for (std::size_t i = 0; i < durations.size(); ++i)
    activity.buckets[i].latencies = latencies_of(std::move(durations[i]));
  return activity;
}

std::string activity_json(const RunActivity& activity) {
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version);
  write_time(json, "from", activity.from);
  json.member("bucket_seconds", static_cast<std::int64_t>(activity.bucket.count()));
  json.key("buckets").begin_array();
  for (const ActivityBucket& bucket : activity.buckets) {
    json.begin_object().member("requests", bucket.requests);
    json.member("devices_accepted", bucket.devices_accepted).member("devices_failed", bucket.devices_failed);
    json.member("devices_in_doubt", bucket.devices_in_doubt);
    write_latencies(json, bucket.latencies);
    json.end_object();
  }
  return json.end_array().end_object().end_document().take();
}

}  // namespace sluice
