// SPDX-License-Identifier: MIT
// The loop around a transport under test.
#include "support/transport_client.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "transport/https/https_transport.hpp"

namespace sluice::tests {

using namespace std::chrono_literals;

HttpsOptions patient_options() {
  HttpsOptions options;
  options.connect_timeout = 60s;
  options.tls_timeout = 60s;
  options.exchange_timeout = 60s;
  return options;
}

TransportClient::TransportClient(const std::string& endpoint, const HttpsOptions& options,
                                 HostLookup lookup) {
  gate = [this]() -> boost::asio::awaitable<bool> {
    ++gates_opened;
    co_return true;
  };
  const auto parsed = parse_endpoint(endpoint);
  if (!parsed) throw std::runtime_error(parsed.error().message);
  auto opened = open_https_transport(context.get_executor(), *parsed, options, std::move(lookup));
  if (!opened) throw std::runtime_error(opened.error().message);
  transport = std::move(*opened);
}

std::vector<Reply> TransportClient::send_all(const HttpRequest& request, std::size_t times) {
  std::vector<Reply> replies;
  for (std::size_t i = 0; i < times; ++i) {
    boost::asio::co_spawn(context, transport->send(request, gate, ConnectionChoice::any),
                          [&](std::exception_ptr thrown, Reply reply) {
                            if (thrown) std::rethrow_exception(thrown);
                            replies.push_back(std::move(reply));
                          });
  }
  context.restart();
  context.run();
  return replies;
}

Reply TransportClient::send(const HttpRequest& request, ConnectionChoice connection) {
  std::optional<Reply> reply;
  start(request, reply, connection);
  context.restart();
  context.run();
  return reply.value();
}

void TransportClient::start(const HttpRequest& request, std::optional<Reply>& reply,
                            ConnectionChoice connection) {
  boost::asio::co_spawn(context, transport->send(request, gate, connection),
                        [&reply](std::exception_ptr thrown, Reply came) {
                          if (thrown) std::rethrow_exception(thrown);
                          reply = std::move(came);
                        });
}

bool TransportClient::run_until(const std::function<bool()>& condition) {
  const auto give_up_at = std::chrono::steady_clock::now() + 60s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > give_up_at) return false;
    context.run_one_for(1ms);
  }
  return true;
}

HttpRequest post(std::string body) {
  return HttpRequest{.method = "POST",
                     .target = "/",
                     .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                     .body = std::move(body)};
}

HttpResponse answer_of(const Reply& reply) {
  if (const auto* failure = std::get_if<TransportFailure>(&reply)) FAIL(failure->message);
  return std::get<HttpResponse>(reply);
}

TransportFailure failure_of(const Reply& reply) {
  if (const auto* answer = std::get_if<HttpResponse>(&reply)) FAIL("an answer came: ", answer->status);
  return std::get<TransportFailure>(reply);
}

}  // namespace sluice::tests
