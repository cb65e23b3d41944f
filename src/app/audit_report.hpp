// SPDX-License-Identifier: MIT
// The audit as it is shown: lines for people, JSON for programs.
#pragma once

#include <optional>
#include <string>

#include "sluice/store/audit_log.hpp"

namespace sluice {

/// One line: number, time, who from where, what, of what, before → after, why.
std::string audit_row_text(const AuditRow& row);
/// One object and a line end:
/// {"id","at","at_us","actor","origin","action","target","before","after","reason","hash"}
std::string audit_row_json(const AuditRow& row);

std::string audit_verified_text(const AuditHead& head);
/// {"schema_version","rows","head"}
std::string audit_verified_json(const AuditHead& head);

}  // namespace sluice
