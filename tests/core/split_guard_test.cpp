// SPDX-License-Identifier: MIT
// When splitting stops because the job is at fault, and when it does not because some devices are.
#include "sluice/core/split_guard.hpp"

#include <doctest/doctest.h>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

const UtcTime now{1'000'000s};
const AttemptFacts chunk{.devices = 100};
const AttemptFacts half{.devices = 50, .is_part = true};

Outcome refused(std::string code = "iot.device.NotExistedDevice") {
  return {.kind = OutcomeKind::rejected_devices, .code = std::move(code), .http_status = 200};
}

Outcome told(OutcomeKind kind) { return {.kind = kind, .http_status = 200}; }

SplitGuard after(int chunks, int parts) {
  SplitGuard guard;
  for (int i = 0; i < chunks; ++i) guard.heed(chunk, refused());
  for (int i = 0; i < parts; ++i) guard.heed(half, refused());
  return guard;
}

}  // namespace

TEST_CASE(
    "split guard: the third chunk of the list in a row that is refused alike trips it, the second not") {
  CHECK_FALSE(after(2, 0).has_tripped());
  CHECK(after(3, 0).has_tripped());
}

TEST_CASE("split guard: two halves and four quarters that are refused trip it, five parts do not") {
  CHECK_FALSE(after(1, 5).has_tripped());
  CHECK(after(1, 6).has_tripped());
}

TEST_CASE("split guard: chunks that are refused for different reasons are not refused alike") {
  SplitGuard guard;
  for (const char* code : {"a", "a", "b", "a", "b", "b"}) guard.heed(chunk, refused(code));
  CHECK_FALSE(guard.has_tripped());

  guard.heed(chunk, refused("b"));
  CHECK(guard.has_tripped());
}

TEST_CASE("split guard: once anything was accepted, the devices are at fault and not the job") {
  SplitGuard guard = after(2, 5);
  guard.heed(half, told(OutcomeKind::accepted));
  for (int i = 0; i < 10; ++i) guard.heed(chunk, refused());
  for (int i = 0; i < 10; ++i) guard.heed(half, refused());

  CHECK_FALSE(guard.has_tripped());
}

TEST_CASE("split guard: what says nothing about the list does not interrupt a row of refusals") {
  SplitGuard guard = after(2, 0);
  for (const OutcomeKind kind : {OutcomeKind::throttled, OutcomeKind::silent, OutcomeKind::unavailable,
                                 OutcomeKind::nonce_used, OutcomeKind::answered_unclear}) {
    guard.heed(chunk, told(kind));
  }
  guard.heed(chunk, refused());

  CHECK(guard.has_tripped());
}

TEST_CASE("split guard: the refusal of a replay is no certain one, so it does not count") {
  SplitGuard guard = after(2, 0);
  AttemptFacts replay = chunk;
  replay.replay_number = 1;
  guard.heed(replay, refused());

  CHECK_FALSE(guard.has_tripped());
}

TEST_CASE("split guard: instead of a split the chunk waits unspent, and the run says what to look at") {
  Outcome outcome = refused();
  outcome.message = "device not found";

  const Transition next = stop_splitting(outcome, now);

  CHECK(next.state == ChunkState::pending);
  CHECK(next.due_at == now);
  CHECK_FALSE(next.spends_attempt);
  CHECK(next.halt == Halt::run);
  CHECK(is_split_guard_reason(next.halt_reason));
  for (const char* part :
       {"iot.device.NotExistedDevice", "device not found", "product key", "device list", "sluice resume"}) {
    CHECK(next.halt_reason.find(part) != std::string::npos);
  }
  CHECK_FALSE(is_split_guard_reason("iot.device.NotExistedDevice: split_guard"));
  CHECK_FALSE(is_split_guard_reason(""));
}

TEST_CASE(
    "split guard: a run that goes on is unguarded once something was accepted, or the operator says go on") {
  RunRecord run;
  CHECK_FALSE(splits_unguarded(run));

  run.control = RunControl::paused;
  run.control_reason = "iot.prod.NotExistedProduct: no";
  CHECK_FALSE(splits_unguarded(run));

  run.control_reason = stop_splitting({}, {}).halt_reason;
  CHECK(splits_unguarded(run));

  run = {};
  run.chunks.accepted = 1;
  CHECK(splits_unguarded(run));
}
