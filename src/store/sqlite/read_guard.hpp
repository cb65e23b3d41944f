// SPDX-License-Identifier: MIT
// What a reading connection is held to, whatever statement it is given: it selects and nothing else, within
// limits far below SQLite's own, and no longer than it has time.
#pragma once

#include <chrono>
#include <optional>

#include "store/sqlite/connection.hpp"

namespace sluice {

class ReadGuard {
 public:
  /// From now on. The connection must outlive it.
  explicit ReadGuard(Connection& connection);
  ~ReadGuard();
  ReadGuard(const ReadGuard&) = delete;
  ReadGuard& operator=(const ReadGuard&) = delete;

  /// What is read later than so much from now fails, until give_time() or take_all_time().
  void give_time(std::chrono::milliseconds time);
  void take_all_time() { deadline_.reset(); }

 private:
  bool is_over() const;

  Connection& connection_;
  std::optional<std::chrono::steady_clock::time_point> deadline_;
};

}  // namespace sluice
