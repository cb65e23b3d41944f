// SPDX-License-Identifier: MIT
// A disk in memory for SQLite that can die. For every file it knows what a process sees (live), what is
// certainly on the platter (synced), and the writes in between. A killed process leaves what is live; a power
// cut leaves what is synced and any part of the rest, torn at sectors. A sync that fails drops the writes it
// was for, as Linux does, although everybody still sees them.
#pragma once

#include <sqlite3.h>

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "simulation/dice.hpp"

namespace sluice::simulation {

/// What SQLite asks of the disk, as far as it can go wrong.
enum class DiskCall { open, read, write, truncate, sync, write_lock };

enum class DiskVerdict {
  fine,
  die,       ///< the process is killed before the call is carried out
  io_error,  ///< EIO
  full,      ///< ENOSPC
  busy,      ///< somebody else has the lock
};

class Disk {
 public:
  Disk() = default;
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  struct Image {
    std::map<std::string, std::string> files;
  };

  /// Asked before every call of a living process. @param file its name
  std::function<DiskVerdict(DiskCall, const std::string& file)> judge;
  /// Told how long SQLite would have slept.
  std::function<void(std::chrono::microseconds)> slept;
  /// A sync of this file has been asked for. False: pretend, and do nothing (a broken program's setting).
  std::function<bool(const std::string& file)> heeds_sync;

  /// The process that has files open is gone: every handle is dead from now on, in its destructors too.
  void kill();
  /// After kill(): what is left on the platter.
  void lose_power(Dice& dice);

  /// Whether all of the file that a process sees would survive a power cut now.
  bool is_durable(const std::string& name);
  /// What is certainly left after a power cut: nothing that is not synced.
  Image certain_image() const;
  Image live_image() const;
  /// Replaces everything; durable at once.
  void load(const Image& image);
  bool has_content(const std::string& name) const;
  /// The product has removed such a file from the real file system, which these are no part of.
  void forget(const std::string& name) { files_.erase(name); }

  /// Changes whenever the process is killed.
  std::uint64_t epoch() const { return epoch_; }
  /// Calls are carried out without asking `judge`: for those who only check.
  void shield(bool on) { shields_ += on ? 1 : -1; }

 private:
  friend class CrashVfs;

  /// A truncation has no bytes.
  struct Write {
    std::int64_t at = 0;
    std::string bytes;
    bool is_truncation = false;
  };

  struct SharedMemory {
    std::vector<std::unique_ptr<std::array<char, 32768>>> regions;
    std::array<int, SQLITE_SHM_NLOCK> readers{};
    std::array<const void*, SQLITE_SHM_NLOCK> writer{};
    int users = 0;
  };

  struct File {
    std::string name;
    std::string live;
    std::string synced;
    std::vector<Write> unsynced;
    bool may_have_lost = false;  ///< a sync failed: live has what will never be written
    std::shared_ptr<SharedMemory> memory = std::make_shared<SharedMemory>();
    int shared_locks = 0;
    const void* reserved = nullptr;  ///< who has at least a reserved lock
    const void* exclusive = nullptr;
  };
  struct Handle;

  static void apply(std::string& bytes, const Write& write);
  static std::string left_by_power_cut(const File& file, Dice& dice);
  File& file(const std::string& name);
  int ask(DiskCall call, const std::string& name, int io_code);
  int sync(File& file);
  void remove(const std::string& name);

  std::map<std::string, std::shared_ptr<File>> files_;
  std::map<std::string, std::shared_ptr<File>> removed_;  ///< whose names may come back with a power cut
  std::uint64_t epoch_ = 1;
  int shields_ = 0;
  int last_errno_ = 0;
};

/// SQLite's default file system while it lives; one per program.
class CrashVfs {
 public:
  CrashVfs();
  ~CrashVfs();
  CrashVfs(const CrashVfs&) = delete;
  CrashVfs& operator=(const CrashVfs&) = delete;

  /// Files are opened on that disk from now on.
  void mount(Disk& disk) { disk_ = &disk; }
  /// What SQLite's random numbers are made from.
  void seed(std::uint64_t seed);

 private:
  struct Methods;

  sqlite3_vfs vfs_{};
  sqlite3_vfs* real_ = nullptr;
  Disk* disk_ = nullptr;
  Dice dice_{0};
};

/// For as long as it lives, who reads the disk is not harmed.
class Shield {
 public:
  explicit Shield(Disk& disk) : disk_(disk) { disk_.shield(true); }
  ~Shield() { disk_.shield(false); }
  Shield(const Shield&) = delete;
  Shield& operator=(const Shield&) = delete;

 private:
  Disk& disk_;
};

}  // namespace sluice::simulation
