// SPDX-License-Identifier: MIT
// A copy of a database under a name of its own, until it is put in its place. Failures are StoreFailure.
#pragma once

#include <cstdint>
#include <string>

#include "store/sqlite/connection.hpp"

namespace sluice {

/// Removes the copy again unless it was put in its place.
class StoreCopy {
 public:
  /// Copies what `from` reads at one moment, beside `target` and readable by the user alone. It is one whole
  /// file, without a log, that SQLite has checked and the disk has.
  StoreCopy(Connection& from, const std::string& target);
  ~StoreCopy();
  StoreCopy(const StoreCopy&) = delete;
  StoreCopy& operator=(const StoreCopy&) = delete;

  enum class Taken {
    replace,  ///< whoever has the target's name loses it
    refuse,   ///< `refused` if somebody has
  };
  /// Gives it the target's name, durably.
  void put_in_place(Taken taken);

  std::int64_t bytes() const;

 private:
  std::string target_;
  std::string path_;  ///< empty: it is in its place
};

}  // namespace sluice
