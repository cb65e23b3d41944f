// SPDX-License-Identifier: MIT
// Which value each setting has and where it comes from, for `sluice doctor`. No secret is a setting.
#pragma once

#include <string>
#include <vector>

#include "app/config.hpp"
#include "app/options.hpp"
#include "app/settings.hpp"
#include "sluice/jobfile/json_document.hpp"

namespace sluice {

struct SettingOrigin {
  std::string tenant;  ///< empty: it is no tenant's
  std::string name;    ///< as the configuration file calls it
  std::string value;   ///< as it would be written; untrusted text; empty: none
  std::string origin;  ///< "--store", "SLUICE_STORE", "file" or "default"

  bool operator==(const SettingOrigin&) const = default;
};

/// @param file the root of the configuration file; null value: there is none
std::vector<SettingOrigin> common_origins(const CommonOptions& common, const Environment& environment,
                                          const Config& config, const JsonValue& file);

/// As a command for that tenant has them. The daemon asks the environment for none of them.
std::vector<SettingOrigin> tenant_origins(const TenantSetup& setup, const Environment& environment,
                                          const JsonValue& file);

}  // namespace sluice
