// SPDX-License-Identifier: MIT
// The verbs that keep the record: audit, prune, backup, restore, doctor.
#pragma once

#include "app/backup_options.hpp"
#include "app/doctor_line.hpp"
#include "app/keeping_commands.hpp"
#include "app/options.hpp"
#include "app/verbs.hpp"

namespace sluice {

class KeepingVerbs {
 public:
  /// Adds them; what was given is kept here, so this outlives the parsing and the verb.
  explicit KeepingVerbs(Verbs& verbs);
  KeepingVerbs(const KeepingVerbs&) = delete;
  KeepingVerbs& operator=(const KeepingVerbs&) = delete;

 private:
  CommonOptions& common_;
  AuditOptionsGiven audit_;
  PruneOptionsGiven prune_;
  BackupOptionsGiven backup_;
  DoctorOptionsGiven doctor_;
};

}  // namespace sluice
