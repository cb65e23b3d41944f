// SPDX-License-Identifier: MIT
#include "app/backup_line.hpp"

namespace sluice {

void add_backup_options(CLI::App& verb, BackupOptionsGiven& given) {
  verb.add_option("FILE", given.file, "Where the copy is to be")->type_name("")->required();
  verb.add_flag("--force", given.may_replace, "Replace the file if it is there already");
}

void add_restore_options(CLI::App& verb, BackupOptionsGiven& given) {
  verb.add_option("FILE", given.file, "What `sluice backup` made")->type_name("")->required();
}

}  // namespace sluice
