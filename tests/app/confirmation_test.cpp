// SPDX-License-Identifier: MIT
#include "app/confirmation.hpp"

#include <doctest/doctest.h>

using namespace sluice;

TEST_CASE("confirmation: more than 500 devices without stages must be meant") {
  Job job;
  SendOptions send;
  CHECK_FALSE(needs_confirmation(job, send, 500));
  CHECK(needs_confirmation(job, send, 501));

  send.says_yes = true;
  CHECK_FALSE(needs_confirmation(job, send, 501));
  send.says_yes = false;
  send.expected_devices = 501;
  CHECK_FALSE(needs_confirmation(job, send, 501));
}

TEST_CASE("confirmation: stages, and the word that none are wanted, are confirmation enough") {
  Job staged;
  staged.rollout.stages.resize(1);
  CHECK_FALSE(needs_confirmation(staged, {}, 50'000));

  Job unstaged;
  unstaged.rollout.is_unstaged_on_purpose = true;
  CHECK_FALSE(needs_confirmation(unstaged, {}, 50'000));
}

TEST_CASE("confirmation: only the exact number is one") {
  for (const char* line : {"1200", "1,200", " 1200 ", "1200\r"}) {
    CAPTURE(line);
    CHECK(is_confirmed_by(line, 1200));
  }
  for (const char* line : {"", " ", "y", "yes", "1201", "120", "12,00", "01200", "1200 devices"}) {
    CAPTURE(line);
    CHECK_FALSE(is_confirmed_by(line, 1200));
  }
}
