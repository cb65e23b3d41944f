// SPDX-License-Identifier: MIT
#include "http_api/client_deadline.hpp"

namespace sluice {

ClientDeadline::ClientDeadline(const ApiLimits& limits, SteadyTime now)
    : limits_(limits), due_at_(now + limits.header_time) {}

void ClientDeadline::request_awaited(SteadyTime now) { due_at_ = now + limits_.idle_time; }

void ClientDeadline::head_begun(SteadyTime now) { due_at_ = now + limits_.header_time; }

void ClientDeadline::body_awaited(SteadyTime now) { due_at_ = now + limits_.body_time; }

void ClientDeadline::upload_begun(SteadyTime now) { upload_since_ = now; }

void ClientDeadline::upload_taken(SteadyTime, std::uint64_t bytes) {
  due_at_ = upload_since_ + limits_.body_time + time_for(bytes);
}

void ClientDeadline::answer_awaited(SteadyTime) {
  if (!is_ending_) due_at_ = SteadyTime::max();
}

void ClientDeadline::answer_offered(SteadyTime now, std::size_t bytes) {
  due_at_ = now + (is_ending_ ? limits_.farewell_time : limits_.write_time + time_for(bytes));
}

void ClientDeadline::end_begun(SteadyTime now, bool is_streaming) {
  is_ending_ = true;
  if (is_streaming) farewell_begun(now);
}

void ClientDeadline::farewell_begun(SteadyTime now) { due_at_ = now + limits_.farewell_time; }

std::chrono::milliseconds ClientDeadline::time_for(std::uint64_t bytes) const {
  return std::chrono::milliseconds{bytes * 1000 / limits_.bytes_per_second_min};
}

}  // namespace sluice
