// SPDX-License-Identifier: MIT
#include "app/session_ground.hpp"

#include <boost/asio/thread_pool.hpp>
#include <utility>

#include "sluice/transport/https.hpp"

namespace sluice {
namespace asio = boost::asio;

SessionGround machine_ground() {
  const auto loop = std::make_shared<asio::io_context>(1);
  const auto database = std::make_shared<asio::thread_pool>(1);
  return {.loop = loop,
          .database = database->get_executor(),
          .clock = open_system_clock(loop->get_executor()),
          .randomness = open_system_randomness(),
          .open_transport =
              [loop](const TenantSetup& setup) {
                return open_https_transport(loop->get_executor(), setup.endpoint, setup.https);
              },
          .open_checks =
              [loop](const TenantSetup& setup, TellOfCheck tell) {
                return outside_checks(loop->get_executor(), setup.https.ca_file, std::move(tell));
              },
          .run_loop =
              [loop, database] {
                loop->run();
                // The database thread must not touch a call whose coroutine is gone.
                database->join();
              }};
}

}  // namespace sluice
