// SPDX-License-Identifier: MIT
// What the API shows of the record: the words and numbers of the reports, page by page and as files.
#include "app/read_routes.hpp"

#include <doctest/doctest.h>

#include <random>

#include "app/api_scene.hpp"
#include "app/device_export.hpp"
#include "app/hostile_texts.hpp"
#include "app/rate_proof.hpp"
#include "app/run_report.hpp"
#include "app/run_sighting.hpp"
#include "jobfile/utf8.hpp"
#include "sluice/engine/schedule_control.hpp"

using namespace sluice;
using namespace sluice::store_tests;
using sluice::testing::ApiScene;
namespace json = boost::json;

namespace {

std::string header(const ApiAnswer& answer, std::string_view name) {
  for (const auto& [key, value] : answer.headers) {
    if (key == name) return value;
  }
  return {};
}

std::vector<std::string> texts(const json::array& items, std::string_view member) {
  std::vector<std::string> found;
  for (const json::value& item : items) found.emplace_back(item.at(member).as_string());
  return found;
}

std::vector<std::int64_t> numbers(const json::array& items, std::string_view member) {
  std::vector<std::int64_t> found;
  for (const json::value& item : items) found.push_back(item.at(member).as_int64());
  return found;
}

/// dev-0 and dev-1 accepted, dev-2 … dev-4 failed, dev-5 waiting.
RunId mixed_run(Store& store) {
  const RunId run = submit(store, {2, 3, 1});
  const auto claimed = claim(store, 2);
  expect(store.settle(accepted(claimed[0])));
  expect(store.settle(
      settlement(claimed[1], OutcomeKind::rejected_devices, {.state = ChunkState::failed}, noon + 1s)));
  return run;
}

}  // namespace

TEST_CASE(
    "read_routes: a list names its next page in the body and in the Link header, and the filter stays") {
  ApiScene scene;
  for (int i = 0; i < 3; ++i) submit(*scene.store, {1}, i == 1 ? "test" : "prod & co");

  const ApiAnswer first = scene.get("/api/v1/runs?limit=1&tenant=prod%20%26%20co");
  const json::value page = json::parse(first.body);

  CHECK(page.at("schema_version") == 1);
  CHECK(page.at("total").is_null());
  CHECK(numbers(page.at("items").as_array(), "run") == std::vector<std::int64_t>{3});
  const std::string next{page.at("next").as_string()};
  CHECK(header(first, "Link") == "<" + next + ">; rel=\"next\"");
  const json::value second = scene.json(next);
  CHECK(numbers(second.at("items").as_array(), "run") == std::vector<std::int64_t>{1});
  CHECK(second.at("next").is_null());
  CHECK(header(scene.get(next), "Link").empty());
}

TEST_CASE("read_routes: of one run the API says what the command line says") {
  ApiScene scene;
  const RunId run = mixed_run(*scene.store);
  RunRecord record = record_of(*scene.store, run);
  const Sighting seen = expect(sight_run(*scene.reader, record, noon + 1min));

  CHECK(scene.get("/api/v1/runs/1").body == status_json(record, seen));
  CHECK(scene.get("/api/v1/runs/1/why").body == why_json(record, seen));
  const SendLog sends = expect(scene.store->sends_of_run(run));
  CHECK(scene.get("/api/v1/runs/1/pace").body ==
        rate_proof_json(prove_rate(sends.sent_at, record.rate, sends.unknown), "run 1"));
  CHECK(scene.json("/api/v1/runs/1/pace?account=true").at("account").is_object());
  CHECK(scene.json("/api/v1/runs/1/stages").at("stages").as_array().empty());
  CHECK(scene.json("/api/v1/runs/1/job").at("text") == "{\"name\":\"job\"}");
  CHECK(texts(scene.all("/api/v1/runs/1/codes"), "code") ==
        std::vector<std::string>{"Code.rejected_devices"});
  CHECK(json::parse(list_json(std::vector{record}, true)).at("runs").at(0) ==
        scene.json("/api/v1/runs").at("items").at(0));
}

TEST_CASE("read_routes: of a paused run the newest pause is told, and of one that goes on none") {
  ApiScene scene;
  const RunId run = mixed_run(*scene.store);
  const auto order = [&](RunControl control, const char* actor, UtcTime at) {
    expect(scene.store->set_run_control({.run = run, .control = control, .actor = actor, .now = at}));
  };
  order(RunControl::paused, "ann", noon + 1s);
  order(RunControl::active, "ann", noon + 2s);
  CHECK(scene.json("/api/v1/runs/1").at("control_at").is_null());

  order(RunControl::paused, "bob", noon + 3s);

  CHECK(scene.json("/api/v1/runs/1").at("control_actor") == "bob");
  CHECK(scene.json("/api/v1/runs/1").at("control_at").as_string() == json::string{to_rfc3339(noon + 3s)});
}

TEST_CASE("read_routes: devices and chunks are picked by state, with totals that the counters know") {
  ApiScene scene;
  mixed_run(*scene.store);

  CHECK(texts(scene.all("/api/v1/runs/1/devices?limit=2"), "device") ==
        std::vector<std::string>{"dev-0", "dev-1", "dev-2", "dev-3", "dev-4", "dev-5"});
  CHECK(texts(scene.all("/api/v1/runs/1/devices?state=failed&limit=1"), "device") ==
        std::vector<std::string>{"dev-2", "dev-3", "dev-4"});
  CHECK(scene.json("/api/v1/runs/1/devices").at("total") == 6);
  CHECK(scene.json("/api/v1/runs/1/devices?state=failed&limit=1").at("total") == 3);
  CHECK(scene.json("/api/v1/runs/1/devices?evidence=confirmed").at("total") == 2);
  // What may have arrived is told as in flight, and the counters have it as pending.
  CHECK(scene.json("/api/v1/runs/1/devices?state=pending").at("total").is_null());
  CHECK(texts(scene.all("/api/v1/runs/1/devices?search=v-3"), "device") == std::vector<std::string>{"dev-3"});
  CHECK(scene.all("/api/v1/runs/1/devices?prefix=v-3").empty());
  // Chunk 2 begins at the third device.
  CHECK(texts(scene.all("/api/v1/runs/1/devices?position=2&limit=2"), "device") ==
        std::vector<std::string>{"dev-2", "dev-3", "dev-4", "dev-5"});
  CHECK(numbers(scene.all("/api/v1/runs/1/chunks?limit=1"), "chunk") == std::vector<std::int64_t>{1, 2, 3});
  CHECK(scene.json("/api/v1/runs/1/chunks?state=failed").at("total") == 1);
  CHECK(scene.json("/api/v1/runs/1/chunks").at("total") == 3);
  const json::array attempts = scene.all("/api/v1/chunks/2/attempts");
  CHECK(texts(attempts, "outcome") == std::vector<std::string>{"rejected_devices"});
  CHECK(texts(scene.all("/api/v1/devices/dev-3"), "state") == std::vector<std::string>{"failed"});
}

TEST_CASE(
    "read_routes: the map of a run has a split chunk's parts in its place, and its letters follow the run") {
  ApiScene scene;
  submit(*scene.store, {2, 3, 1});
  const auto claimed = claim(*scene.store, 2);
  expect(scene.store->settle(accepted(claimed[0])));

  CHECK(scene.json("/api/v1/runs/1/chunk-map").at("states") == "aip");
  const std::string tag = header(scene.get("/api/v1/runs/1/chunk-map"), "ETag");
  CHECK(scene.get("/api/v1/runs/1/chunk-map", {{"if-none-match", tag}}).status == 304);
  CHECK(scene.get("/api/v1/runs/1/chunk-map?detail=true", {{"if-none-match", tag}}).status == 200);

  expect(scene.store->settle(rejected(claimed[1])));

  const ApiAnswer changed = scene.get("/api/v1/runs/1/chunk-map?detail=true", {{"if-none-match", tag}});
  CHECK(json::parse(changed.body) ==
        json::parse(R"({"schema_version": 1, "run": 1, "chunks": 4, "states": "appp",
      "ids": [[1, 1], [4, 2], [3, 1]], "stages": [[1, 4]], "devices": [[2, 2], [1, 2]]})"));
  CHECK(scene.get("/api/v1/runs/2/chunk-map").status == 404);
  CHECK(scene.get("/api/v1/runs/1/chunk-map?detail=yes").status == 400);
}

TEST_CASE("read_routes: what a run has done is told by the second, from its first send on") {
  ApiScene scene;
  submit(*scene.store, {2, 3, 1});
  CHECK(scene.json("/api/v1/runs/1/activity").at("from").is_null());
  const auto claimed = claim(*scene.store, 3);
  // Sent a tenth of a second before it was answered; a silent one was not.
  Settlement first = accepted(claimed[0], noon + 1s);
  first.outcome.http_status = 200;
  expect(scene.store->settle(first));
  Settlement second = rejected(claimed[1], noon + 2s);
  second.outcome.http_status = 404;
  expect(scene.store->settle(second));
  expect(scene.store->settle(
      settlement(claimed[2], OutcomeKind::silent, {.state = ChunkState::in_doubt}, noon + 2s)));

  const json::value told = scene.json("/api/v1/runs/1/activity?buckets=10");

  // It is noon and a minute: 59.1 s since the first send, in ten buckets of 6 s.
  CHECK(told.at("from").as_string() == json::string{to_rfc3339(noon + 900ms)});
  CHECK(told.at("bucket_seconds") == 6);
  REQUIRE(told.at("buckets").as_array().size() == 10);
  CHECK(told.at("buckets").at(0) == json::parse(R"({"requests": 3, "devices_accepted": 2, "devices_failed": 0,
      "devices_in_doubt": 1, "latency_ms": {"p50": 1.0E2, "p95": 1.0E2, "max": 1.0E2}})"));
  CHECK(told.at("buckets").at(9).at("requests") == 0);
  CHECK(scene.get("/api/v1/runs/1/activity?buckets=601").status == 400);
}

TEST_CASE("read_routes: a code is told with the first devices that stand with it, and how many do") {
  ApiScene scene;
  submit(*scene.store, {2, 3, 1, 1});
  const auto claimed = claim(*scene.store, 4);
  const auto end_as = [&](std::size_t chunk, OutcomeKind kind, ChunkState state) {
    expect(scene.store->settle(settlement(claimed[chunk], kind, {.state = state})));
  };
  expect(scene.store->settle(accepted(claimed[0])));
  end_as(1, OutcomeKind::rejected_devices, ChunkState::failed);
  end_as(2, OutcomeKind::rejected_devices, ChunkState::failed);
  end_as(3, OutcomeKind::silent, ChunkState::in_doubt);

  const json::array codes = scene.all("/api/v1/runs/1/codes");

  CHECK(codes == json::parse(R"([
    {"code": "Code.rejected_devices", "attempts": 2, "example": "text", "devices_failed": 4, "devices_in_doubt": 0,
     "devices": ["dev-2", "dev-3", "dev-4"]},
    {"code": "Code.silent", "attempts": 1, "example": "text", "devices_failed": 0, "devices_in_doubt": 1,
     "devices": ["dev-6"]}])")
                     .as_array());
}

TEST_CASE("read_routes: the devices that a code counts are those that its code finds") {
  ApiScene scene;
  submit(*scene.store, {2, 3, 1, 1});
  const auto claimed = claim(*scene.store, 4);
  const auto end_as = [&](std::size_t chunk, OutcomeKind kind, std::string code, ChunkState state) {
    Settlement end = settlement(claimed[chunk], kind, {.state = state});
    end.outcome.code = std::move(code);
    expect(scene.store->settle(end));
  };
  Settlement fine = accepted(claimed[0]);
  fine.outcome.code.clear();
  expect(scene.store->settle(fine));
  end_as(1, OutcomeKind::rejected_devices, "one & only", ChunkState::failed);
  end_as(2, OutcomeKind::silent, "", ChunkState::in_doubt);
  end_as(3, OutcomeKind::rejected_devices, "another", ChunkState::failed);
  const auto devices = [&](const std::string& query) {
    return texts(scene.all("/api/v1/runs/1/devices?limit=2&" + query), "device");
  };

  CHECK(devices("state=failed&code=one%20%26%20only") == std::vector<std::string>{"dev-2", "dev-3", "dev-4"});
  CHECK(devices("state=failed&code=another") == std::vector<std::string>{"dev-6"});
  CHECK(devices("state=failed&code=").empty());
  CHECK(devices("state=in_doubt&code=") == std::vector<std::string>{"dev-5"});
  CHECK(devices("code=").size() == 3);
  CHECK(scene.json("/api/v1/runs/1/devices?state=failed&code=another").at("total").is_null());
  CHECK(scene.whole(scene.get("/api/v1/runs/1/devices?format=txt&code=another")) == "dev-6\n");
}

TEST_CASE("read_routes: what was throttled and accepted in the end leaves no device with its code") {
  ApiScene scene;
  submit(*scene.store, {2});
  expect(scene.store->settle(retried(claim_one(*scene.store), noon + 1s)));
  CHECK(scene.all("/api/v1/runs/1/codes").at(0).at("devices") == json::parse(R"(["dev-0", "dev-1"])"));

  expect(scene.store->settle(accepted(claim_one(*scene.store, noon + 1s), noon + 2s)));

  const json::value code = scene.all("/api/v1/runs/1/codes").at(0);
  CHECK(code.at("attempts") == 1);
  CHECK(code.at("devices").as_array().empty());
}

TEST_CASE("read_routes: what was accepted is no example of a failure that came without a code") {
  ApiScene scene;
  submit(*scene.store, {2, 1});
  const auto claimed = claim(*scene.store, 2);
  Settlement fine = accepted(claimed[0]);
  Settlement lost = settlement(claimed[1], OutcomeKind::silent, {.state = ChunkState::in_doubt});
  fine.outcome.code = lost.outcome.code = "";
  expect(scene.store->settle(fine));
  expect(scene.store->settle(lost));

  const json::value code = scene.all("/api/v1/runs/1/codes").at(0);

  CHECK(code.at("code") == "");
  CHECK(code.at("devices") == json::parse(R"(["dev-2"])"));
}

TEST_CASE("read_routes: after a page that came back short, a configured tenant waits for its turn") {
  Page<TenantRow, std::string> recorded;
  recorded.rows = {{.name = "b"}};
  recorded.next = "b";

  const auto page = with_configured(recorded, {"a", "c"}, {.limit = 10});

  REQUIRE(page.rows.size() == 2);
  CHECK(page.rows[0].name == "a");
  CHECK(page.rows[1].name == "b");
  CHECK(page.next == "b");
}

TEST_CASE("read_routes: a configured tenant that never had a run stands among the others, on each page") {
  ApiScene scene;
  scene.configured = {"a", "c", "e"};
  submit(*scene.store, {1}, "b");
  submit(*scene.store, {1}, "c");
  submit(*scene.store, {1}, "d");

  for (const char* limit : {"1", "2", "3", "5", "100"}) {
    CAPTURE(limit);
    const json::array tenants = scene.all(std::string{"/api/v1/tenants?limit="} + limit);
    CHECK(texts(tenants, "tenant") == std::vector<std::string>{"a", "b", "c", "d", "e"});
    CHECK(tenants[0].at("configured") == true);
    CHECK(tenants[1].at("configured") == false);
    CHECK(tenants[2].at("configured") == true);
  }
  CHECK(scene.json("/api/v1/tenants/a").at("unfinished_runs") == 0);
  CHECK(scene.json("/api/v1/tenants/a").at("silent_until").is_null());
  CHECK(scene.get("/api/v1/tenants/f").status == 404);
}

TEST_CASE("read_routes: what is in doubt and what was decided about it are shown") {
  ApiScene scene;
  const RunId run = submit(*scene.store, {1, 2});
  for (const ClaimedChunk& chunk : claim(*scene.store, 2)) {
    expect(scene.store->settle(settlement(chunk, OutcomeKind::silent, {.state = ChunkState::in_doubt})));
  }
  expect(scene.store->resolve_doubt({.run = run,
                                     .chunks = {ChunkId{2}},
                                     .expected_devices = {},
                                     .actor = "ann",
                                     .reason = "seen on site",
                                     .now = noon + 2s}));

  CHECK(numbers(scene.all("/api/v1/runs/1/doubts?limit=1"), "chunk") == std::vector<std::int64_t>{1});
  CHECK(scene.json("/api/v1/runs/1/doubts").at("total") == 1);
  CHECK(scene.json("/api/v1/runs/1/decisions").at("decisions").at(0).at("reason") == "seen on site");
}

TEST_CASE("read_routes: tenants are shown with what is in force, not with what is over") {
  ApiScene scene;
  submit(*scene.store, {3}, "a");
  submit(*scene.store, {3}, "b");
  expect(scene.store->set_rate({.tenant = "a", .rate = 2, .until = noon + 30s, .actor = "ann", .now = noon}));
  expect(scene.store->set_rate({.tenant = "b", .rate = 2, .until = noon + 1h, .actor = "ann", .now = noon}));

  const json::array tenants = scene.all("/api/v1/tenants?limit=1");

  CHECK(texts(tenants, "tenant") == std::vector<std::string>{"a", "b"});
  CHECK(tenants[0].at("ordered_rate").is_null());
  CHECK(tenants[1].at("ordered_rate").at("rate") == 2);
  CHECK(scene.json("/api/v1/tenants/a").at("unfinished_devices") == 3);
  CHECK(scene.get("/api/v1/tenants/c").status == 404);
  CHECK(scene.all("/api/v1/jobs").empty());
}

TEST_CASE(
    "read_routes: what is not there is not found, and what makes no sense is refused before it is read") {
  ApiScene scene;
  mixed_run(*scene.store);

  for (const char* target :
       {"/api/v1/runs/9", "/api/v1/runs/9/why", "/api/v1/runs/9/devices", "/api/v1/runs/9/chunks",
        "/api/v1/runs/x", "/api/v1/runs/-1", "/api/v1/runs/99999999999999999999",
        "/api/v1/chunks/99/attempts", "/api/v1/runs/9/devices?format=csv", "/api/v1/runs/9/codes",
        "/api/v1/runs/9/doubts", "/api/v1/runs/9/job", "/api/v1/runs/9/pace", "/api/v1/runs/9/decisions",
        "/api/v1/runs/9/stages"}) {
    CAPTURE(target);
    CHECK(scene.get(target).status == 404);
  }
  for (const char* target :
       {"/api/v1/runs?limit=0", "/api/v1/runs?limit=1001", "/api/v1/runs?limit=1e2",
        "/api/v1/runs?status=done", "/api/v1/runs?cursor=chunks.1.2.", "/api/v1/runs?cursor=runs.-1.",
        "/api/v1/runs?cursor=", "/api/v1/runs/1/devices?position=-1", "/api/v1/runs/1/devices?state=split",
        "/api/v1/runs/1/devices?stage=0", "/api/v1/runs/1/devices?prefix=a&search=b",
        "/api/v1/runs/1/devices?format=xml", "/api/v1/runs/1/devices?format=csv&limit=3",
        "/api/v1/runs/1/devices?raw=true", "/api/v1/runs/1/devices?format=csv&raw=yes",
        "/api/v1/events?order=random", "/api/v1/events?run=x", "/api/v1/runs/1/pace?account=1"}) {
    CAPTURE(target);
    const ApiAnswer answer = scene.get(target);
    CHECK(answer.status == 400);
    REQUIRE(answer.error.has_value());
    CHECK_FALSE(answer.error->hint.empty());
  }
}

TEST_CASE("read_routes: whatever stands in a cursor or a filter, the answer is a page or a refusal") {
  ApiScene scene;
  mixed_run(*scene.store);
  const std::uint32_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random{seed};
  const std::vector<std::string> lists{
      "/api/v1/runs",          "/api/v1/runs/1/chunks", "/api/v1/runs/1/devices", "/api/v1/chunks/1/attempts",
      "/api/v1/devices/dev-1", "/api/v1/tenants",       "/api/v1/jobs",           "/api/v1/events",
      "/api/v1/runs/1/doubts"};
  const std::vector<std::string> parts{"runs.",
                                       "chunks.",
                                       "devices.",
                                       "attempts.",
                                       "history.",
                                       "tenants.",
                                       "jobs.",
                                       "events.",
                                       "doubts.",
                                       "1.",
                                       "0.",
                                       "-1.",
                                       "9223372036854775807.",
                                       "9223372036854775806.",
                                       "ff",
                                       "0",
                                       "..",
                                       "%00",
                                       "%27%20OR%201=1--",
                                       "%25",
                                       "%F0%9F%92%A1"};
  const std::vector<std::string> keys{"cursor", "limit",  "status", "state", "stage", "tenant",
                                      "prefix", "search", "after",  "run",   "what",  "order"};
  for (int round = 0; round < 3000; ++round) {
    std::string target =
        lists[random() % lists.size()] + "?" + keys[random() % (round % 2 == 0 ? 1 : keys.size())] + "=";
    for (auto left = random() % 5; left > 0; --left) target += parts[random() % parts.size()];
    CAPTURE(target);
    const ApiAnswer answer = scene.get(target);
    CHECK((answer.status == 200 || answer.status == 400));
    if (answer.status == 200) CHECK_NOTHROW(json::parse(answer.body));
  }
  CHECK(expect(scene.store->runs(10)).size() == 1);
}

TEST_CASE("read_routes: an export has every device once, under a name that no user made") {
  ApiScene scene;
  const RunId run = submit(*scene.store, std::vector<int>(25, 100));
  const auto file = [&](const std::string& query) {
    const ApiAnswer answer = scene.get("/api/v1/runs/1/devices?format=" + query);
    REQUIRE(answer.status == 200);
    return std::pair{header(answer, "Content-Disposition"), scene.whole(answer)};
  };

  CHECK(file("txt").second == names(0, 2500));
  CHECK(file("txt").first == "attachment; filename=\"run-1-devices.txt\"");
  CHECK(scene.get("/api/v1/runs/1/devices?format=csv").content_type == "text/csv; charset=utf-8");
  const std::string csv = file("csv").second;
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 2501);
  CHECK(csv.starts_with("device,state,evidence,"));
  const std::string lines = file("ndjson").second;
  CHECK(std::count(lines.begin(), lines.end(), '\n') == 2500);
  CHECK(json::parse(lines.substr(0, lines.find('\n'))).at("device") == "dev-0");
  CHECK(file("txt&state=failed").second.empty());
  CHECK(file("csv&state=failed").second.starts_with("device,"));
  CHECK(file("txt&prefix=dev-249").second == "dev-249\n" + names(2490, 10));
  CHECK(run == RunId{1});
}

TEST_CASE("read_routes: an export that is being read holds no moment of the store") {
  ApiScene scene;
  submit(*scene.store, std::vector<int>(1'500, 1));
  const ApiAnswer answer = scene.get("/api/v1/runs/1/devices?format=csv");
  std::string text = scene.next_of(*answer.stream).value();
  // Halfway: what is settled now shows in what is still to come.
  const std::size_t before = text.size();
  for (const ClaimedChunk& chunk : claim(*scene.store, 1'500)) expect(scene.store->settle(accepted(chunk)));

  while (auto piece = scene.next_of(*answer.stream)) text += *piece;

  CHECK(text.find("accepted") == std::string::npos);
  CHECK(before == text.size());
}

TEST_CASE("read_routes: hostile texts come out as JSON and CSV that harm neither terminal nor spreadsheet") {
  for (const std::string& hostile : sluice::testing::hostile_texts()) {
    CAPTURE(hostile);
    ApiScene scene;
    std::string device = hostile;
    std::erase(device, '\n');
    const RunId run = expect(scene.store->create_run({.job_name = hostile,
                                                      .tenant = "t" + hostile,
                                                      .endpoint = hostile,
                                                      .job_text = hostile,
                                                      .rate = 8,
                                                      .created_at = noon,
                                                      .submitter = hostile}));
    expect(scene.store->add_chunks(run, {{.devices = 1, .names = device + "\n"}}));
    expect(scene.store->seal_run(run, 0));
    expect(scene.store->set_rate(
        {.tenant = "t" + hostile, .rate = 2, .until = noon + 1h, .actor = "a" + hostile, .now = noon}));
    Settlement settled = accepted(claim(*scene.store, 1, noon, "t" + hostile).front());
    settled.outcome = {
        .kind = OutcomeKind::rejected_devices, .code = hostile, .message = hostile, .request_id = hostile};
    settled.transition = {.state = ChunkState::failed};
    expect(scene.store->settle(settled));

    for (const char* target :
         {"/api/v1/runs", "/api/v1/runs/1", "/api/v1/runs/1/why", "/api/v1/runs/1/chunks",
          "/api/v1/runs/1/devices", "/api/v1/runs/1/codes", "/api/v1/runs/1/job", "/api/v1/chunks/1/attempts",
          "/api/v1/tenants", "/api/v1/events"}) {
      CAPTURE(target);
      const ApiAnswer answer = scene.get(target);
      CHECK(answer.status == 200);
      CHECK_NOTHROW(json::parse(answer.body));
      CHECK(is_readable(std::string_view{answer.body}.substr(0, answer.body.find('\n'))));
    }
    for (const char* format : {"csv", "txt", "ndjson"}) {
      const std::string text = scene.whole(scene.get(std::string{"/api/v1/runs/1/devices?format="} + format));
      CAPTURE(text);
      for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = text.find('\n', begin);
        CHECK(is_readable(std::string_view{text}.substr(begin, end - begin)));
        begin = end + 1;
      }
      if (std::string_view{format} != "csv") continue;
      const std::string cell = text.substr(text.find('\n') + 1);
      CHECK(std::string_view{"=+-@\t"}.find(cell.front()) == std::string_view::npos);
    }
  }
}

TEST_CASE("read_routes: a page of events tells the course of a run") {
  ApiScene scene;
  submit(*scene.store, {1});
  expect(scene.store->settle(accepted(claim_one(*scene.store))));

  CHECK(texts(scene.all("/api/v1/events?limit=2"), "what") ==
        std::vector<std::string>{"run_submitted", "run_started", "run_finished"});
  CHECK(numbers(scene.all("/api/v1/events?order=newest_first&limit=2"), "id") ==
        std::vector<std::int64_t>{3, 2, 1});
  CHECK(numbers(scene.all("/api/v1/events?after=2"), "id") == std::vector<std::int64_t>{3});
  CHECK(scene.json("/api/v1/events").at("items").at(0).at("at") == json::string{to_rfc3339(noon)});
}

TEST_CASE("read_routes: a stream of events begins now, tells what comes, and shows that it lives") {
  ApiScene scene;
  submit(*scene.store, {1});
  for (int i = 0; i < 31; ++i) scene.clock.script.emplace_back([] {});
  scene.clock.script.emplace_back([&scene] { submit(*scene.store, {1}); });

  const ApiAnswer answer = scene.get("/api/v1/events?stream");

  CHECK(answer.content_type == "text/event-stream");
  // Behind the event that there is: whoever is cut off before the next one comes back with this.
  CHECK(scene.next_of(*answer.stream) == "retry: 2000\nid: 1\n\n");
  CHECK(scene.next_of(*answer.stream) == ": nothing new\n\n");
  const std::string piece = scene.next_of(*answer.stream).value();
  CHECK(piece.starts_with("id: 2\ndata: {\"id\":2,"));
  CHECK(piece.ends_with("}\n\n"));
  CHECK(std::count(piece.begin(), piece.end(), '\n') == 3);
  answer.stream->stop();
  CHECK_FALSE(scene.next_of(*answer.stream).has_value());
}

TEST_CASE(
    "read_routes: a stream shows that it lives by the clock, however long it takes to look for events") {
  ApiScene scene;
  const ApiAnswer answer = scene.get("/api/v1/events?stream");
  scene.next_of(*answer.stream);
  const SteadyTime begin = scene.clock.now;
  for (int i = 0; i < 4; ++i) scene.clock.script.emplace_back([&scene] { scene.clock.now += 3500ms; });

  CHECK(scene.next_of(*answer.stream) == ": nothing new\n\n");
  CHECK(scene.clock.now == begin + 16s);
}

TEST_CASE("read_routes: a client that comes back is told each event once, also by another process") {
  ApiScene scene;
  submit(*scene.store, {1});
  std::vector<std::string> seen;
  std::string last = "0";
  for (int visit = 0; visit < 5; ++visit) {
    // The daemon has been started anew, and something has happened since.
    scene.store.reset();
    scene.store = expect(scene.home.open(noon + std::chrono::seconds{visit}));
    submit(*scene.store, {1});
    const ApiAnswer answer =
        scene.get("/api/v1/events", {{"accept", "text/event-stream"}, {"last-event-id", last}});
    scene.next_of(*answer.stream);
    const std::string piece = scene.next_of(*answer.stream).value();
    for (std::size_t at = piece.find("id: "); at != std::string::npos; at = piece.find("\nid: ", at + 1)) {
      const std::size_t begin = piece.find(' ', at) + 1;
      last = piece.substr(begin, piece.find('\n', begin) - begin);
      seen.push_back(last);
    }
  }

  CHECK(seen == std::vector<std::string>{"1", "2", "3", "4", "5", "6"});
}

TEST_CASE("read_routes: a stream of some events alone goes past all others, and its place is kept") {
  ApiScene scene;
  submit(*scene.store, {1}, "a");
  submit(*scene.store, {1}, "b");
  scene.clock.script.emplace_back([&scene] { submit(*scene.store, {1}, "b"); });
  scene.clock.script.emplace_back([&scene] { submit(*scene.store, {1}, "a"); });

  const ApiAnswer answer = scene.get("/api/v1/events?stream&after=0&tenant=a");

  scene.next_of(*answer.stream);
  CHECK(scene.next_of(*answer.stream).value().starts_with("id: 1\n"));
  CHECK(scene.next_of(*answer.stream).value().starts_with("id: 4\n"));
}

TEST_CASE("read_routes: a place that the record does not have is refused, not waited for") {
  ApiScene scene;
  submit(*scene.store, {1});

  CHECK(scene.get("/api/v1/events?stream&after=7").status == 409);
  CHECK(scene.get("/api/v1/events?stream", {{"last-event-id", "x"}}).status == 400);
  CHECK(scene.get("/api/v1/events?stream", {{"last-event-id", "-1"}}).status == 400);
}

TEST_CASE("read_routes: a schedule is shown with its next ticks, in its own zone too") {
  ApiScene scene;
  for (const char* name : {"nightly", "other"}) {
    expect(add_schedule(
        *scene.store,
        {.name = name, .job_text = sluice::testing::nightly_job, .folder = {}, .actor = "ann", .now = noon}));
  }
  expect(trigger_schedule(*scene.store, "nightly", "bob", noon + 1s));

  CHECK(texts(scene.all("/api/v1/schedules?limit=1"), "schedule") ==
        std::vector<std::string>{"nightly", "other"});
  // The store's noon is 2027-01-15 08:00 UTC, and Berlin is an hour ahead of it in winter.
  const json::value coming = scene.json("/api/v1/schedules/nightly/next?limit=73");
  const json::array& next = coming.at("ticks").as_array();
  REQUIRE(next.size() == 73);
  CHECK(next[0].at("due_at") == "2027-01-16T01:30:00Z");
  CHECK(next[0].at("local") == "2027-01-16T02:30:00+01:00");
  // On 28 March the clocks go from 2:00 to 3:00.
  CHECK(next[71].at("local") == "2027-03-28T03:00:00+02:00");
  CHECK(next[71].at("clock_change").at("after_seconds") == 7200);
  CHECK(next[72].at("clock_change").is_null());
  CHECK(scene.json("/api/v1/schedules/nightly").at("schedule").at("next") == "2027-01-16T01:30:00Z");
  CHECK(texts(scene.all("/api/v1/schedules/nightly/ticks"), "kind") == std::vector<std::string>{"triggered"});
  CHECK(scene.get("/api/v1/schedules/none").status == 404);
  CHECK(scene.get("/api/v1/schedules/none/ticks").status == 404);
}

TEST_CASE(
    "read_routes: the ticks of a schedule come page by page to the oldest, whatever is decided meanwhile") {
  ApiScene scene;
  expect(add_schedule(*scene.store, {.name = "nightly",
                                     .job_text = sluice::testing::nightly_job,
                                     .folder = {},
                                     .actor = "ann",
                                     .now = noon}));
  const auto trigger = [&scene](std::chrono::seconds after) {
    expect(trigger_schedule(*scene.store, "nightly", "bob", noon + after));
  };
  for (const auto after : {1s, 2s, 3s, 4s, 5s}) trigger(after);

  const json::value first = scene.json("/api/v1/schedules/nightly/ticks?limit=2");
  trigger(6s);
  const json::value second = scene.json(std::string{first.at("next").as_string()});
  const json::value third = scene.json(std::string{second.at("next").as_string()});

  // The store's noon is 08:00:00 UTC.
  CHECK(texts(first.at("items").as_array(), "at") ==
        std::vector<std::string>{"2027-01-15T08:00:05Z", "2027-01-15T08:00:04Z"});
  CHECK(texts(second.at("items").as_array(), "at") ==
        std::vector<std::string>{"2027-01-15T08:00:03Z", "2027-01-15T08:00:02Z"});
  CHECK(texts(third.at("items").as_array(), "at") == std::vector<std::string>{"2027-01-15T08:00:01Z"});
  CHECK(third.at("next").is_null());
  CHECK(scene.json("/api/v1/schedules/nightly/ticks?limit=6").at("next").is_null());
  CHECK(scene.get("/api/v1/schedules/nightly/ticks?cursor=runs.1.").status == 400);
}
