// SPDX-License-Identifier: MIT
// The verb that runs the daemon: serve.
#pragma once

#include "app/exit_codes.hpp"
#include "app/options.hpp"
#include "sluice/core/result.hpp"

namespace sluice {

/// Until SIGTERM or SIGINT. Fails: refused if another process owns the store, invalid_input for a
/// configuration that cannot be read, and as Daemon::run() does.
Result<int> serve_command(const CommonOptions& common);

}  // namespace sluice
