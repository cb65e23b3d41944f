// SPDX-License-Identifier: MIT
// Pauses of a tenant that are the daemon's own word: it cannot serve it for now. It takes them back by
// itself, and never those of anybody else.
#pragma once

#include <string>
#include <string_view>

#include "sluice/core/result.hpp"
#include "sluice/core/time.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

bool is_daemon_pause(std::string_view paused_reason);

/// @param why empty: it can be served. Changes nothing where anybody else has paused it.
Result<void> set_daemon_pause(Store& store, const std::string& tenant, const std::string& why, UtcTime now);

}  // namespace sluice
