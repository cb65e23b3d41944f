// SPDX-License-Identifier: MIT
#include "app/exit_codes.hpp"

#include <doctest/doctest.h>

using namespace sluice;

namespace {

RunRecord run_with(const StateCounts& chunks) {
  RunRecord run;
  run.chunks = chunks;
  run.started_at = UtcTime{std::chrono::seconds{1}};
  return run;
}

}  // namespace

TEST_CASE("exit code: each kind of error has the code of the contract") {
  CHECK(exit_code_of(ErrorKind::usage) == 2);
  CHECK(exit_code_of(ErrorKind::invalid_input) == 3);
  CHECK(exit_code_of(ErrorKind::not_found) == 4);
  CHECK(exit_code_of(ErrorKind::unreachable) == 5);
  CHECK(exit_code_of(ErrorKind::refused) == 6);
  CHECK(exit_code_of(ErrorKind::unauthorized) == 11);
  CHECK(exit_code_of(ErrorKind::storage) == 1);
  CHECK(exit_code_of(ErrorKind::storage_busy) == 6);
  CHECK(exit_code_of(ErrorKind::unexpected) == 1);
}

TEST_CASE("exit code: presumed counts as well as accepted") {
  CHECK(exit_code_of(run_with({.accepted = 3, .presumed = 1})) == 0);
}

TEST_CASE("exit code: failed is 7, and doubt beats failure") {
  CHECK(exit_code_of(run_with({.accepted = 3, .failed = 1})) == 7);
  CHECK(exit_code_of(run_with({.accepted = 3, .in_doubt = 1})) == 10);
  CHECK(exit_code_of(run_with({.failed = 5, .in_doubt = 1})) == 10);
}

TEST_CASE("exit code: a canceled run is 9, whatever became of its devices") {
  RunRecord run = run_with({.failed = 1, .in_doubt = 1, .canceled = 4});
  run.control = RunControl::canceled;

  CHECK(exit_code_of(run) == 9);
}

TEST_CASE("exit code: a run that paused is 8, and 11 if its tenant was blocked") {
  RunRecord run = run_with({.pending = 4});
  run.control = RunControl::paused;
  CHECK(exit_code_of(run) == 8);

  run.tenant_pause_reason = "InvalidAccessKeyId.NotFound";
  CHECK(exit_code_of(run) == 11);

  run.control = RunControl::active;
  CHECK(exit_code_of(run) == 11);
}

TEST_CASE("exit code: a wait that ended before the run did is 12") {
  CHECK(exit_code_of(run_with({.pending = 4})) == 12);
  CHECK(exit_code_of(run_with({.in_flight = 1})) == 12);
}
