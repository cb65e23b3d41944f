// SPDX-License-Identifier: MIT
#include "sluice/engine/recovery.hpp"

#include <doctest/doctest.h>

#include "store/store_engines.hpp"
#include "store/store_fixture.hpp"

using namespace sluice;
using namespace sluice::store_tests;

namespace {

/// A sealed run of one chunk, under a job with that policy.
RunId submit_under(Store& store, const std::string& policy) {
  const std::string job = R"({"name": "job", "call": {"product_key": "a1BwAGVxxxx", "identifier": "Set"}, )";
  const RunId run = expect(store.create_run({.job_name = "job",
                                             .tenant = "prod",
                                             .endpoint = "https://iot.example",
                                             .job_text = job + policy + "}",
                                             .rate = 8,
                                             .created_at = noon}));
  expect(store.add_chunks(run, {{.devices = 2, .names = names(0, 2)}}));
  expect(store.seal_run(run, 0));
  return run;
}

}  // namespace

TEST_CASE(
    "recovery: after a night without power, a job that may be repeated is sent afresh, past its deadline "
    "too") {
  const SqliteHome home;
  RunId run;
  {
    const auto store = expect(home.open(noon));
    run = submit_under(*store, R"("safe_to_repeat": true, "retry": {"deadline": "6h"})");
    claim_one(*store);
  }

  const UtcTime morning = noon + 8h;
  const auto store = expect(home.open(morning));
  CHECK(expect(recover_unfinished(*store, morning)) == 1);

  CHECK(record_of(*store, run).devices == StateCounts{.pending = 2});
  const ClaimedChunk again = claim_one(*store, morning + 1min);
  CHECK_FALSE(again.is_replay);
  CHECK(again.facts.number == 2);
}
