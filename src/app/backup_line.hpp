// SPDX-License-Identifier: MIT
// The words that `sluice backup` and `sluice restore` take.
#pragma once

#include <CLI/CLI.hpp>
#include <string_view>

#include "app/backup_options.hpp"

namespace sluice {

inline constexpr std::string_view backup_examples =
    "  sluice backup /mnt/backup/sluice.db\n"
    "  sluice backup /mnt/backup/sluice.db --force --output json\n";
inline constexpr std::string_view restore_examples =
    "  sluice restore /mnt/backup/sluice.db\n"
    "  sluice restore /mnt/backup/sluice.db --store /var/lib/sluice/sluice.db\n";

void add_backup_options(CLI::App& verb, BackupOptionsGiven& given);
void add_restore_options(CLI::App& verb, BackupOptionsGiven& given);

}  // namespace sluice
