// SPDX-License-Identifier: MIT
// The routes whose answers take their time. Each has a thread of its own and does one thing at once, so that
// none of them holds up the loop, the submits, or each other; who comes meanwhile is told to come again.
//
//   GET  /api/v1/backup                a copy of the store as it is at one moment, application/vnd.sqlite3
//   GET  /api/v1/doctor?tenant=NAME    what `sluice doctor` finds
//   POST /api/v1/jobs:rehearse         a job, as posted_job.hpp reads it: what `sluice rehearse --virtual`
//   shows
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>
#include <vector>

#include "app/background.hpp"
#include "app/options.hpp"
#include "app/posted_job.hpp"
#include "app/settings.hpp"
#include "http_api/router.hpp"
#include "sluice/store/async_store.hpp"

namespace sluice {

class SlowRoutes {
 public:
  struct Ground {
    boost::asio::any_io_executor loop;
    AsyncStore& store;
    std::string store_file;
    CommonOptions common;  ///< of the command that serves, for the doctor
    Environment environment;
    FindDeviceList find_list;
  };

  explicit SlowRoutes(Ground ground);

  /// Copies of the store that a process which died has left. Blocking; for the start.
  void remove_left_copies() const;

  /// This must outlive them, and their streams.
  std::vector<Route> routes();

 private:
  /// Does one thing at once.
  struct Desk {
    Background thread;
    bool is_taken = false;
  };
  class Turn;
  class CopyStream;

  boost::asio::awaitable<ApiAnswer> back_up(ApiRequest request);
  boost::asio::awaitable<ApiAnswer> examine_here(ApiRequest request);
  boost::asio::awaitable<ApiAnswer> rehearse(ApiRequest request);
  std::string copies_folder() const;

  Ground ground_;
  Desk backups_;
  Desk examinations_;
  Desk rehearsals_;
};

}  // namespace sluice
