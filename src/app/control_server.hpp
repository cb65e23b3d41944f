// SPDX-License-Identifier: MIT
// Where the process that sends takes commands from other processes: the control API, served beside the store,
// with the desk behind it.
#pragma once

#include <sys/types.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/api_config.hpp"
#include "app/control_desk.hpp"
#include "http_api/api_server.hpp"
#include "http_api/router.hpp"
#include "sluice/clock/clock.hpp"
#include "sluice/core/result.hpp"

namespace sluice {

/// What a daemon's server does beyond taking commands.
struct ServedBesides {
  std::vector<Route> routes;
  std::function<void(const ApiIncident&)> tell;  ///< of failed logins and trouble of our own
  std::string uploads_folder;                    ///< empty: no uploads are taken
  ApiLimits limits;
};

class ControlServer {
 public:
  /// Everything passed by reference must outlive it.
  ControlServer(boost::asio::any_io_executor loop, Clock& clock, ControlDesk& desk);

  /// Serves from then on. Fails if there can be no socket beside the store: the runs are sent all the same.
  Result<void> open(const std::string& store_file, ServedBesides besides = {});
  /// Over TCP as well, where the configuration says. After open(). Fails: as open_api_doors() does.
  Result<void> open_doors(const ApiConfig& config);
  /// Tokens and certificates anew, when the configuration is read again.
  void replace_access(ApiAccess access);
  void close();

 private:
  boost::asio::awaitable<ApiAnswer> carry_out(ApiCommand command, ApiClient client);
  std::string name_of(uid_t user) const;

  boost::asio::any_io_executor loop_;
  Clock& clock_;
  ControlDesk& desk_;
  /// Asked for in advance: the system's directory of users may be slow, and the loop has sends to make.
  std::map<uid_t, std::string> names_;
  std::optional<ApiServer> server_;
};

}  // namespace sluice
