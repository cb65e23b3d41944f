// SPDX-License-Identifier: MIT
// Runs over devices of another run: which ones, in which chunks, and what becomes of the parent.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sluice/engine/again.hpp"
#include "sluice/engine/recovery.hpp"
#include "sluice/store/open_store.hpp"

using namespace sluice;
using namespace std::chrono_literals;

namespace {

constexpr UtcTime noon{std::chrono::seconds{1'800'000'000}};

const std::string job_text =
    R"({"name": "fw", "call": {"product_key": "a1", "identifier": "Set", "args": {"v": 2}},
  "compensate": {"product_key": "a1", "identifier": "Set", "args": {"v": 1}}, "chunk_size": 10,
  "stages": [{"devices": 5, "stratify_by": ["hw"]}, {"percent": 100}]})";

/// A run whose chunks of five devices have come to a state each.
struct Played {
  std::unique_ptr<Store> store = [] {
    Result<std::unique_ptr<Store>> opened = open_memory_store(noon);
    REQUIRE(opened.has_value());
    return std::move(*opened);
  }();
  RunId run;
  int nonces = 0;

  explicit Played(const std::vector<Transition>& transitions, int unsent = 0,
                  const std::string& text = job_text) {
    run = *store->create_run({.job_name = "fw",
                              .tenant = "prod",
                              .endpoint = "https://iot.example",
                              .job_text = text,
                              .rate = 10,
                              .created_at = noon});
    const int chunks = static_cast<int>(transitions.size()) + unsent;
    for (int chunk = 0; chunk < chunks; ++chunk) {
      NewChunk added{.devices = 5};
      for (int i = 0; i < 5; ++i) added.names += fmt::format("dev-{:03}\n", chunk * 5 + i);
      REQUIRE(store->add_chunks(run, {added}).has_value());
    }
    REQUIRE(store->seal_run(run, 0).has_value());
    const auto claimed = store->claim({.tenant = "prod",
                                       .limit = static_cast<int>(transitions.size()),
                                       .now = noon,
                                       .make_intent = [this](const ClaimedChunk&) {
                                         return AttemptIntent{std::to_string(++nonces), "t", "k", "d"};
                                       }});
    REQUIRE(claimed.has_value());
    for (std::size_t i = 0; i < claimed->size(); ++i) {
      const bool is_accepted = transitions[i].state == ChunkState::succeeded;
      Outcome outcome{.kind = is_accepted ? OutcomeKind::accepted : OutcomeKind::silent, .code = "c"};
      if (transitions[i].state == ChunkState::failed) outcome.kind = OutcomeKind::rejected_devices;
      REQUIRE(store
                  ->settle({.chunk = (*claimed)[i].chunk,
                            .attempt = (*claimed)[i].attempt,
                            .outcome = outcome,
                            .transition = transitions[i],
                            .sent_at = noon,
                            .settled_at = noon})
                  .has_value());
    }
  }

  AgainRequest again(AgainSelection selection, RunPurpose purpose = RunPurpose::retry) const {
    return {.parent = run,
            .purpose = purpose,
            .selection = std::move(selection),
            .now = noon + 1h,
            .submitter = "li"};
  }

  RunId submit(const AgainRequest& request) {
    const Result<AgainSurvey> survey = survey_again(*store, request);
    REQUIRE(survey.has_value());
    const Result<RunId> child = submit_again(*store, request, *survey);
    REQUIRE(child.has_value());
    return *child;
  }

  std::vector<std::string> devices_of(RunId id) const {
    std::vector<std::string> devices;
    REQUIRE(store
                ->for_each_device(id, {},
                                  [&](const DeviceResult& row) {
                                    devices.emplace_back(row.device);
                                    return true;
                                  })
                .has_value());
    return devices;
  }

  RunRecord record(RunId id) const { return **store->run(id); }
};

Transition confirmed() { return {.state = ChunkState::succeeded, .evidence = Evidence::confirmed}; }
Transition presumed() { return {.state = ChunkState::succeeded, .evidence = Evidence::presumed}; }
Transition failed() { return {.state = ChunkState::failed}; }
Transition doubtful() { return {.state = ChunkState::in_doubt}; }

std::vector<std::string> numbered(int first, int end) {
  std::vector<std::string> names;
  for (int i = first; i < end; ++i) names.push_back(fmt::format("dev-{:03}", i));
  return names;
}

}  // namespace

TEST_CASE("again: a retry takes what failed and what was not sent, in full chunks, and closes the parent") {
  Played played{{confirmed(), failed(), doubtful(), failed()}, /*unsent=*/2};

  const RunId child = played.submit(played.again({.failed = true, .not_sent = true}));

  std::vector<std::string> expected = numbered(5, 10);
  for (const std::string& name : numbered(15, 30)) expected.push_back(name);
  CHECK(played.devices_of(child) == expected);
  const RunRecord record = played.record(child);
  CHECK(record.purpose == RunPurpose::retry);
  CHECK(record.parent == played.run);
  CHECK(record.submitter == "li");
  // Five for the first stage, then fifteen in chunks of ten.
  CHECK(record.chunks.pending == 3);
  const RunRecord parent = played.record(played.run);
  CHECK(parent.control == RunControl::canceled);
  CHECK(parent.control_reason == fmt::format("its devices went over to run {}", child.value));
  CHECK(parent.devices.pending == 0);
  CHECK(parent.devices.canceled == 10);
  CHECK(parent.devices.in_doubt == 5);
}

TEST_CASE("again: a retry of what failed alone leaves an unfinished parent as it is") {
  Played played{{failed()}, /*unsent=*/1};

  const RunId child = played.submit(played.again({.failed = true}));

  CHECK(played.devices_of(child) == numbered(0, 5));
  CHECK(played.record(played.run).control == RunControl::active);
  CHECK(played.record(played.run).devices.pending == 5);
}

TEST_CASE("again: no device of the parent is pending in both runs") {
  Played played{{confirmed(), failed()}, /*unsent=*/3};
  const RunId child = played.submit(played.again({.failed = true, .not_sent = true}));

  std::multiset<std::string> pending;
  for (const RunId run : {played.run, child}) {
    REQUIRE(played.store
                ->for_each_device(run, {.state = ChunkState::pending, .evidence = {}},
                                  [&](const DeviceResult& row) {
                                    pending.insert(std::string{row.device});
                                    return true;
                                  })
                .has_value());
  }
  CHECK(pending.size() == 20);
  for (const std::string& name : pending) CHECK(pending.count(name) == 1);
}

TEST_CASE("again: what is in doubt is taken only on demand, and a condition narrows what is taken") {
  Played played{{doubtful(), failed()}};

  CHECK(played.devices_of(played.submit(played.again({.failed = true, .not_sent = true}))) ==
        numbered(5, 10));
  CHECK(played.devices_of(played.submit(played.again({.in_doubt = true}))) == numbered(0, 5));
  const auto only = [](const DeviceResult& device) { return device.device == "dev-007"; };
  Played other{{doubtful(), failed()}};
  CHECK(other.devices_of(other.submit(other.again({.failed = true, .where = only}))) ==
        std::vector<std::string>{"dev-007"});
}

TEST_CASE(
    "again: an undo takes exactly what got the command or may have, with the compensating call, at once") {
  Played played{{confirmed(), failed(), doubtful(), presumed()}};

  const RunId undo = played.submit(played.again({.in_doubt = true, .accepted = true}, RunPurpose::undo));

  std::vector<std::string> expected = numbered(0, 5);
  for (const std::string& name : numbered(10, 20)) expected.push_back(name);
  CHECK(played.devices_of(undo) == expected);
  CHECK(played.record(undo).stage == 1);
  CHECK(played.store->stages(undo)->empty());
  const Result<Job> job = job_of(*played.store, undo);
  REQUIRE(job.has_value());
  CHECK(job->call.args == "{\"v\": 1}");
  CHECK(job->rollout.stages.empty());
  CHECK(job_of(*played.store, played.run)->call.args == "{\"v\": 2}");
}

TEST_CASE(
    "again: an undo of a run that can still send, of an undo, or without a compensating call is refused") {
  const auto kind_of = [](const Played& played, RunId run) {
    AgainRequest request = played.again({.in_doubt = true, .accepted = true}, RunPurpose::undo);
    request.parent = run;
    const Result<AgainSurvey> survey = survey_again(*played.store, request);
    REQUIRE(survey.has_error());
    return survey.error().kind;
  };
  Played open{{confirmed()}, /*unsent=*/1};
  CHECK(kind_of(open, open.run) == ErrorKind::refused);

  Played undone{{confirmed()}};
  const RunId undo = undone.submit(undone.again({.accepted = true}, RunPurpose::undo));
  CHECK(kind_of(undone, undo) == ErrorKind::refused);

  Played plain{{confirmed()}, 0, R"({"name": "fw", "call": {"product_key": "a1", "identifier": "Set"}})"};
  CHECK(kind_of(plain, plain.run) == ErrorKind::refused);
  CHECK(kind_of(plain, RunId{99}) == ErrorKind::not_found);
}

TEST_CASE("again: a retry of an undo sends what undoes, once more") {
  Played played{{confirmed(), confirmed()}};
  const RunId undo = played.submit(played.again({.in_doubt = true, .accepted = true}, RunPurpose::undo));
  AgainRequest request = played.again({.failed = true, .not_sent = true});
  request.parent = undo;

  const RunId again = played.submit(request);

  CHECK(played.record(again).purpose == RunPurpose::undo);
  CHECK(played.record(again).parent == undo);
  CHECK(job_of(*played.store, again)->call.args == "{\"v\": 1}");
}

TEST_CASE("again: what one retry has taken, a second one of the same run leaves alone") {
  Played played{{failed(), failed()}};
  const auto only = [](const DeviceResult& device) { return device.device < "dev-003"; };
  const RunId first = played.submit(played.again({.failed = true, .where = only}));
  CHECK(played.devices_of(first) == numbered(0, 3));

  CHECK(played.devices_of(played.submit(played.again({.failed = true}))) == numbered(3, 10));

  const Result<AgainSurvey> nothing = survey_again(*played.store, played.again({.failed = true}));
  REQUIRE(nothing.has_error());
  CHECK(nothing.error().message.find("have taken over already") != std::string::npos);
}

TEST_CASE("again: a device that another unfinished run has is not taken") {
  Played played{{failed()}};
  const RunId other = *played.store->create_run({.job_name = "other",
                                                 .tenant = "prod",
                                                 .endpoint = "e",
                                                 .job_text = job_text,
                                                 .rate = 10,
                                                 .created_at = noon});
  REQUIRE(played.store->add_chunks(other, {{.devices = 1, .names = "dev-002\n"}}).has_value());
  REQUIRE(played.store->seal_run(other, 0).has_value());

  const Result<AgainSurvey> survey = survey_again(*played.store, played.again({.failed = true}));

  REQUIRE(survey.has_error());
  CHECK(survey.error().kind == ErrorKind::refused);
  CHECK(survey.error().message.find("dev-002") != std::string::npos);
}

TEST_CASE("again: what a retry may have taken is not sent once more by its parent") {
  Played played{{doubtful(), failed()}};
  played.submit(played.again({.in_doubt = true}));

  const Result<DoubtResolved> resent = played.store->resolve_doubt({.run = played.run,
                                                                    .verdict = DoubtVerdict::resend,
                                                                    .expected_devices = 5,
                                                                    .actor = "li",
                                                                    .reason = "nobody saw it",
                                                                    .now = noon});

  REQUIRE(resent.has_error());
  CHECK(resent.error().kind == ErrorKind::refused);
  CHECK(played.store
            ->resolve_doubt({.run = played.run,
                             .verdict = DoubtVerdict::accept,
                             .actor = "li",
                             .reason = "all report it",
                             .now = noon})
            .has_value());
}

TEST_CASE("again: a run without such devices is refused, and nothing is queued") {
  Played played{{confirmed()}};

  const Result<AgainSurvey> survey =
      survey_again(*played.store, played.again({.failed = true, .not_sent = true}));

  REQUIRE(survey.has_error());
  CHECK(survey.error().kind == ErrorKind::refused);
  CHECK(played.store->runs(10)->size() == 1);
}

TEST_CASE("again: devices keep the arguments they had, and an undo the ones that undo them") {
  const std::unique_ptr<Store> store = *open_memory_store(noon);
  const RunId run = *store->create_run({.job_name = "fw",
                                        .tenant = "prod",
                                        .endpoint = "e",
                                        .job_text = job_text,
                                        .rate = 10,
                                        .created_at = noon});
  const ArgumentsId a =
      *store->add_arguments(run, {.args = "{\"m\":\"A\"}", .compensate_args = "{\"m\":\"a\"}"});
  const ArgumentsId b =
      *store->add_arguments(run, {.args = "{\"m\":\"B\"}", .compensate_args = "{\"m\":\"b\"}"});
  REQUIRE(store
              ->add_chunks(run, {{.devices = 1, .names = "dev-1\n", .arguments = a},
                                 {.devices = 1, .names = "dev-2\n", .arguments = b},
                                 {.devices = 1, .names = "dev-3\n", .arguments = a}})
              .has_value());
  REQUIRE(store->seal_run(run, 0).has_value());
  const AgainRequest request{.parent = run, .selection = {.not_sent = true}, .now = noon, .submitter = "li"};
  const Result<AgainSurvey> survey = survey_again(*store, request);
  REQUIRE(survey.has_value());
  CHECK(survey->groups.size() == 2);

  const Result<RunId> child = submit_again(*store, request, *survey);
  REQUIRE(child.has_value());

  std::map<std::string, std::string> args;
  REQUIRE(store
              ->for_each_device(*child, {},
                                [&](const DeviceResult& row) {
                                  REQUIRE(row.arguments.has_value());
                                  CHECK(*row.arguments != a);
                                  args[std::string{row.device}] = store->arguments(*row.arguments)->args;
                                  return true;
                                })
              .has_value());
  CHECK(args == std::map<std::string, std::string>{
                    {"dev-1", "{\"m\":\"A\"}"}, {"dev-2", "{\"m\":\"B\"}"}, {"dev-3", "{\"m\":\"A\"}"}});
}
