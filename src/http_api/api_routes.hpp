// SPDX-License-Identifier: MIT
// The operator's commands as requests to the API, both ways. Pure: text in, a value or an error out.
//
//   POST /api/v1/runs/{id}:pause|:resume|:cancel   {"reason": TEXT}
//   POST /api/v1/runs/{id}:approve                 {"stage": NAME, "past_gate": true}
//   POST /api/v1/stop                              {"reason": TEXT}
//   POST /api/v1/tenants/{name}:rate               {"rate": 4, "for": "1h"}
//
// Every member but those of the rate may be missing, and so may the whole body.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "http_api/api_message.hpp"
#include "http_api/router.hpp"
#include "sluice/core/control_rules.hpp"
#include "sluice/core/ids.hpp"

namespace sluice {

struct ControlRunCommand {
  ControlVerb verb = ControlVerb::pause;
  RunId run;
  std::string reason;

  bool operator==(const ControlRunCommand&) const = default;
};

struct StopCommand {
  std::string reason;

  bool operator==(const StopCommand&) const = default;
};

struct ApproveCommand {
  RunId run;
  std::string stage;          ///< empty: the next one
  bool is_past_gate = false;  ///< whatever the gate before it says

  bool operator==(const ApproveCommand&) const = default;
};

struct SetRateCommand {
  std::string tenant;
  double rate = 0;  ///< requests per second
  std::chrono::milliseconds valid_for{0};

  bool operator==(const SetRateCommand&) const = default;
};

using ApiCommand = std::variant<ControlRunCommand, StopCommand, ApproveCommand, SetRateCommand>;

/// The rows of the commands. A request that is none of them is refused; each other one is a command.
std::vector<Route> command_routes(
    std::function<boost::asio::awaitable<ApiAnswer>(ApiCommand, ApiClient)> carry_out);

/// The request that stands for a command, without who asks: its route makes the command of it again.
ApiRequest request_for(const ApiCommand& command);

}  // namespace sluice
