// SPDX-License-Identifier: MIT
// One seed from its first process to its last: an operator who starts, stops and decides, a machine that
// fails, and at the end a quiet time in which everything must come to an end.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "simulation/cloud.hpp"
#include "simulation/crash_vfs.hpp"
#include "simulation/ledger.hpp"
#include "simulation/process.hpp"
#include "simulation/record_view.hpp"
#include "simulation/scenario.hpp"
#include "simulation/world.hpp"

namespace sluice::simulation {

/// Where a store lies: its real folder, which has the lock and the generation file, and a store as it is
/// right after it was made, from which most seeds begin.
class Place {
 public:
  Place(CrashVfs& vfs, std::string folder);
  ~Place();
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  /// A store that nobody ever used, or none at all.
  void lay_out(Disk& disk, bool is_empty) const;
  /// SQLite's files are in memory; the product looks whether there is a real one.
  void show_whether_there(const Disk& disk) const;

  std::string generation() const;  ///< empty: no file
  void put_generation(const std::string& text) const;
  void remove_generation() const;

  const std::string& database() const { return database_; }
  CrashVfs& vfs() const { return vfs_; }

 private:
  CrashVfs& vfs_;
  std::string folder_;
  std::string database_;
  Disk::Image made_;
  std::string made_generation_;
};

struct SeedResult {
  std::optional<Violation> violation;
  std::uint64_t hash = 0;
};

class Simulation {
 public:
  Simulation(Place& place, const Scenario& scenario, bool is_traced, Totals& totals);
  ~Simulation();
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  SeedResult run();

 private:
  enum class Purpose { to_send, to_decide };

  void go();
  void live_dangerously();
  void end_well();

  void one_life(Purpose purpose, Nanos until);
  bool begin_life(Purpose purpose);
  void live_until(Nanos until);
  void end_life();
  void bury();
  void open_beside();
  void decide_doubts();
  bool say_yes_to_all();

  void visit_often(Fault fault, std::uint64_t life, std::function<void()> visit);
  void begin_visits();
  void freeze(Nanos time, bool is_suspend);
  void jump_wall_clock();
  void wait(Nanos time);
  void put_older_copy_back();
  Nanos down_time();
  bool is_over();
  bool is_all_finished();
  std::string job_text(int run) const;

  Surroundings around();
  bool is_well() const { return !world_.violation(); }

  Place& place_;
  const Scenario& scenario_;
  Totals& totals_;
  World world_;
  Machine machine_;
  Disk disk_;
  RecordView record_;
  Dice operator_dice_;
  Dice machine_dice_;
  Dice network_dice_;
  Dice process_dice_;
  Cloud cloud_;
  Ledger ledger_;
  bool is_calm_ = false;
  bool is_opening_ = false;

  std::unique_ptr<Process> process_;
  std::uint64_t lives_ = 0;
  int calm_lives_ = 0;
  Nanos frozen_until_{0};
  std::uint64_t handlers_ = 0;
  std::uint64_t visits_ = 0;
  std::string generation_at_death_;
  std::string durable_generation_;
  std::optional<Disk::Image> copy_;
  int opens_since_copy_ = 0;
  bool must_hold_all_ = false;
  bool was_opened_ = false;   ///< the store was made to its end once
  bool is_finished_ = false;  ///< as of the last clean end
  int keys_ = 0;
};

}  // namespace sluice::simulation
