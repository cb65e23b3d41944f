// SPDX-License-Identifier: MIT
// Keeps openapi/record.json true: an operation for each route that looks at the record, with its keys, and
// every answer as its schema says.
#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>
#include <vector>

#include "app/api_scene.hpp"
#include "app/preview_routes.hpp"
#include "sluice/engine/schedule_control.hpp"

using namespace sluice;
using namespace sluice::store_tests;
using sluice::testing::ApiScene;
namespace json = boost::json;

namespace {

const json::value& description() {
  static const json::value document = [] {
    std::ifstream file{SLUICE_SOURCE_DIR "/src/http_api/openapi/record.json"};
    return json::parse(std::string{std::istreambuf_iterator<char>{file}, {}});
  }();
  return document;
}

const json::object& operation_of(const std::string& pattern) {
  return description().at("paths").at(pattern).as_object().begin()->value().as_object();
}

/// What of the answer is not as the operation's schema says; empty: all is.
std::string objection(const std::string& pattern, const std::string& body) {
  json::object schema{{"components", description().at("components")}};
  schema["allOf"] = json::array{
      operation_of(pattern).at("responses").at("200").at("content").at("application/json").at("schema")};
  const json::value document = schema;
  valijson::Schema parsed;
  valijson::SchemaParser parser;
  parser.populateSchema(valijson::adapters::BoostJsonAdapter{document}, parsed);
  const json::value answer = json::parse(body);
  valijson::Validator validator;
  valijson::ValidationResults results;
  if (validator.validate(parsed, valijson::adapters::BoostJsonAdapter{answer}, &results)) return {};
  std::string text = body;
  for (const auto& result : results) {
    for (const std::string& step : result.context) text += step;
    text += ": " + result.description + "\n";
  }
  return text;
}

bool describes_header(const std::string& pattern, const std::string& name) {
  const json::object& answer = operation_of(pattern).at("responses").at("200").as_object();
  return answer.contains("headers") && answer.at("headers").as_object().contains(name);
}

/// A store in which each list has something to show.
void fill(Store& store) {
  const RunId run = expect(store.create_run({.job_name = "job",
                                             .tenant = "prod",
                                             .endpoint = "https://iot.example",
                                             .job_text = "{}",
                                             .rate = 8,
                                             .created_at = noon,
                                             .submitter = "ann",
                                             .predicted = std::chrono::seconds{3},
                                             .stages = {{"canary", 2}, {"rest", 7}}}));
  expect(store.add_chunks(run, {{.devices = 2, .names = names(0, 2)},
                                {.devices = 3, .names = names(2, 3), .stage = 2},
                                {.devices = 2, .names = names(5, 2), .stage = 2},
                                {.devices = 2, .names = names(7, 2), .stage = 2}}));
  expect(store.seal_run(run, 0));
  expect(store.open_stage(run, 1, noon));
  expect(store.settle(accepted(claim_one(store))));
  expect(store.note_stage_settled(run, 1, noon + 1s));
  expect(store.approve({.run = run, .stage = 2, .actor = "bob", .digest = {}, .now = noon + 1s}));
  expect(store.open_stage(run, 2, noon + 2s));
  expect(store.settle(rejected(claim_one(store, noon + 2s), noon + 2s)));
  const auto claimed = claim(store, 2, noon + 3s);
  expect(store.settle(silent(claimed[0], noon + 3s)));
  expect(
      store.settle(settlement(claimed[1], OutcomeKind::silent, {.state = ChunkState::in_doubt}, noon + 3s)));
  const auto later = claim(store, 2, noon + 4s);
  expect(store.settle(
      settlement(later[1], OutcomeKind::answered_unclear, {.state = ChunkState::in_doubt}, noon + 4s)));
  expect(store.resolve_doubt({.run = run,
                              .chunks = {later[1].chunk},
                              .expected_devices = {},
                              .actor = "ann",
                              .reason = "seen on site",
                              .now = noon + 5s}));
  expect(store.set_rate({.tenant = "prod", .rate = 2, .until = noon + 1h, .actor = "ann", .now = noon}));
  submit(store, {1}, "test");
  const InstalledSchedule nightly = expect(add_schedule(store, {.name = "nightly",
                                                                .job_text = sluice::testing::nightly_job,
                                                                .folder = {},
                                                                .actor = "ann",
                                                                .now = noon}));
  expect(trigger_schedule(store, nightly.record.name, "bob", noon + 1s));
}

}  // namespace

TEST_CASE("read_schema: every route is described, with its keys and its scope, and nothing else is") {
  ApiScene scene;
  std::vector<Route> routes = scene.router.routes();
  for (Route& route : preview_routes({.thread = scene.loop.get_executor()}))
    routes.push_back(std::move(route));
  std::set<std::string> routed;
  for (const Route& route : routes) {
    CAPTURE(route.pattern);
    routed.insert(route.pattern);
    const json::object& operation = operation_of(route.pattern);
    CHECK(description()
              .at("paths")
              .at(route.pattern)
              .as_object()
              .contains(route.method == "GET" ? "get" : "post"));
    CHECK(operation.contains("requestBody") == (route.body != ApiBody::none));
    CHECK(operation.at("operationId").as_string() == json::string{route.operation});
    CHECK(operation.at("x-scope").as_string() == json::string{to_string(route.scope)});
    std::set<std::string> described;
    for (const json::value& parameter : operation.at("parameters").as_array()) {
      if (parameter.at("in") == "query") described.emplace(parameter.at("name").as_string());
    }
    CHECK(described == std::set<std::string>{route.query.begin(), route.query.end()});
  }
  for (const auto& [pattern, item] : description().at("paths").as_object()) {
    CHECK_MESSAGE(routed.contains(std::string{pattern}), pattern);
  }
}

TEST_CASE("read_schema: every answer is as its schema says") {
  ApiScene scene;
  fill(*scene.store);
  const std::vector<std::pair<std::string, std::string>> asked{
      {"/api/v1/runs", "/api/v1/runs"},
      {"/api/v1/runs", "/api/v1/runs?limit=1"},
      {"/api/v1/runs/{run}", "/api/v1/runs/1"},
      {"/api/v1/runs/{run}", "/api/v1/runs/2"},
      {"/api/v1/runs/{run}/why", "/api/v1/runs/1/why"},
      {"/api/v1/runs/{run}/stages", "/api/v1/runs/1/stages"},
      {"/api/v1/runs/{run}/pace", "/api/v1/runs/1/pace?account=true"},
      {"/api/v1/runs/{run}/pace", "/api/v1/runs/2/pace"},
      {"/api/v1/runs/{run}/codes", "/api/v1/runs/1/codes"},
      {"/api/v1/runs/{run}/job", "/api/v1/runs/1/job"},
      {"/api/v1/runs/{run}/doubts", "/api/v1/runs/1/doubts"},
      {"/api/v1/runs/{run}/decisions", "/api/v1/runs/1/decisions"},
      {"/api/v1/runs/{run}/chunk-map", "/api/v1/runs/1/chunk-map"},
      {"/api/v1/runs/{run}/chunk-map", "/api/v1/runs/1/chunk-map?detail=true"},
      {"/api/v1/runs/{run}/activity", "/api/v1/runs/1/activity"},
      {"/api/v1/runs/{run}/activity", "/api/v1/runs/2/activity?buckets=600"},
      {"/api/v1/runs/{run}/chunks", "/api/v1/runs/1/chunks"},
      {"/api/v1/runs/{run}/chunks", "/api/v1/runs/1/chunks?state=split"},
      {"/api/v1/chunks/{chunk}/attempts", "/api/v1/chunks/3/attempts"},
      {"/api/v1/chunks/{chunk}/attempts", "/api/v1/chunks/5/attempts"},
      {"/api/v1/runs/{run}/devices", "/api/v1/runs/1/devices"},
      {"/api/v1/devices/{name}", "/api/v1/devices/dev-0"},
      {"/api/v1/tenants", "/api/v1/tenants"},
      {"/api/v1/tenants/{name}", "/api/v1/tenants/prod"},
      {"/api/v1/jobs", "/api/v1/jobs"},
      {"/api/v1/schedules", "/api/v1/schedules"},
      {"/api/v1/schedules/{name}", "/api/v1/schedules/nightly"},
      {"/api/v1/schedules/{name}/ticks", "/api/v1/schedules/nightly/ticks"},
      {"/api/v1/schedules/{name}/next", "/api/v1/schedules/nightly/next?limit=3"},
      {"/api/v1/events", "/api/v1/events"}};

  std::set<std::string> seen;
  for (const auto& [pattern, target] : asked) {
    CAPTURE(target);
    seen.insert(pattern);
    const ApiAnswer answer = scene.get(target);
    REQUIRE(answer.status == 200);
    CHECK(objection(pattern, answer.body) == "");
    for (const auto& [header, value] : answer.headers)
      CHECK_MESSAGE(describes_header(pattern, header), header);
  }
  CHECK(seen.size() == scene.router.routes().size());
  CHECK(scene.json("/api/v1/runs/1/doubts").at("items").as_array().size() == 1);
  CHECK(scene.json("/api/v1/runs/1/decisions").at("decisions").as_array().size() == 1);
}

TEST_CASE("read_schema: an answer with a member too many or too few is not as its schema says") {
  CHECK(objection("/api/v1/runs/{run}/why",
                  R"({"schema_version":1,"run":1,"status":"running","why":"w","next_command":"c"})") == "");
  CHECK(objection("/api/v1/runs/{run}/why", R"({"schema_version":1,"run":1,"status":"running","why":"w"})") !=
        "");
  CHECK(objection("/api/v1/events", R"({"schema_version":1,"items":[{"id":1}],"next":null,"total":null})") !=
        "");
}
