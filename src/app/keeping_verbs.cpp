// SPDX-License-Identifier: MIT
#include "app/keeping_verbs.hpp"

#include "app/backup_commands.hpp"
#include "app/backup_line.hpp"
#include "app/doctor_command.hpp"
#include "app/line_options.hpp"

namespace sluice {

KeepingVerbs::KeepingVerbs(Verbs& verbs) : common_(verbs.common()) {
  CLI::App* audit = verbs.add("audit", "Who ordered what, from where and why: list, verify, export.",
                              "  sluice audit list\n  sluice audit verify --head 12:9f86d0818...\n"
                              "  sluice audit export > audit.ndjson\n",
                              [this] { return audit_command(common_, audit_); });
  audit
      ->add_option("ACTION", audit_.action,
                   "list: show it; verify: find any edit; export: one JSON object a line")
      ->type_name("")
      ->required();
  add_text(audit, "--head", "N:HASH", audit_.head,
           "verify: a head that was kept elsewhere must still be in it");
  CLI::App* prune = verbs.add("prune", "Take runs out of the record that ended long ago.",
                              "  sluice prune --dry-run\n  sluice prune --older-than 720h\n",
                              [this] { return prune_command(common_, prune_); });
  add_duration(prune, "--older-than", prune_.older_than, "Those that ended so long ago [2160h: 90 days]");
  prune->add_flag("--dry-run", prune_.is_dry_run, "Only say which they are");
  add_backup_options(
      *verbs.add("backup", "Copy the store into one file, also while a process sends.",
                 std::string{backup_examples}, [this] { return backup_command(common_, backup_); }),
      backup_);
  add_restore_options(
      *verbs.add("restore", "Put a backup into the store's place; what was unfinished is then in doubt.",
                 std::string{restore_examples}, [this] { return restore_command(common_, backup_); }),
      backup_);
  add_doctor_options(
      *verbs.add("doctor", "Look at store, disk, configuration, keys, endpoints and clock.",
                 std::string{doctor_examples}, [this] { return doctor_command(common_, doctor_); }),
      doctor_);
}

}  // namespace sluice
