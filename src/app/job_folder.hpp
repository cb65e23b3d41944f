// SPDX-License-Identifier: MIT
// The daemon's folder of job files: looked at when it changes, once a minute, and when the configuration is
// read anew. A file with a schedule block is that schedule; any other is submitted once for each content,
// whatever its name. Lives on the loop.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/folder_reading.hpp"
#include "app/folder_watch.hpp"
#include "sluice/clock/clock.hpp"
#include "sluice/store/job_files.hpp"
#include "sluice/store/schedule_book.hpp"

namespace sluice {

class Background;
class Daemon;

class JobFolder {
 public:
  /// Everything passed by reference outlives it. @param schedules_changed called on the loop
  JobFolder(boost::asio::any_io_executor loop, Daemon& daemon, Background& reading, Clock& clock,
            Environment environment, std::function<void()> schedules_changed);

  /// Until stop().
  boost::asio::awaitable<void> run();
  /// Soon.
  void look();
  void stop();

 private:
  /// The record's side: the files it knows, and the schedules that came of some.
  struct Known {
    std::vector<JobFileRecord> files;
    std::vector<ScheduleRecord> schedules;

    const JobFileRecord* file(const std::string& name) const;
    const ScheduleRecord* schedule_of(const std::string& name) const;
  };

  static Result<Known> known_in(Store& store);
  static Result<Known> move_schedules(Store& store, const std::vector<FolderFile>& files, UtcTime now);

  void watch_configured();
  boost::asio::awaitable<void> look_at_all();
  boost::asio::awaitable<void> look_at(const FolderFile& file, const Known& known);
  boost::asio::awaitable<void> look_at_missing(const std::vector<FolderFile>& there, const Known& known);
  /// What was sent before is good, and that is all.
  boost::asio::awaitable<Result<void>> accept(const SentContent& sent, JobFileRecord& record);
  boost::asio::awaitable<Result<void>> submit(const FolderFile& file, const JobFileRecord& record);
  boost::asio::awaitable<Result<void>> install(const FolderFile& file, const ScheduleRecord* installed,
                                               JobFileRecord& record);
  boost::asio::awaitable<void> retire(const ScheduleRecord& schedule);
  boost::asio::awaitable<void> refuse(const JobFileRecord* before, const JobFileRecord& record,
                                      const std::string& error);
  boost::asio::awaitable<Result<void>> note(const JobFileRecord& record);

  Daemon& daemon_;
  Background& reading_;
  Clock& clock_;
  const Environment environment_;
  const std::function<void()> schedules_changed_;
  const std::unique_ptr<Alarm> alarm_;
  FolderWatch watch_;
  std::string folder_;             ///< that is watched; empty: none
  std::string told_error_;         ///< of the folder as such
  bool is_being_written_ = false;  ///< one of the files was, a moment ago
  int times_put_off_ = 0;          ///< to look at what is gone, one after the other
  bool is_stopping_ = false;
};

}  // namespace sluice
