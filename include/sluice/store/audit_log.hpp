// SPDX-License-Identifier: MIT
// Seam: who did what, from where and why, in a chain that shows every edit: each row's hash covers the row
// and the hash before it. The chain has no secret. Whoever can write the file can also write a whole new
// chain, and what was cut off its end leaves no trace inside; against both helps a head that was kept
// elsewhere.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "sluice/core/result.hpp"
#include "sluice/core/time.hpp"

namespace sluice {

struct AuditEntry {
  UtcTime at;
  std::string actor;        ///< the operating system's user, a token's name, or "policy"; never empty
  std::string origin;       ///< "cli", "unix", "daemon", or the address of a TCP peer
  std::string action;       ///< in the past tense: "run_paused"; never empty
  std::string target = {};  ///< "run 7", "tenant prod"
  std::string before = {};
  std::string after = {};
  std::string reason = {};  ///< untrusted text

  bool operator==(const AuditEntry&) const = default;
};

struct AuditRow {
  std::int64_t id = 0;  ///< 1, 2, 3 … without a gap
  AuditEntry entry;
  std::string hash;  ///< 64 hexadecimal digits

  bool operator==(const AuditRow&) const = default;
};

/// Where a chain ended when somebody looked.
struct AuditHead {
  std::int64_t id = 0;  ///< 0: there was no row
  std::string hash;

  bool operator==(const AuditHead&) const = default;
};

/// Return false to stop.
using AuditVisitor = std::function<bool(const AuditRow&)>;

/// Reads the audit.
class AuditReader {
 public:
  virtual ~AuditReader() = default;

  /// Every row after that one, the oldest first.
  virtual Result<void> for_each_audit_row(std::int64_t after, const AuditVisitor& visit) = 0;
};

/// From where an order comes.
struct OrderSource {
  std::string place;         ///< as AuditEntry::origin
  std::int64_t request = 0;  ///< its number in keyed_requests.hpp; 0: it came without a key
};

/// Appends to the audit. What a person says to the store is appended by the store itself, in the transaction
/// that does it; append() is for what happens elsewhere: a login that failed, a configuration that was read
/// again.
class AuditLog {
 public:
  virtual ~AuditLog() = default;

  virtual Result<void> append(const AuditEntry& entry) = 0;
  /// From where the orders come that the store is given from now on. Until it is said: "cli", without a key.
  /// @return what it was before
  virtual OrderSource set_source(OrderSource source) = 0;
};

/// As long as it lives, orders come from there.
class OrderOrigin {
 public:
  OrderOrigin(AuditLog& log, OrderSource source) : log_(log), before_(log.set_source(std::move(source))) {}
  OrderOrigin(const OrderOrigin&) = delete;
  OrderOrigin& operator=(const OrderOrigin&) = delete;
  ~OrderOrigin() { log_.set_source(std::move(before_)); }

 private:
  AuditLog& log_;
  OrderSource before_;
};

}  // namespace sluice
