// SPDX-License-Identifier: MIT
#include "engine/run_requests.hpp"

#include <utility>

namespace sluice {

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return lines;
}

HttpRequest request_for(const DispatcherConfig& config, const Job& job, const ClaimedChunk& chunk,
                        const AttemptIntent& intent) {
  const RequestStamp stamp{intent.nonce, intent.timestamp};
  const std::vector<std::string_view> devices = lines_of(chunk.names);
  if (!chunk.arguments) return build_request(config.dialect, job.call, devices, config.credentials, stamp);
  Call call = job.call;
  call.args = chunk.arguments->args;
  return build_request(config.dialect, call, devices, config.credentials, stamp);
}

IntentMaker intent_maker(std::shared_ptr<const DispatcherConfig> config, JobsOfRuns jobs,
                         std::vector<std::string> nonces, UtcTime now) {
  return [config = std::move(config), jobs = std::move(jobs), nonces = std::move(nonces),
          timestamp = to_iso_seconds(now)](const ClaimedChunk& chunk) mutable {
    AttemptIntent intent{.nonce = std::move(nonces.back()),
                         .timestamp = timestamp,
                         .key_id = config->credentials.access_key_id,
                         .digest = {}};
    nonces.pop_back();
    intent.digest =
        request_digest(config->endpoint, request_for(*config, *jobs.at(chunk.run), chunk, intent));
    return intent;
  };
}

}  // namespace sluice
