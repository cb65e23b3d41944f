// SPDX-License-Identifier: MIT
// What the gateway and then the product demand of a request's parameters. Pure: what depends on earlier
// requests (nonces, quota) is the cloud's part.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "options.hpp"
#include "parameters.hpp"

namespace sluice::simulator {

/// Status 200: refused by the product; anything else: by the gateway in front of it.
struct Refusal {
  int http_status = 400;
  std::string code;
  std::string message;
};

/// The gateway's checks of the request's form, in its order: method, format, presence, version, action.
std::optional<Refusal> check_form(std::string_view method, const Parameters& parameters,
                                  const Options& options);

/// Whether some account has that key.
bool is_known_key(std::string_view key, const Options& options);

/// The gateway's checks of who asks: key, token, time within 15 minutes of `now`, signature. The parameters
/// have passed check_form.
std::optional<Refusal> check_identity(std::string_view method, const Parameters& parameters,
                                      const Options& options,
                                      std::chrono::sys_time<std::chrono::seconds> now);

/// The devices to call, or the product's refusal. Bad devices of the fault plan are not looked at here.
std::variant<std::vector<std::string>, Refusal> check_call(const Parameters& parameters,
                                                           const Options& options);

}  // namespace sluice::simulator
