// SPDX-License-Identifier: MIT
// An operator's word on devices in doubt: when it is taken, and what it makes of them.
#include "sluice/core/doubt_rules.hpp"

#include <doctest/doctest.h>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

DoubtInQuestion question(std::int64_t devices, std::optional<std::int64_t> expected = std::nullopt,
                         RunControl control = RunControl::active) {
  return {.run = RunId{7}, .control = control, .devices = devices, .expected_devices = expected};
}

bool is_refused(DoubtVerdict verdict, const DoubtInQuestion& asked) {
  const Result<void> checked = check_verdict(verdict, asked);
  if (checked.has_error()) CHECK(checked.error().kind == ErrorKind::refused);
  return checked.has_error();
}

}  // namespace

TEST_CASE("doubt: an acceptance needs no number, a resend is taken with the exact number only") {
  CHECK_FALSE(is_refused(DoubtVerdict::accept, question(300)));
  CHECK_FALSE(is_refused(DoubtVerdict::accept, question(300, 300)));
  CHECK(is_refused(DoubtVerdict::accept, question(300, 299)));

  CHECK(is_refused(DoubtVerdict::resend, question(300)));
  CHECK(is_refused(DoubtVerdict::resend, question(300, 301)));
  CHECK_FALSE(is_refused(DoubtVerdict::resend, question(300, 300)));
}

TEST_CASE("doubt: a refused number names the right one, ready to be typed") {
  const Result<void> checked = check_verdict(DoubtVerdict::resend, question(300));

  REQUIRE(checked.has_error());
  CHECK(checked.error().message.find("run 7 has 300 devices in doubt") != std::string::npos);
  CHECK(checked.error().hint.find("--expect-devices 300") != std::string::npos);
}

TEST_CASE("doubt: nothing is decided where nothing is in doubt") {
  CHECK(is_refused(DoubtVerdict::accept, question(0)));
  CHECK(is_refused(DoubtVerdict::resend, question(0, 0)));
}

TEST_CASE("doubt: of a canceled run nothing is sent again, but its doubt can be accepted") {
  CHECK(is_refused(DoubtVerdict::resend, question(300, 300, RunControl::canceled)));
  CHECK_FALSE(is_refused(DoubtVerdict::accept, question(300, 300, RunControl::canceled)));
  CHECK_FALSE(is_refused(DoubtVerdict::resend, question(300, 300, RunControl::paused)));
}

TEST_CASE("doubt: accepted is presumed and never confirmed, resent is due at once") {
  const UtcTime now{1'000'000s};

  CHECK(resolve(DoubtVerdict::accept, now).state == ChunkState::succeeded);
  CHECK(resolve(DoubtVerdict::accept, now).evidence == Evidence::presumed);
  CHECK(resolve(DoubtVerdict::resend, now).state == ChunkState::pending);
  CHECK(resolve(DoubtVerdict::resend, now).due_at == now);
}
