// SPDX-License-Identifier: MIT
#include "app/control_server.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <utility>
#include <variant>

#include "app/error_report.hpp"
#include "app/operator_name.hpp"
#include "http_api/api_routes.hpp"
#include "http_api/control_socket.hpp"

namespace sluice {
namespace {

namespace asio = boost::asio;

ApiAnswer refused(const Error& error) { return {http_status_of(error.kind), error_json(error)}; }

}  // namespace

ControlServer::ControlServer(asio::any_io_executor loop, ControlDesk& desk)
    : loop_(std::move(loop)), desk_(desk) {
  for (const uid_t user : {::geteuid(), uid_t{0}}) names_[user] = operator_name_of(user);
}

Result<void> ControlServer::open(const std::string& store_file) {
  Result<ControlSocket> socket = ControlSocket::listen(control_socket_path(store_file));
  if (socket.has_error()) return socket.error();
  Api api{.answer = [this](ApiRequest request) { return answer(std::move(request)); },
          .error_body = error_json};
  server_.emplace(loop_, std::move(*socket), std::move(api));
  return {};
}

void ControlServer::close() {
  if (server_) server_->close();
}

asio::awaitable<ApiAnswer> ControlServer::answer(ApiRequest request) {
  std::variant<ApiCommand, ApiRefusal> command = command_of(request);
  if (const auto* refusal = std::get_if<ApiRefusal>(&command)) {
    co_return ApiAnswer{refusal->status, error_json(refusal->error)};
  }
  const Result<ControlAnswer> done =
      co_await desk_.take(std::get<ApiCommand>(std::move(command)), name_of(request.user));
  if (done.has_error()) co_return refused(done.error());
  co_return ApiAnswer{200, control_json(*done)};
}

std::string ControlServer::name_of(uid_t user) const {
  const auto known = names_.find(user);
  return known == names_.end() ? fmt::format("uid {}", user) : known->second;
}

}  // namespace sluice
