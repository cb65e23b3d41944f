// SPDX-License-Identifier: MIT
#include "store/audit_chain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "store/sha256.hpp"

namespace sluice {

std::string audit_hash(std::string_view hash_before, std::int64_t id, const AuditEntry& entry) {
  std::string canonical;
  const auto add = [&canonical](std::string_view part) {
    fmt::format_to(std::back_inserter(canonical), "{}:{}", part.size(), part);
  };
  add(hash_before);
  add(std::to_string(id));
  add(std::to_string(to_microseconds(entry.at)));
  for (const std::string* part : {&entry.actor, &entry.origin, &entry.action, &entry.target, &entry.before,
                                  &entry.after, &entry.reason}) {
    add(*part);
  }
  return sha256_hex(canonical);
}

bool AuditCheck::take(const AuditRow& row) {
  if (row.id <= head_.id) {
    fault_ = fmt::format("row {} was put before the first one", row.id);
  } else if (row.id != head_.id + 1) {
    fault_ = fmt::format("row {} is missing: row {} comes after row {}", head_.id + 1, row.id, head_.id);
  } else if (row.hash != audit_hash(head_.hash, row.id, row.entry)) {
    fault_ = fmt::format("row {} is not what was written, or it stood elsewhere", row.id);
  } else {
    head_ = {row.id, row.hash};
    if (kept_ && kept_->id == row.id && kept_->hash != row.hash) {
      fault_ = fmt::format("row {} is another than when its head was kept", row.id);
    }
  }
  return !fault_.has_value();
}

std::optional<std::string> AuditCheck::fault() const {
  if (fault_) return fault_;
  if (kept_ && kept_->id > head_.id) {
    return fmt::format("the end is missing: there were {} rows when the head was kept, and there are {}",
                       kept_->id, head_.id);
  }
  return std::nullopt;
}

std::string to_string(const AuditHead& head) { return fmt::format("{}:{}", head.id, head.hash); }

std::optional<AuditHead> audit_head_from(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == text.npos || text.size() != colon + 1 + 64) return std::nullopt;
  AuditHead head{.id = -1, .hash = std::string{text.substr(colon + 1)}};
  const auto [end, error] = std::from_chars(text.data(), text.data() + colon, head.id);
  const bool is_hex = head.hash.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (error != std::errc{} || end != text.data() + colon || head.id < 0 || !is_hex) return std::nullopt;
  return head;
}

}  // namespace sluice
