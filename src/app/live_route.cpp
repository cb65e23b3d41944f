// SPDX-License-Identifier: MIT
#include "app/live_route.hpp"

#include <limits>
#include <string_view>
#include <utility>

#include "http_api/json_text.hpp"
#include "http_api/json_time.hpp"
#include "http_api/resources/page_answer.hpp"
#include "http_api/resources/query_reader.hpp"

namespace sluice {
namespace {

namespace asio = boost::asio;

void write_sends(JsonText& json, const SendCounts& sends) {
  json.key("sends").begin_object().member("first_second", sends.first_second).key("counts").begin_array();
  for (const std::int64_t count : sends.counts) json.value(count);
  json.end_array().end_object();
}

void write_lane(JsonText& json, const LiveLane& lane, const LiveTenant& sending, const SendCounts& sends) {
  json.begin_object().member("tenant", lane.tenant).member("rate_limit", lane.rate_limit);
  json.member("rate_in_force", sending.rate_in_force).member("others_rate", sending.others_rate);
  json.member("in_flight", static_cast<std::int64_t>(sending.in_flight.size()));
  json.member("endpoint_reachable", sending.is_endpoint_reachable);
  json.member("retries_held", sending.are_retries_held).member("store_held", sending.is_store_held);
  json.key("serving_runs").begin_array();
  for (const RunId run : lane.serving) json.value(run.value);
  json.end_array().member("stuck", lane.trouble);
  write_sends(json, sends);
  json.end_object();
}

asio::awaitable<ApiAnswer> show_live(Clock& clock, LiveReadings readings, ApiRequest request) {
  QueryReader query{request};
  const auto since = query.number("since", 0, std::numeric_limits<std::int64_t>::max());
  if (query.problem()) co_return refused(*query.problem());
  co_return json_answer(live_json(readings, clock.utc_now(), clock.steady_now(), since));
}

}  // namespace

std::string live_json(const LiveReadings& readings, UtcTime now, SteadyTime steady,
                      std::optional<std::int64_t> since) {
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version);
  write_time(json, "at", now);
  json.member("version", SLUICE_VERSION);
  write_time(json, "started_at", readings.started_at);
  json.member("unconfirmed_stop", readings.has_unconfirmed_stop);
  json.member("configuration_valid", readings.vitals.is_configuration_valid);
  json.member("draining", readings.vitals.is_draining).key("problems").begin_array();
  for (const std::string_view problem : problems_of(readings.vitals, steady)) json.value(problem);
  json.end_array().key("tenants").begin_array();
  for (const LiveLane& lane : readings.lanes) {
    // Nobody serves it yet: it is held to its limit, and nothing of it was sent.
    const LiveTenant idle{.rate_in_force = lane.rate_limit, .in_flight = {}, .sends = SendHistory{now}};
    const LiveTenant& sending = lane.sending != nullptr ? *lane.sending : idle;
    write_lane(json, lane, sending, sending.sends.counts(now, since));
  }
  return json.end_array().end_object().end_document().take();
}

Route live_route(Clock& clock, std::function<LiveReadings()> read) {
  return {.method = "GET",
          .pattern = "/api/v1/live",
          .scope = ApiScope::read,
          .operation = "showLive",
          .handler = [&clock, read = std::move(read)](
                         ApiRequest request) { return show_live(clock, read(), std::move(request)); },
          .query = {"since"}};
}

}  // namespace sluice
