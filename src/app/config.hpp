// SPDX-License-Identifier: MIT
// The configuration file: which cloud accounts (tenants) there are, and how each one is spoken to. JSON with
// comments, like the job file; samples/config.json shows every key. It holds no secret.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "app/api_config.hpp"
#include "app/log_config.hpp"
#include "sluice/core/job.hpp"
#include "sluice/core/result.hpp"
#include "sluice/dialect/invoke_things.hpp"
#include "sluice/engine/prune.hpp"
#include "sluice/transport/https.hpp"

namespace sluice {

/// How many requests of one run may be under way at once, whoever says so.
inline constexpr int in_flight_max = 1024;

struct TenantConfig {
  std::string name;
  std::string
      endpoint;  ///< as parse_endpoint takes it; empty: neither an endpoint nor a region is configured
  double rate = default_requests_per_second;
  std::size_t in_flight = 32;    ///< requests under way at once; https.connections_max is the same number
  InvokeThingsDialect dialect;   ///< its target is the endpoint's path
  std::string credentials_file;  ///< empty: the usual places
  std::string profile;           ///< empty: none is asked for by name
  HttpsOptions https;
  std::string deny_file;       ///< devices that no run of the tenant may send to; empty: none are denied
  double leave_to_others = 0;  ///< requests per second of the rate that are never used
  std::optional<std::int64_t> devices_per_run_max;
  std::optional<std::int64_t> devices_per_day_max;  ///< of all runs submitted within 24 hours
};

struct Config {
  std::string default_tenant;  ///< as configured, or the only tenant there is; may be empty
  std::string store;           ///< path of the database; empty: not configured
  ApiConfig api;
  LogConfig log;            ///< of the daemon
  KeepRules keep;           ///< by which the daemon prunes its record
  std::string jobs_folder;  ///< whose job files the daemon takes up; empty: none
  std::map<std::string, TenantConfig> tenants;
  std::string file;  ///< where all this comes from; empty: there is no configuration file
};

/// All errors at once, each as "file:line:column: field: what is wrong, what is expected".
/// Relative paths are taken from the file's folder.
Result<Config> read_config(std::string file, std::string text);

/// $XDG_CONFIG_HOME/sluice/config.json, else ~/.config/sluice/config.json; empty if neither folder is known.
std::string default_config_file(
    const std::function<std::optional<std::string>(const char* name)>& environment);

/// Reads `named_file` (of --config), which must be there; if it is empty, reads `default_file`, and without
/// one there is an empty configuration.
Result<Config> load_config(const std::string& named_file, const std::string& default_file);

}  // namespace sluice
