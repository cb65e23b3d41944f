// SPDX-License-Identifier: MIT
// A job and its list, surveyed and then submitted to a real store: both see the same.
#include "sluice/engine/survey.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>
#include <set>

#include "jobfile/scratch_folder.hpp"
#include "sluice/engine/conflicts.hpp"
#include "sluice/engine/submit.hpp"
#include "sluice/jobfile/job_file.hpp"
#include "sluice/store/open_store.hpp"

using namespace sluice;
using namespace std::chrono_literals;

namespace {

/// A fleet in a file, and jobs for it.
class Fleet {
 public:
  explicit Fleet(int devices) {
    std::string rows = "device,site,model\n";
    for (int i = 0; i < devices; ++i) rows += fmt::format("{},site-{},m{}\n", name(i), i % 7, i % 3);
    path_ = folder_.write("fleet.csv", rows);
  }

  static std::string name(int number) { return fmt::format("dev-{:05}", number); }

  static std::string job_text(const std::string& args, const std::string& members = "") {
    return "{\"name\": \"n\", \"call\": {\"product_key\": \"p\", \"identifier\": \"i\", \"args\": " + args +
           "}" + members + "}";
  }

  TargetList targets(const std::string& text, std::shared_ptr<const DeviceSet> denied = nullptr,
                     std::shared_ptr<const TakenDevices> taken = nullptr) const {
    auto rules = read_target_rules("j.json", text, {});
    REQUIRE_MESSAGE(rules.has_value(), (rules ? "" : rules.error().message));
    auto list = TargetList::open({.list = {.path = path_},
                                  .rules = *std::move(rules),
                                  .denied = std::move(denied),
                                  .taken = std::move(taken)});
    REQUIRE(list.has_value());
    return *std::move(list);
  }

  static SubmitRequest request(const std::string& text) {
    auto job = read_job("j.json", text);
    REQUIRE_MESSAGE(job.has_value(), (job ? "" : job.error().message));
    return {.job = *std::move(job),
            .job_text = text,
            .tenant = "t",
            .endpoint = "https://cloud",
            .rate = 10,
            .now = UtcTime{1000s}};
  }

  Survey surveyed(const std::string& text) const {
    TargetList list = targets(text);
    auto result = survey(list, request(text));
    REQUIRE_MESSAGE(result.has_value(), (result ? "" : result.error().message));
    return *std::move(result);
  }

  Error refusal(const std::string& text) const {
    TargetList list = targets(text);
    const auto result = survey(list, request(text));
    REQUIRE(result.has_error());
    return result.error();
  }

  const ScratchFolder& folder() const { return folder_; }

 private:
  ScratchFolder folder_;
  std::string path_;
};

std::unique_ptr<Store> memory_store() {
  auto store = open_memory_store(UtcTime{1000s});
  REQUIRE_MESSAGE(store.has_value(), (store ? "" : store.error().message));
  return *std::move(store);
}

/// All chunks of the run, claimed at once.
std::vector<ClaimedChunk> chunks_of(Store& store, int stages) {
  for (int stage = 1; stage <= stages; ++stage)
    REQUIRE(store.open_stage(RunId{1}, stage, UtcTime{1000s}).has_value());
  int attempts = 0;
  const auto next_intent = [&attempts](const ClaimedChunk&) {
    return AttemptIntent{
        .nonce = fmt::format("{}", ++attempts), .timestamp = "t", .key_id = "k", .digest = "d"};
  };
  const auto claimed =
      store.claim({.tenant = "t", .limit = 100'000, .now = UtcTime{2000s}, .make_intent = next_intent});
  REQUIRE_MESSAGE(claimed.has_value(), (claimed ? "" : claimed.error().message));
  return *claimed;
}

constexpr const char* three_stages =
    R"(, "stages": [{"devices": 20}, {"percent": 10}, {"percent": 100}], "chunk_size": 10)";

}  // namespace

TEST_CASE("survey: a job without stages or columns is one group, cut in the order of the list") {
  const Fleet fleet(250);

  const Survey survey = fleet.surveyed(Fleet::job_text("{}"));

  CHECK(survey.counts == TargetCounts{.devices = 250});
  CHECK(survey.groups == 1);
  CHECK(survey.chunks == 3);
  CHECK(survey.stages.empty());
}

TEST_CASE("survey: each stage begins with a chunk of its own, each group of it too") {
  const Fleet fleet(1000);

  // 20, then up to 100, then all; ten a chunk.
  const Survey plain = fleet.surveyed(Fleet::job_text("{}", three_stages));
  CHECK(plain.stages == std::vector<StageSurvey>{{"canary", 20, 2}, {"10%", 80, 8}, {"100%", 900, 90}});
  CHECK(plain.chunks == 100);

  // The models alternate: of 20 devices 7, 7 and 6; of 80 27, 26 and 27; of 900 300 each.
  const Survey grouped = fleet.surveyed(Fleet::job_text(R"({"m": "${column.model}"})", three_stages));
  CHECK(grouped.groups == 3);
  CHECK(grouped.stages == std::vector<StageSurvey>{{"canary", 20, 3}, {"10%", 80, 9}, {"100%", 900, 90}});
  CHECK(grouped.chunks == 102);
}

TEST_CASE("survey: the digest knows every device, its arguments, its stage, and where it is sent") {
  const Fleet fleet(100);
  const std::string text = Fleet::job_text(R"({"m": "${column.model}"})", three_stages);
  const std::string digest = fleet.surveyed(text).digest;
  CHECK(digest.size() == 64);
  CHECK(digest == fleet.surveyed(text).digest);

  std::set<std::string> digests{digest};
  digests.insert(Fleet(101).surveyed(text).digest);
  digests.insert(fleet.surveyed(text + " ").digest);
  digests.insert(fleet.surveyed(Fleet::job_text(R"({"m": "${column.site}"})", three_stages)).digest);
  for (const auto& change : std::vector<void (*)(SubmitRequest&)>{
           [](SubmitRequest& request) { request.tenant = "u"; },
           [](SubmitRequest& request) { request.endpoint = "https://other"; },
           [](SubmitRequest& request) { request.rate = 9.5; },
           [](SubmitRequest& request) { request.job.rollout.stages[0].devices = 21; }}) {
    SubmitRequest request = Fleet::request(text);
    change(request);
    TargetList list = fleet.targets(text);
    digests.insert(survey(list, request)->digest);
  }
  CHECK(digests.size() == 8);
}

TEST_CASE("survey: params are part of the digest even where nothing uses them") {
  const Fleet fleet(10);
  const std::string text = Fleet::job_text("{}", R"(, "params": {"v": {"type": "integer", "default": 1}})");
  std::set<std::string> digests;
  for (const char* value : {"1", "2"}) {
    auto list = TargetList::open({.list = {.path = fleet.folder().path("fleet.csv")},
                                  .rules = read_target_rules("j.json", text, {{"v", value}}).value()});
    REQUIRE(list.has_value());
    digests.insert(survey(*list, Fleet::request(text))->digest);
  }
  CHECK(digests.size() == 2);
}

TEST_CASE("survey: the store gets the devices, stages and arguments that were surveyed") {
  const Fleet fleet(500);
  const std::string stages[] = {
      R"([{"devices": 20}, {"percent": 10}, {"percent": 100}])",
      R"([{"devices": 20, "choose": "shuffle", "seed": 3}, {"percent": 10}, {"percent": 100}])",
      R"([{"devices": 20, "stratify_by": ["site", "model"]}, {"percent": 10}, {"percent": 100}])",
      R"([{"only": ["dev-00499", "dev-00003"]}, {"percent": 10}, {"percent": 100}])"};
  for (const std::string& listed : stages) {
    CAPTURE(listed);
    const std::string text = Fleet::job_text(R"({"m": "${column.model}"})", ", \"stages\": " + listed);
    TargetList list = fleet.targets(text);
    const SubmitRequest request = Fleet::request(text);
    std::int64_t planned_devices = 0;
    std::int64_t planned_chunks = 0;
    std::map<std::size_t, std::string> args_of_group;
    const PlanVisitor visitor{
        .group = [&](std::size_t group, std::string_view args) { args_of_group[group] = args; },
        .chunk =
            [&](const PlannedChunk& chunk) {
              ++planned_chunks;
              planned_devices += static_cast<std::int64_t>(chunk.devices);
            }};
    const auto surveyed = survey(list, request, visitor);
    REQUIRE_MESSAGE(surveyed.has_value(), (surveyed ? "" : surveyed.error().message));
    CHECK(planned_devices == 500);
    CHECK(planned_chunks == surveyed->chunks);
    CHECK(args_of_group.size() == 3);

    const auto store = memory_store();
    const auto submitted = submit(*store, list, request, *surveyed);

    REQUIRE_MESSAGE(submitted.has_value(), (submitted ? "" : submitted.error().message));
    CHECK(submitted->chunks == surveyed->chunks);
    CHECK(submitted->counts == surveyed->counts);
    CHECK((*store->run(submitted->run))->digest == surveyed->digest);
    std::map<int, std::int64_t> devices_of_stage;
    std::map<int, std::int64_t> chunks_of_stage;
    std::set<std::string> seen;
    for (const ClaimedChunk& chunk : chunks_of(*store, 3)) {
      ++chunks_of_stage[chunk.stage];
      REQUIRE(chunk.arguments.has_value());
      for (std::size_t at = 0; at < chunk.names.size(); at += 10) {
        const std::string name = chunk.names.substr(at, 9);
        CHECK(seen.insert(name).second);
        CHECK(chunk.arguments->args == fmt::format("{{\"m\": \"m{}\"}}", std::stoi(name.substr(4)) % 3));
        ++devices_of_stage[chunk.stage];
      }
    }
    CHECK(seen.size() == 500);
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(devices_of_stage[static_cast<int>(i + 1)] == surveyed->stages[i].devices);
      CHECK(chunks_of_stage[static_cast<int>(i + 1)] == surveyed->stages[i].chunks);
    }
  }
}

TEST_CASE("survey: named devices are the first stage, and must be among the run's") {
  const Fleet fleet(50);
  const std::string stages = R"(, "stages": [{"only": ["dev-00049", "dev-00050"]}, {"percent": 100}])";

  CHECK(fleet.refusal(Fleet::job_text("{}", stages)).message ==
        "stage canary: 1 of its 2 named devices is not in the run: dev-00050");
}

TEST_CASE("survey: a compensation is rendered with the call") {
  const Fleet fleet(3);
  const std::string text = Fleet::job_text(
      R"({"to": 2})",
      R"(, "compensate": {"product_key": "p", "identifier": "i", "args": {"to": "${column.model}"}})");
  TargetList list = fleet.targets(text);
  const auto store = memory_store();

  REQUIRE(submit(*store, list, Fleet::request(text)).has_value());

  const std::vector<ClaimedChunk> chunks = chunks_of(*store, 0);
  REQUIRE(chunks.size() == 3);
  CHECK(chunks[1].arguments == RenderedArguments{R"({"to": 2})", R"({"to": "m1"})"});
}

TEST_CASE("survey: more than 100,000 different arguments are refused") {
  const Fleet fleet(100'001);

  const Error error = fleet.refusal(Fleet::job_text(R"({"d": "${column.device}"})"));

  CHECK(error.kind == ErrorKind::invalid_input);
  CHECK(error.message.starts_with("more than 100000 different arguments"));
}

TEST_CASE("survey: a list that changes between survey and submit is not queued") {
  Fleet fleet(100);
  const std::string text = Fleet::job_text("{}");
  TargetList list = fleet.targets(text);
  const SubmitRequest request = Fleet::request(text);
  const auto surveyed = survey(list, request);
  REQUIRE(surveyed.has_value());

  fleet.folder().write("fleet.csv", "device\ndev-00001\n");
  const auto store = memory_store();
  const auto submitted = submit(*store, list, request, *surveyed);

  REQUIRE(submitted.has_error());
  CHECK(submitted.error().kind == ErrorKind::invalid_input);
  CHECK(store->runs(10)->empty());
}

TEST_CASE("survey: the expected count is that of the devices that are meant") {
  const Fleet fleet(70);
  const std::string text =
      Fleet::job_text("{}", R"(, "targets": {"devices_file": "f", "where": "site = 'site-3'"})");
  SubmitRequest request = Fleet::request(text);
  const auto store = memory_store();

  request.expected_devices = 70;
  TargetList list = fleet.targets(text);
  const auto refused = submit(*store, list, request);
  REQUIRE(refused.has_error());
  CHECK(refused.error().kind == ErrorKind::refused);
  CHECK(store->runs(10)->empty());

  request.expected_devices = 10;
  TargetList again = fleet.targets(text);
  CHECK(submit(*store, again, request)->counts == TargetCounts{.devices = 10, .unmatched = 60});
}

TEST_CASE("survey: when nothing is left, the reasons are told") {
  const Fleet fleet(10);
  const std::string text =
      Fleet::job_text("{}", R"(, "targets": {"devices_file": "f", "where": "site = 'x'"})");

  CHECK(fleet.refusal(text).message == "no device is left: 10 do not match \"where\"");
}

TEST_CASE(
    "survey: devices of an unfinished run of the same product fail, are skipped or allowed, as the job "
    "says") {
  const Fleet fleet(10);
  const auto store = memory_store();
  const auto run_again = [&](const std::string& product, const std::string& members) {
    std::string text = Fleet::job_text("{}", members);
    text.replace(text.find("\"p\""), 3, "\"" + product + "\"");
    const SubmitRequest request = Fleet::request(text);
    const auto taken = devices_taken_from(*store, "t", request.job);
    REQUIRE_MESSAGE(taken.has_value(), (taken ? "" : taken.error().message));
    TargetList list = fleet.targets(text, nullptr, *taken);
    return submit(*store, list, request);
  };
  // The first run has three of them.
  const std::string three = R"(, "targets": {"devices_file": "f", "where": "device < 'dev-00003'"})";
  REQUIRE(run_again("p", three).has_value());

  const auto failed = run_again("p", "");
  REQUIRE(failed.has_error());
  CHECK(failed.error().kind == ErrorKind::refused);
  CHECK(failed.error().message ==
        "3 of the devices are in an unfinished run already: dev-00000 (run 1), dev-00001 (run 1), dev-00002 "
        "(run 1)");
  const auto skipped = run_again("p", R"(, "conflict": "skip")");
  REQUIRE(skipped.has_value());
  CHECK(skipped->counts.devices == 7);
  CHECK(skipped->counts.taken == 3);
  CHECK(run_again("q", "")->counts.devices == 10);
  CHECK(run_again("p", R"(, "conflict": "allow")")->counts.devices == 10);
}
