// SPDX-License-Identifier: MIT
#include "app/endpoint_probe.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <memory>
#include <utility>

#include "app/system_now.hpp"
#include "sluice/core/time.hpp"
#include "sluice/dialect/server_clock.hpp"
#include "sluice/transport/https.hpp"

namespace sluice {
namespace {

namespace asio = boost::asio;

/// The transport is closed by whoever opened it, after this has ended.
asio::awaitable<ProbeAnswer> probe(Transport& transport, std::string target) {
  const HttpRequest request{.method = "HEAD", .target = std::move(target)};
  UtcTime sent_at;
  const WireGate gate = [&sent_at]() -> asio::awaitable<bool> {
    sent_at = system_now();
    co_return true;
  };
  ProbeAnswer answer;
  answer.reply = co_await transport.send(request, gate, ConnectionChoice::fresh);
  const UtcTime received_at = system_now();
  if (const auto* response = std::get_if<HttpResponse>(&answer.reply))
    answer.clock_offset = clock_offset(*response, sent_at, received_at);
  transport.close();
  co_return answer;
}

}  // namespace

std::vector<Result<ProbeAnswer>> probe_endpoints(const std::vector<TenantSetup>& setups) {
  asio::io_context loop{1};
  std::vector<std::unique_ptr<Transport>> transports;
  std::vector<Result<ProbeAnswer>> answers(setups.size(), Result<ProbeAnswer>{ProbeAnswer{}});
  for (std::size_t i = 0; i < setups.size(); ++i) {
    Result<std::unique_ptr<Transport>> transport =
        open_https_transport(loop.get_executor(), setups[i].endpoint, setups[i].https);
    if (transport.has_error()) {
      answers[i] = transport.error();
      continue;
    }
    transports.push_back(std::move(*transport));
    asio::co_spawn(loop, probe(*transports.back(), setups[i].endpoint.target),
                   [&answers, i](const std::exception_ptr& problem, ProbeAnswer answer) {
                     if (problem) std::rethrow_exception(problem);
                     answers[i] = std::move(answer);
                   });
  }
  loop.run();
  return answers;
}

}  // namespace sluice
