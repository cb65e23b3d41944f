// SPDX-License-Identifier: MIT
#include "app/keyed_routes.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <utility>

#include "app/daemon.hpp"
#include "app/submitted_report.hpp"
#include "http_api/idempotency.hpp"

namespace sluice {
namespace {

namespace asio = boost::asio;

asio::awaitable<ApiAnswer> answer_for_run(Daemon& daemon, RunId run) {
  auto read = [run](Store& store) { return store.run(run); };
  const Result<std::optional<RunRecord>> record = co_await daemon.store().call(std::move(read));
  if (record.has_error()) co_return refused(record.error());
  if (!*record) {
    co_return refused(Error{ErrorKind::not_found,
                            fmt::format("this made run {}, which was taken out of the store", run.value),
                            ""});
  }
  co_return ApiAnswer{.status = 202,
                      .body = made_run_json(**record),
                      .headers = {{"Location", fmt::format("/api/v1/runs/{}", run.value)}}};
}

}  // namespace

std::vector<Route> with_keys(std::vector<Route> routes, Daemon& daemon, Clock& clock) {
  const auto ground = std::make_shared<const KeyGround>(
      KeyGround{.store = daemon.store(),
                .utc_now = [&clock] { return clock.utc_now(); },
                .is_ending = [&daemon] { return daemon.is_ending(); },
                .answer_for_run = [&daemon](RunId run) { return answer_for_run(daemon, run); }});
  for (Route& route : routes) route = with_key(std::move(route), ground);
  return routes;
}

}  // namespace sluice
