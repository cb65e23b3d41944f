// SPDX-License-Identifier: MIT
// The section "api" of the configuration: where the daemon can be asked over TCP, and by whom.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "jobfile/findings.hpp"
#include "sluice/jobfile/json_document.hpp"

namespace sluice {

struct ApiConfig {
  struct Listen {
    std::string address;  ///< numeric, without brackets
    std::uint16_t port = 0;
    bool is_loopback = true;  ///< those are served without TLS, all others with it

    bool operator==(const Listen&) const = default;
  };

  std::vector<Listen> listen;      ///< empty: the unix socket alone
  std::vector<std::string> hosts;  ///< further names that it goes by, "name:port" each
  std::string certificate;         ///< PEM file; empty: no TLS
  std::string key;                 ///< PEM file that nobody else can read
  std::string tokens_file;         ///< empty: there are no tokens
  bool anonymous_reads = false;    ///< whoever is on this machine may see everything without a token
  std::uint64_t upload_bytes_max = std::uint64_t{256} * 1024 * 1024;

  bool operator==(const ApiConfig&) const = default;
};

/// What does not fit, or would let strangers in, becomes a finding. Paths are taken from the document's
/// folder.
/// @param section an object
ApiConfig read_api_config(const JsonValue& section, Findings& findings);

}  // namespace sluice
