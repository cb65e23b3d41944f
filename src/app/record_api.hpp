// SPDX-License-Identifier: MIT
// All of the API that only looks, ready to be served: the reading connection, its thread, a second thread for
// jobs that are looked through, and the routes.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/config.hpp"
#include "app/posted_job.hpp"
#include "app/settings.hpp"
#include "http_api/router.hpp"
#include "sluice/clock/clock.hpp"
#include "sluice/core/result.hpp"
#include "sluice/store/read_side.hpp"

namespace sluice {

class RecordApi {
 public:
  /// How long reading for one answer, or one piece of it, may take.
  static constexpr std::chrono::milliseconds call_time_max{1000};

  struct Ground {
    boost::asio::any_io_executor loop;
    Clock& clock;                    ///< outlives the routes
    std::function<Config()> config;  ///< the one in force; asked on the loop
    Environment environment;
    FindDeviceList find_list;
  };

  /// Fails as open_bounded_reader() does.
  static Result<std::unique_ptr<RecordApi>> open(const std::string& store_file, Ground ground);
  /// Waits for what is being read. Nothing of the loop's may wait for a route of this any more.
  ~RecordApi();
  RecordApi(const RecordApi&) = delete;
  RecordApi& operator=(const RecordApi&) = delete;

  /// It must outlive them.
  std::vector<Route> routes();
  /// For other routes that only look.
  ReadSide& reads() { return reads_; }

 private:
  RecordApi(std::unique_ptr<BoundedReader> reader, Ground ground);

  Ground ground_;
  std::unique_ptr<BoundedReader> reader_;
  boost::asio::thread_pool reading_{1};
  boost::asio::thread_pool previewing_{1};
  ReadSide reads_;
};

}  // namespace sluice
