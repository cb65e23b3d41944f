// SPDX-License-Identifier: MIT
// Where the process that sends takes commands from other processes: the control API, served beside the store,
// with the desk behind it.
#pragma once

#include <sys/types.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/control_desk.hpp"
#include "http_api/api_server.hpp"
#include "sluice/core/result.hpp"

namespace sluice {

class ControlServer {
 public:
  /// Everything passed by reference must outlive it.
  ControlServer(boost::asio::any_io_executor loop, ControlDesk& desk);

  /// Serves from then on. Fails if there can be no socket beside the store: the runs are sent all the same.
  /// @param more routes beside those of the desk's commands
  Result<void> open(const std::string& store_file, std::vector<Route> more = {});
  void close();

 private:
  boost::asio::awaitable<ApiAnswer> carry_out(ApiCommand command, ApiClient client);
  std::string name_of(uid_t user) const;

  boost::asio::any_io_executor loop_;
  ControlDesk& desk_;
  /// Asked for in advance: the system's directory of users may be slow, and the loop has sends to make.
  std::map<uid_t, std::string> names_;
  std::optional<ApiServer> server_;
};

}  // namespace sluice
