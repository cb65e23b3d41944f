// SPDX-License-Identifier: MIT
// Who owns the store: a lock on the file PATH.lock, held by the kernel and gone with the process. No clock
// takes part. The file names the owner for people; only the lock counts.
#pragma once

#include <string>

namespace sluice {

class OwnerLock {
 public:
  /// Takes the lock. Throws a StoreFailure: `refused`, naming the owner, if another process has it.
  /// @param store_path without symbolic links, so that two names of one store meet at one lock
  explicit OwnerLock(const std::string& store_path);
  ~OwnerLock();
  OwnerLock(const OwnerLock&) = delete;
  OwnerLock& operator=(const OwnerLock&) = delete;

  /// Whether the lock file is still the one that was locked: who removes it lets a second owner in.
  bool is_in_place() const;

  /// Whether some process holds the lock. Asks the kernel without taking it, so it never gets in an owner's
  /// way.
  static bool is_held(const std::string& store_path);

 private:
  std::string path_;
  int descriptor_ = -1;
};

}  // namespace sluice
