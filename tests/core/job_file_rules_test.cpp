// SPDX-License-Identifier: MIT
#include "sluice/core/job_file_rules.hpp"

#include <doctest/doctest.h>

using namespace sluice;

namespace {

const SeenJobFile job{.digest = "a", .is_valid = true};
const SeenJobFile scheduled{.digest = "b", .is_valid = true, .has_schedule = true};
const SeenJobFile broken{.digest = "c"};

KnownJobFile submitted() { return {.revision = 1, .digest = "a", .is_good = true, .has_run = true}; }
KnownJobFile installed() { return {.revision = 1, .digest = "b", .is_good = true, .has_schedule = true}; }

}  // namespace

TEST_CASE("job files: a new one is submitted, or becomes a schedule if it has the block") {
  CHECK(decide_job_file({}, job, false) == JobFileDecision{JobFileStep::submit});
  CHECK(decide_job_file({}, scheduled, false) == JobFileDecision{JobFileStep::install});
}

TEST_CASE("job files: what is in force already is left alone") {
  CHECK(decide_job_file(submitted(), job, true) == JobFileDecision{});
  CHECK(decide_job_file(installed(), scheduled, false) == JobFileDecision{});
}

TEST_CASE("job files: a content is submitted once, even if the file was another one meanwhile, or gone") {
  KnownJobFile another = submitted();
  another.digest = "z";
  CHECK(decide_job_file(another, job, true) == JobFileDecision{JobFileStep::accept_submitted});
  KnownJobFile gone = submitted();
  gone.is_good = false;
  gone.is_removed = true;
  CHECK(decide_job_file(gone, job, true) == JobFileDecision{JobFileStep::accept_submitted});
}

TEST_CASE("job files: a revision that a crash kept from its run is submitted after all") {
  KnownJobFile cut_off = submitted();
  cut_off.has_run = false;
  CHECK(decide_job_file(cut_off, job, false) == JobFileDecision{JobFileStep::submit});
}

TEST_CASE("job files: an invalid one leaves in force what its last good revision made") {
  CHECK(decide_job_file({}, broken, false) == JobFileDecision{JobFileStep::refuse});
  CHECK(decide_job_file(installed(), broken, false) == JobFileDecision{JobFileStep::refuse});
}

TEST_CASE("job files: one that was invalid and is as it was before is good again") {
  KnownJobFile known = installed();
  known.is_good = false;
  CHECK(decide_job_file(known, scheduled, false) == JobFileDecision{JobFileStep::install});
}

TEST_CASE("job files: a removed one retires its schedule, once, and no run") {
  CHECK(decide_job_file(installed(), {}, false) == JobFileDecision{JobFileStep::retire, true});
  CHECK(decide_job_file(submitted(), {}, false) == JobFileDecision{JobFileStep::retire, false});
  KnownJobFile gone = installed();
  gone.is_good = false;
  gone.has_schedule = false;
  gone.is_removed = true;
  CHECK(decide_job_file(gone, {}, false) == JobFileDecision{});
  CHECK(decide_job_file({}, {}, false) == JobFileDecision{});
}

TEST_CASE("job files: one that loses its schedule block retires the schedule and is submitted") {
  CHECK(decide_job_file(installed(), job, false) == JobFileDecision{JobFileStep::submit, true});
}
