// SPDX-License-Identifier: MIT
// The secrets that the environment brings, taken out of it: as long as they are there, /proc/PID/environ
// shows them to every program of the same user.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice {

inline constexpr const char* access_key_secret_variable = "ALIBABA_CLOUD_ACCESS_KEY_SECRET";
inline constexpr const char* security_token_variable = "ALIBABA_CLOUD_SECURITY_TOKEN";

/// Overwrites them where they stand. Once, at the program's start: no other thread may use the environment
/// then.
void take_secret_variables();

/// What that found under the name; absent: nothing, or an empty value.
std::optional<std::string> taken_secret(std::string_view name);

}  // namespace sluice
