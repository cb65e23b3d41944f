// SPDX-License-Identifier: MIT
// POST /api/v1/jobs:validate and /api/v1/jobs:plan: what `validate` and `plan` say of a job, sending nothing.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <vector>

#include "app/config.hpp"
#include "app/posted_job.hpp"
#include "app/settings.hpp"
#include "http_api/router.hpp"

namespace sluice {

struct PreviewGround {
  /// Where jobs are looked through: a thread that is not the loop. A long list takes its time.
  boost::asio::any_io_executor thread;
  std::function<Config()> config;  ///< the one in force; asked on the loop
  Environment environment;
  FindDeviceList find_list;
};

std::vector<Route> preview_routes(PreviewGround ground);

}  // namespace sluice
