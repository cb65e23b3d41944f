// SPDX-License-Identifier: MIT
// Seam: who did what, in a chain that shows every edit.
#pragma once

namespace sluice {

/// Reads and verifies the audit.
class AuditReader {
 public:
  virtual ~AuditReader() = default;
};

/// Appends to the audit.
class AuditLog {
 public:
  virtual ~AuditLog() = default;
};

}  // namespace sluice
