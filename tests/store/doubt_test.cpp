// SPDX-License-Identifier: MIT
// Conformance suite, part 4: doubt and who may end it, and chunks that seem to kill the process; for every
// engine of the Store seam.
#include <doctest/doctest.h>

#include "store/store_engines.hpp"
#include "store/store_fixture.hpp"

using namespace sluice;
using namespace sluice::store_tests;

namespace {

Settlement unclear(const ClaimedChunk& claimed, UtcTime at = noon + 1s) {
  return settlement(claimed, OutcomeKind::answered_unclear, {.state = ChunkState::in_doubt}, at);
}

DoubtDecision decision(RunId run, DoubtVerdict verdict,
                       std::optional<std::int64_t> expected_devices = std::nullopt) {
  return {.run = run,
          .verdict = verdict,
          .expected_devices = expected_devices,
          .actor = "alice (uid 1000)",
          .reason = "asked the fleet's owner",
          .now = noon + 1h};
}

/// A run of which chunks 1 and 3 (2 and 4 devices) are in doubt and chunk 2 (3 devices) was accepted.
RunId run_in_doubt(Store& store) {
  const RunId run = submit(store, {2, 3, 4});
  const auto claimed = claim(store, 3);
  expect(store.settle(unclear(claimed[0])));
  expect(store.settle(accepted(claimed[1])));
  expect(store.settle(unclear(claimed[2], noon + 2s)));
  return run;
}

/// The rules as the engine applies them to a job that may be repeated.
Transition rule(const UnresolvedAttempt& lost) {
  return recover(lost.facts, ChunkPolicy{.safe_to_repeat = true}, noon);
}

}  // namespace

TEST_CASE_TEMPLATE("store: doubt is listed chunk by chunk, with what is known of each", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = run_in_doubt(*store);

  const std::vector<DoubtfulChunk> doubts = expect(store->doubts(run));

  REQUIRE(doubts.size() == 2);
  CHECK(doubts[0] == DoubtfulChunk{.chunk = doubts[0].chunk,
                                   .devices = 2,
                                   .code = "Code.answered_unclear",
                                   .message = "text",
                                   .request_id = "r-1",
                                   .sends = 1,
                                   .since = noon + 1s});
  CHECK(doubts[1].devices == 4);
  CHECK(doubts[1].since == noon + 2s);
  CHECK(kind_of(store->doubts(RunId{7})) == ErrorKind::not_found);
  CHECK(kind_of(store->doubt_decisions(RunId{7})) == ErrorKind::not_found);
}

TEST_CASE_TEMPLATE("store: accepted doubt counts as presumed, and who said so stays on record", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  RunId run;
  {
    const auto store = expect(home.open(noon));
    run = run_in_doubt(*store);

    CHECK(expect(store->resolve_doubt(decision(run, DoubtVerdict::accept))) == DoubtResolved{2, 6});
  }

  const auto store = expect(home.open(noon + 2h));
  CHECK(record_of(*store, run).devices == StateCounts{.accepted = 3, .presumed = 6});
  CHECK(record_of(*store, run).finished_at == noon + 2s);
  CHECK(expect(store->doubts(run)).empty());
  const std::vector<DecidedChunk> decided = expect(store->doubt_decisions(run));
  REQUIRE(decided.size() == 2);
  CHECK(decided[0] == DecidedChunk{.chunk = decided[0].chunk,
                                   .devices = 2,
                                   .verdict = DoubtVerdict::accept,
                                   .actor = "alice (uid 1000)",
                                   .reason = "asked the fleet's owner",
                                   .at = noon + 1h});
  check_counters(*store, run);
}

TEST_CASE_TEMPLATE("store: resent doubt is claimed anew, with all attempts and a nonce of its own", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = run_in_doubt(*store);

  CHECK(expect(store->resolve_doubt(decision(run, DoubtVerdict::resend, 6))) == DoubtResolved{2, 6});

  CHECK(record_of(*store, run).devices == StateCounts{.pending = 6, .accepted = 3});
  CHECK_FALSE(record_of(*store, run).finished_at.has_value());
  const auto claimed = claim(*store, 9, noon + 1h);
  REQUIRE(claimed.size() == 2);
  for (const ClaimedChunk& chunk : claimed) {
    CHECK_FALSE(chunk.is_replay);
    CHECK(chunk.facts.number == 1);
    CHECK(chunk.facts.is_unclear_already);
  }
  expect(store->settle(accepted(claimed[0], noon + 2h)));
  expect(store->settle(accepted(claimed[1], noon + 2h)));
  CHECK(record_of(*store, run).devices == StateCounts{.accepted = 9});
  CHECK(record_of(*store, run).finished_at == noon + 2h);
  check_counters(*store, run);
}

TEST_CASE_TEMPLATE("store: a decision that is refused changes nothing and is not on record", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = run_in_doubt(*store);
  const ChunkId doubtful = expect(store->doubts(run))[0].chunk;
  const ChunkId of_the_accepted =
      devices_of(*store, run, {.state = ChunkState::succeeded, .evidence = {}})[0].chunk;

  CHECK(kind_of(store->resolve_doubt(decision(RunId{7}, DoubtVerdict::accept))) == ErrorKind::not_found);
  CHECK(kind_of(store->resolve_doubt(decision(run, DoubtVerdict::resend))) == ErrorKind::refused);
  CHECK(kind_of(store->resolve_doubt(decision(run, DoubtVerdict::resend, 5))) == ErrorKind::refused);
  DoubtDecision one_too_many = decision(run, DoubtVerdict::accept);
  one_too_many.chunks = {doubtful, of_the_accepted};
  CHECK(kind_of(store->resolve_doubt(one_too_many)) == ErrorKind::refused);
  // The schema itself refuses a decision that nobody stands for.
  DoubtDecision nameless = decision(run, DoubtVerdict::accept);
  nameless.reason.clear();
  CHECK(store->resolve_doubt(nameless).has_error());

  CHECK(record_of(*store, run).devices == StateCounts{.accepted = 3, .in_doubt = 6});
  CHECK(expect(store->doubt_decisions(run)).empty());
  check_counters(*store, run);
}

TEST_CASE_TEMPLATE("store: a word on one chunk leaves the others in doubt, and a second word finds nothing",
                   Home, SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = run_in_doubt(*store);
  DoubtDecision first = decision(run, DoubtVerdict::accept);
  first.chunks = {expect(store->doubts(run))[1].chunk};

  CHECK(expect(store->resolve_doubt(first)) == DoubtResolved{1, 4});
  CHECK(record_of(*store, run).devices == StateCounts{.accepted = 3, .presumed = 4, .in_doubt = 2});
  CHECK(kind_of(store->resolve_doubt(first)) == ErrorKind::refused);
  CHECK(expect(store->resolve_doubt(decision(run, DoubtVerdict::resend, 2))) == DoubtResolved{1, 2});
  CHECK(kind_of(store->resolve_doubt(decision(run, DoubtVerdict::resend, 2))) == ErrorKind::refused);
  CHECK(expect(store->doubt_decisions(run)).size() == 2);
  check_counters(*store, run);
}

TEST_CASE_TEMPLATE("store: the doubt of a canceled run can be accepted, and nothing of it is sent", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit(*store, {2, 3});
  expect(store->settle(unclear(claim_one(*store))));
  expect(store->set_run_control(
      {.run = run, .control = RunControl::canceled, .reason = "wrong fleet", .now = noon + 2s}));

  CHECK(kind_of(store->resolve_doubt(decision(run, DoubtVerdict::resend, 2))) == ErrorKind::refused);
  CHECK(expect(store->resolve_doubt(decision(run, DoubtVerdict::accept))) == DoubtResolved{1, 2});
  CHECK(record_of(*store, run).devices == StateCounts{.presumed = 2, .canceled = 3});
}

TEST_CASE_TEMPLATE("store: in a canceled run nothing is presumed for the policy's sake", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit(*store, {2});
  const ClaimedChunk claimed = claim_one(*store);
  expect(store->set_run_control(
      {.run = run, .control = RunControl::canceled, .reason = "wrong fleet", .now = noon}));
  const ChunkPolicy presuming{.on_doubt = OnDoubt::presume};
  const Outcome outcome{.kind = OutcomeKind::answered_unclear, .code = "c", .http_status = 500};

  expect(store->settle(settlement(claimed, OutcomeKind::answered_unclear,
                                  sluice::settle(claimed.facts, outcome, presuming, noon, 0))));

  CHECK(record_of(*store, run).devices == StateCounts{.in_doubt = 2});
}

TEST_CASE_TEMPLATE("store: a chunk that three processes died with is held as poison until somebody decides",
                   Home, SLUICE_STORE_HOMES) {
  const Home home;
  RunId run;
  for (int crashes = 0; crashes <= 2; ++crashes) {
    const auto store = expect(home.open(noon));
    if (crashes == 0) run = submit(*store, {2});
    CHECK(expect(store->recover(rule, noon)) == (crashes == 0 ? 0 : 1));
    const ClaimedChunk claimed = claim_one(*store);
    CHECK(claimed.facts.crashes == crashes);
  }

  const auto store = expect(home.open(noon));
  CHECK(expect(store->recover(rule, noon)) == 1);

  CHECK(record_of(*store, run).devices == StateCounts{.in_doubt = 2});
  const std::vector<DoubtfulChunk> doubts = expect(store->doubts(run));
  REQUIRE(doubts.size() == 1);
  CHECK(doubts[0].held == Held::poison);
  CHECK(doubts[0].code == "poison");
  CHECK(doubts[0].message.find("3 processes") != std::string::npos);
  CHECK(doubts[0].sends == 3);  // none is on record as sent, and each may have been
  CHECK(devices_of(*store, run)[0].code == "poison");

  expect(store->resolve_doubt(decision(run, DoubtVerdict::resend, 2)));
  const ClaimedChunk again = claim_one(*store, noon + 1h);
  CHECK(again.facts.crashes == 0);
  CHECK_FALSE(again.is_replay);
}

TEST_CASE_TEMPLATE("store: the halves of a split chunk are known as parts, and no crash is laid to them",
                   Home, SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  submit(*store, {2});
  const ClaimedChunk whole = claim_one(*store);
  CHECK_FALSE(whole.facts.is_part);
  expect(store->settle(rejected(whole)));

  for (const ClaimedChunk& half : claim(*store, 2, noon + 2s)) {
    CHECK(half.facts.is_part);
    CHECK(half.facts.crashes == 0);
  }
}
