// SPDX-License-Identifier: MIT
#include "sluice/core/reserved_parameters.hpp"

#include <algorithm>
#include <array>

namespace sluice {
namespace {

constexpr std::array<std::string_view, 13> reserved_names{
    "AccessKeyId", "Action", "Args",     "DeviceName", "Format",  "Identifier",   "IotInstanceId",
    "ProductKey",  "Qos",    "RegionId", "Timestamp",  "Version", "SecurityToken"};

}  // namespace

bool is_reserved_parameter(std::string_view name) {
  return name.starts_with("DeviceName.") || name.starts_with("Signature") ||
         std::ranges::find(reserved_names, name) != reserved_names.end();
}

}  // namespace sluice
