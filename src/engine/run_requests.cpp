// SPDX-License-Identifier: MIT
#include "engine/run_requests.hpp"

#include <utility>

namespace sluice {
namespace {

std::vector<std::string_view> lines_of(std::string_view names) {
  std::vector<std::string_view> lines;
  while (!names.empty()) {
    const std::size_t end = names.find('\n');
    lines.push_back(names.substr(0, end));
    names.remove_prefix(end == names.npos ? names.size() : end + 1);
  }
  return lines;
}

}  // namespace

HttpRequest request_for(const DispatcherConfig& config, RunId run, const AttemptIntent& intent,
                        std::string_view names) {
  return build_request(config.dialect, config.runs.at(run).call, lines_of(names), config.credentials,
                       RequestStamp{intent.nonce, intent.timestamp});
}

IntentMaker intent_maker(std::shared_ptr<const DispatcherConfig> config, std::vector<std::string> nonces,
                         UtcTime now) {
  return [config = std::move(config), nonces = std::move(nonces), timestamp = to_iso_seconds(now)](
             RunId run, std::string_view names) mutable {
    AttemptIntent intent{.nonce = std::move(nonces.back()),
                         .timestamp = timestamp,
                         .key_id = config->credentials.access_key_id,
                         .digest = {}};
    nonces.pop_back();
    intent.digest = request_digest(config->endpoint, request_for(*config, run, intent, names));
    return intent;
  };
}

}  // namespace sluice
