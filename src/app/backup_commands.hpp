// SPDX-License-Identifier: MIT
// The verbs that copy the store and put a copy back: backup and restore.
#pragma once

#include "app/backup_options.hpp"
#include "app/commands.hpp"
#include "app/options.hpp"

namespace sluice {

ExitCode backup_command(const CommonOptions& common, const BackupOptionsGiven& given);

/// Opens the store afterwards, as its owner, so that what the backup cannot know is held before anybody
/// sends.
ExitCode restore_command(const CommonOptions& common, const BackupOptionsGiven& given);

}  // namespace sluice
