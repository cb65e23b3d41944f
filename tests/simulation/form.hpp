// SPDX-License-Identifier: MIT
// The request as the simulated cloud understands it, read by a parser that shares nothing with the product's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::simulation {

/// "r2-d0017": the 18th device of the third run.
struct DeviceName {
  int run = 0;
  int device = 0;
  auto operator<=>(const DeviceName&) const = default;
};

std::string to_text(DeviceName name);
std::optional<DeviceName> device_name_from(std::string_view text);

struct Form {
  std::string nonce;
  std::string key;
  std::int64_t timestamp = 0;  ///< seconds since 1970
  std::vector<DeviceName> devices;
  bool is_whole = true;  ///< everything was there and understood
};

Form read_form(std::string_view body);

}  // namespace sluice::simulation
