// SPDX-License-Identifier: MIT
#include "app/watch_routes.hpp"

#include <memory>
#include <string>
#include <utility>

namespace sluice {
namespace {

namespace asio = boost::asio;
using Ground = std::shared_ptr<const WatchGround>;

/// A store that is slow to answer must not take the other figures away from whoever watches it.
asio::awaitable<ApiAnswer> show_metrics(Ground ground) {
  MetricsReadings readings{.now = ground->clock.utc_now(),
                           .store = {},
                           .process = read_process_figures(),
                           .log_lines_lost = ground->log_lines_lost(),
                           .is_configuration_valid = ground->vitals().is_configuration_valid};
  if (ground->reads != nullptr) {
    auto read = [now = readings.now, out_of_hours = ground->metrics.runs_out_of_hours()](
                    StoreReader& reader) { return reader.figures().read_figures(now, out_of_hours); };
    Result<StoreFigures> figures = co_await ground->reads->call(std::move(read));
    if (figures.has_value()) readings.store = std::move(*figures);
  }
  co_return ApiAnswer{.body = ground->metrics.text(readings),
                      .content_type = std::string{metrics_content_type}};
}

using Judge = HealthReport (*)(const Vitals&, SteadyTime);

asio::awaitable<ApiAnswer> show_health(Ground ground, Judge judge) {
  HealthReport report = judge(ground->vitals(), ground->clock.steady_now());
  co_return ApiAnswer{.status = report.http_status(), .body = std::move(report.json)};
}

Route health_route(std::string pattern, std::string operation, Ground ground, Judge judge) {
  return {.method = "GET",
          .pattern = std::move(pattern),
          .scope = ApiScope::none,
          .operation = std::move(operation),
          .handler = [ground = std::move(ground), judge](ApiRequest) { return show_health(ground, judge); }};
}

}  // namespace

std::vector<Route> watch_routes(WatchGround given) {
  const Ground ground = std::make_shared<const WatchGround>(std::move(given));
  return {{.method = "GET",
           .pattern = "/metrics",
           .scope = ApiScope::read,
           .operation = "showMetrics",
           .handler = [ground](ApiRequest) { return show_metrics(ground); }},
          health_route("/healthz", "showHealth", ground, judge_health),
          health_route("/readyz", "showReadiness", ground, judge_readiness)};
}

}  // namespace sluice
