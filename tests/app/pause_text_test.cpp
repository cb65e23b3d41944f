// SPDX-License-Identifier: MIT
#include "app/pause_text.hpp"

#include <doctest/doctest.h>

#include "app/hostile_texts.hpp"
#include "sluice/core/chunk_rules.hpp"
#include "sluice/dialect/server_clock.hpp"

using namespace sluice;
using namespace std::chrono_literals;

namespace {

RunRecord paused_for(std::string reason) {
  RunRecord run;
  run.id = RunId{7};
  run.tenant = "prod";
  run.chunks.pending = 1;
  run.control = RunControl::paused;
  run.control_reason = std::move(reason);
  return run;
}

RunRecord tenant_paused_for(std::string reason) {
  RunRecord run = paused_for("");
  run.control = RunControl::active;
  run.tenant_pause_reason = std::move(reason);
  return run;
}

std::string reason_at_deadline() {
  AttemptFacts late;
  late.run_started_at = UtcTime{};
  const Outcome last{.kind = OutcomeKind::unavailable, .code = "ServiceUnavailable", .http_status = 503};
  return settle(late, last, ChunkPolicy{}, UtcTime{240h}, 0).halt_reason;
}

}  // namespace

TEST_CASE("pause text: an account's pause ends with the advice that fits its code") {
  CHECK(pause_text(tenant_paused_for("iot.system.BillIsOverDue: pay first")) ==
        "tenant prod is paused: iot.system.BillIsOverDue: pay first (check the account's bill)");
  CHECK(pause_text(tenant_paused_for("Forbidden.RAM")) ==
        "tenant prod is paused: Forbidden.RAM (check the permissions of the access key)");
  CHECK(pause_text(tenant_paused_for("http_302: HTTP 302: the endpoint redirects to x")) ==
        "tenant prod is paused: http_302: HTTP 302: the endpoint redirects to x (check the endpoint; "
        "--endpoint names another one)");
}

TEST_CASE("pause text: a reason that says by itself what to do gets no advice") {
  const std::string clock = wrong_clock_reason(2h).value();
  CHECK(pause_text(tenant_paused_for(clock)) == "tenant prod is paused: " + clock);
  const Outcome used{.kind = OutcomeKind::nonce_used, .http_status = 400};
  const std::string repeated = settle({}, used, ChunkPolicy{}, UtcTime{}, 0).halt_reason;
  CHECK(pause_text(tenant_paused_for(repeated)) == "tenant prod is paused: " + repeated);
}

TEST_CASE("pause text: a pause at the deadline names the last answer, and that resume gives it once more") {
  const RunRecord run = paused_for(reason_at_deadline());

  CHECK(pause_text(run) ==
        "paused: the job's deadline has passed; its last attempt ended with ServiceUnavailable (a resume "
        "gives it the deadline once more)");
  CHECK_FALSE(is_paused_by_its_job(run));
}

TEST_CASE("pause text: a job that is refused as such goes on as it was, so the way to change it is named") {
  const RunRecord run = paused_for("iot.prod.NotExistedProduct: no such product");

  CHECK(is_paused_by_its_job(run));
  CHECK(pause_text(run) ==
        "paused: iot.prod.NotExistedProduct: no such product (sluice resume 7 goes on with the run's own "
        "copy of the "
        "job file; to change the job, correct the file and run it for what is pending)");
}

TEST_CASE("pause text: where the account is paused, the job is not blamed") {
  RunRecord run = paused_for("iot.prod.NotExistedProduct");
  run.tenant_pause_reason = "SignatureDoesNotMatch";

  CHECK_FALSE(is_paused_by_its_job(run));
  CHECK(recorded_pause_reason(run) == "SignatureDoesNotMatch");
}

TEST_CASE("pause text: without a reason on record it says so, and blames nobody") {
  CHECK(pause_text(paused_for("")) == "paused, no reason on record");
  CHECK_FALSE(is_paused_by_its_job(paused_for("")));
}

TEST_CASE("pause text: hostile reasons stay on their line") {
  for (const std::string& text : sluice::testing::hostile_texts()) {
    CAPTURE(text);
    CHECK(sluice::testing::is_harmless(pause_text(paused_for(text))));
    CHECK(sluice::testing::is_harmless(pause_text(tenant_paused_for(text))));
  }
}

TEST_CASE(
    "pause text: only a pause for an outcome has the job at fault, not one by a person or a threshold") {
  RunRecord run = paused_for("by alice (uid 1000): lunch");
  for (const ControlCause cause :
       {ControlCause::operator_order, ControlCause::threshold, ControlCause::gate, ControlCause::deadline}) {
    run.control_cause = cause;
    CHECK_FALSE(is_paused_by_its_job(run));
    CHECK(pause_text(run) == "paused: by alice (uid 1000): lunch");
  }
  run.control_cause = ControlCause::outcome;
  CHECK(is_paused_by_its_job(run));
}
