// SPDX-License-Identifier: MIT
#include "app/control_server.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "app/api_doors.hpp"
#include "app/operator_name.hpp"
#include "http_api/api_routes.hpp"
#include "http_api/control_socket.hpp"
#include "http_api/openapi.hpp"

namespace sluice {
namespace asio = boost::asio;

ControlServer::ControlServer(asio::any_io_executor loop, Clock& clock, ControlDesk& desk)
    : loop_(std::move(loop)), clock_(clock), desk_(desk) {
  for (const uid_t user : {::geteuid(), uid_t{0}}) names_[user] = operator_name_of(user);
}

Result<void> ControlServer::open(const std::string& store_file, ServedBesides besides) {
  Result<ControlSocket> socket = ControlSocket::listen(control_socket_path(store_file));
  if (socket.has_error()) return socket.error();
  std::vector<Route> routes = command_routes([this](ApiCommand command, ApiClient client) {
    return carry_out(std::move(command), std::move(client));
  });
  routes.push_back(openapi_route());
  std::move(besides.routes.begin(), besides.routes.end(), std::back_inserter(routes));
  server_.emplace(loop_, clock_, Router{std::move(routes)},
                  ApiSurroundings{.name_of = [this](uid_t user) { return name_of(user); },
                                  .tell = std::move(besides.tell),
                                  .uploads_folder = std::move(besides.uploads_folder)},
                  besides.limits);
  server_->listen(*std::move(socket));
  return {};
}

Result<void> ControlServer::open_doors(const ApiConfig& config) { return open_api_doors(*server_, config); }

void ControlServer::replace_access(ApiAccess access) {
  if (server_) server_->replace_access(std::move(access));
}

void ControlServer::close() {
  if (server_) server_->close();
}

asio::awaitable<ApiAnswer> ControlServer::carry_out(ApiCommand command, ApiClient client) {
  const Result<ControlAnswer> done =
      co_await desk_.take(std::move(command), std::move(client.name), std::move(client.origin));
  if (done.has_error()) co_return refused(done.error());
  co_return ApiAnswer{.body = control_json(*done)};
}

std::string ControlServer::name_of(uid_t user) const {
  const auto known = names_.find(user);
  return known == names_.end() ? fmt::format("uid {}", user) : known->second;
}

}  // namespace sluice
