// SPDX-License-Identifier: MIT
// When the time of a client is over, by what has happened on his connection so far. Pure: `now` is passed in;
// who waits for it is ClientTimer. What comes letter by letter is due when it would be, had it come at once:
// only for what is large does a client get more time, and then by the bytes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "http_api/api_limits.hpp"
#include "sluice/core/time.hpp"

namespace sluice {

class ClientDeadline {
 public:
  /// He has come. To agree upon TLS he has as long as for a header.
  ClientDeadline(const ApiLimits& limits, SteadyTime now);

  /// SteadyTime::max(): it is not he who is waited for.
  SteadyTime due_at() const { return due_at_; }
  bool is_over(SteadyTime now) const { return now >= due_at_; }

  // What may happen, each as of now.

  /// Nothing of his next request is here.
  void request_awaited(SteadyTime now);
  /// A first piece of it is.
  void head_begun(SteadyTime now);
  /// The head is read, and asks for the body; of an upload, for its first piece.
  void body_awaited(SteadyTime now);
  /// There is a place for an upload: from now on his speed counts.
  void upload_begun(SteadyTime now);
  /// So many bytes of it in all. The time that we take to put them away is his: a client cannot be told from
  /// a disk that is slow, and neither may go on for ever.
  void upload_taken(SteadyTime now, std::uint64_t bytes);
  /// He waits for us: for an answer, or for its next piece.
  void answer_awaited(SteadyTime now);
  /// Now it is he who has to take so many bytes of it.
  void answer_offered(SteadyTime now, std::size_t bytes);
  /// The server ends, so whatever is offered from now on has the time of a farewell; if he is following a
  /// stream, so has what he is taking at the moment.
  void end_begun(SteadyTime now, bool is_streaming);
  /// He was told all, and is heard out.
  void farewell_begun(SteadyTime now);

 private:
  std::chrono::milliseconds time_for(std::uint64_t bytes) const;

  ApiLimits limits_;
  SteadyTime due_at_;
  SteadyTime upload_since_{};
  bool is_ending_ = false;
};

}  // namespace sluice
