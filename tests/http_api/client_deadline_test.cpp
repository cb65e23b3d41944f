// SPDX-License-Identifier: MIT
// How long a client may take for what, and that he gets no more of it by dragging it out.
#include "http_api/client_deadline.hpp"

#include <doctest/doctest.h>

#include "http_api/some_limits.hpp"

namespace sluice::tests {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime start{100s};

}  // namespace

TEST_CASE("client deadline: each thing that he is waited for has a time of its own, from when it began") {
  ClientDeadline deadline{some_limits, start};
  CHECK(deadline.due_at() == start + 5s);

  deadline.request_awaited(start + 1s);
  CHECK(deadline.due_at() == start + 61s);
  deadline.head_begun(start + 30s);
  CHECK(deadline.due_at() == start + 35s);
  deadline.body_awaited(start + 34s);
  CHECK(deadline.due_at() == start + 44s);
  deadline.answer_awaited(start + 40s);
  CHECK(deadline.due_at() == SteadyTime::max());
  deadline.answer_offered(start + 1h, 3'000);
  CHECK(deadline.due_at() == start + 1h + 20s + 3s);
  deadline.farewell_begun(start + 2h);
  CHECK(deadline.due_at() == start + 2h + 2s);
}

TEST_CASE("client deadline: it is over at the moment that it is due, and not before") {
  const ClientDeadline deadline{some_limits, start};
  CHECK_FALSE(deadline.is_over(start + 5s - 1ns));
  CHECK(deadline.is_over(start + 5s));
}

TEST_CASE("client deadline: an upload has a second more for each thousand bytes, however they were spread") {
  ClientDeadline deadline{some_limits, start};
  deadline.body_awaited(start);
  // The first piece has to come in the time of a body, though a place for it took two seconds to make.
  deadline.upload_begun(start + 2s);
  CHECK(deadline.due_at() == start + 10s);

  deadline.upload_taken(start + 3s, 1'000);
  CHECK(deadline.due_at() == start + 2s + 10s + 1s);
  deadline.upload_taken(start + 12s, 1'500);
  CHECK(deadline.due_at() == start + 2s + 10s + 1s + 500ms);
  // Nothing that he sends now is worth the time that he took for it.
  deadline.upload_taken(start + 14s, 1'501);
  CHECK(deadline.is_over(start + 14s));
}

TEST_CASE("client deadline: when the server ends, a large answer has no more time than a small one") {
  ClientDeadline deadline{some_limits, start};
  deadline.answer_awaited(start);

  deadline.end_begun(start + 1s, /*is_streaming=*/false);
  CHECK(deadline.due_at() == SteadyTime::max());  // he is still owed the answer

  deadline.answer_offered(start + 100s, 1'000'000);
  CHECK(deadline.due_at() == start + 102s);
}

TEST_CASE(
    "client deadline: when the server ends, whoever follows a stream has two seconds to take the rest") {
  ClientDeadline deadline{some_limits, start};
  deadline.answer_offered(start, 1'000'000);

  deadline.end_begun(start + 1s, /*is_streaming=*/true);
  CHECK(deadline.due_at() == start + 3s);
  deadline.answer_awaited(start + 2s);
  CHECK(deadline.due_at() == start + 3s);
}

}  // namespace sluice::tests
