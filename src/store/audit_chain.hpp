// SPDX-License-Identifier: MIT
// The audit's chain as pure functions: the hash of a row, and whether rows are the chain that they claim to
// be.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/store/audit_log.hpp"

namespace sluice {

/// What stands before the first row.
inline constexpr std::string_view audit_origin_hash =
    "0000000000000000000000000000000000000000000000000000000000000000";

/// Behind it stands every row, also one with a number that no row is ever given.
inline constexpr std::int64_t before_every_row = std::numeric_limits<std::int64_t>::min();

/// SHA-256 of the hash before and of all of the row, each part with its length before it, so that no text can
/// pass from one column into the next.
std::string audit_hash(std::string_view hash_before, std::int64_t id, const AuditEntry& entry);

/// Takes the rows one by one, from the first one.
class AuditCheck {
 public:
  /// @param kept a head that the chain must still hold; absent: nobody kept one
  explicit AuditCheck(std::optional<AuditHead> kept) : kept_(std::move(kept)) {}

  /// @return false: what is wrong is known, and no further row can change it
  bool take(const AuditRow& row);

  /// After the last row: what is wrong, as a sentence; absent: nothing.
  std::optional<std::string> fault() const;
  const AuditHead& head() const { return head_; }

 private:
  std::optional<AuditHead> kept_;
  AuditHead head_{.id = 0, .hash = std::string{audit_origin_hash}};
  std::optional<std::string> fault_;
};

/// "12:9f86d0…": as `audit verify` shows a head and takes it back.
std::string to_string(const AuditHead& head);
std::optional<AuditHead> audit_head_from(std::string_view text);

}  // namespace sluice
