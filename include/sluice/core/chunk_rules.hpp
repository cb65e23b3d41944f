// SPDX-License-Identifier: MIT
// The life of a chunk as pure functions: what follows from an outcome, from a crash, from a cancel.
// Read this first: everything else in sluice exists to feed these rules and to carry out what they say.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sluice/core/chunk.hpp"
#include "sluice/core/job.hpp"
#include "sluice/core/outcome.hpp"
#include "sluice/core/run.hpp"
#include "sluice/core/time.hpp"

namespace sluice {

/// An identical request may follow silence at most this often …
inline constexpr int identical_replays_max = 2;
/// … and only this long after the first send: the cloud forgets nonces after some 15 minutes, and a replay
/// that comes later than its memory would be executed a second time.
inline constexpr std::chrono::minutes identical_replay_window{10};

/// After so many deaths of the process with the chunk in flight, the chunk is taken to be the cause.
inline constexpr int poison_crashes = 3;

/// What the rules need to know of the attempt that was just made.
struct AttemptFacts {
  int number = 1;         ///< of the chunk's attempts that count, this one included; starts at 1
  int devices = 1;        ///< in the chunk
  bool is_part = false;   ///< the chunk is a part of one that was split
  int replay_number = 0;  ///< sends of this very request that may have gone out before; 0: it is the first
  bool is_unclear_already = false;  ///< an earlier attempt of the chunk may have been executed
  int crashes = 0;  ///< processes that died while the chunk was in flight, at recover() this one included
  bool endpoint_is_lost = false;  ///< nothing gets through any more, this attempt included
  UtcTime request_stamped_at;     ///< signed into the request; an identical re-send keeps the first one's
  UtcTime run_started_at;
};

/// What must be true of a job for the rules.
struct ChunkPolicy {
  RetryPolicy retry;
  bool safe_to_repeat = false;
  OnDoubt on_doubt = OnDoubt::hold;

  bool operator==(const ChunkPolicy&) const = default;
};

ChunkPolicy policy_of(const Job& job);

enum class Halt {
  none,
  run,     ///< the run pauses with the outcome as its reason
  cancel,  ///< the run is canceled
  tenant,  ///< the whole tenant pauses
};

/// What the rules make of an outcome.
struct Transition {
  ChunkState state = ChunkState::pending;
  Evidence evidence = Evidence::none;
  UtcTime due_at;                      ///< when a pending chunk may be claimed again
  bool spends_attempt = true;          ///< false: the attempt is given back
  bool replay = false;                 ///< the next send repeats this very request, byte for byte
  Held held = Held::no;                ///< why it is in doubt, if not for the outcome's sake
  bool is_presumed_by_policy = false;  ///< it is in doubt, and only the job's `presume` says otherwise
  Halt halt = Halt::none;
  std::string halt_reason = {};  ///< empty: the outcome is the reason
  ControlCause halt_cause = ControlCause::outcome;

  bool operator==(const Transition&) const = default;
};

/// @param jitter uniform in [0, 1)
Transition settle(const AttemptFacts& attempt, const Outcome& outcome, const ChunkPolicy& policy, UtcTime now,
                  double jitter);

/// For a chunk that was claimed but not sent after all, because the process stops or the run was halted.
Transition release(const AttemptFacts& attempt, const ChunkPolicy& policy, UtcTime now);

/// For a chunk that a dead process left in flight: whether its request was sent is unknown, so it counts as
/// silence. If it was in flight at too many deaths, it is held in doubt, whatever the policy.
Transition recover(const AttemptFacts& attempt, const ChunkPolicy& policy, UtcTime now);

/// Why a run pauses whose retries were still waiting for the retry budget at its deadline.
std::string reason_of_late_retries();
/// Whether a run paused for this reason because its deadline had passed.
bool is_deadline_reason(std::string_view control_reason);

/// Whether devices may have got the command, as far as this outcome goes.
bool may_have_been_executed(OutcomeKind kind);

/// The state a canceled run leaves the chunk in; absent: the chunk stays as it is. Canceled says that the
/// devices got nothing, so it is only for those of which that is certain.
/// @param is_unclear some attempt of the chunk may have been executed
std::optional<ChunkState> cancel(ChunkState state, bool is_unclear);

/// What becomes of a transition if the run was canceled while the chunk was in flight: nothing goes back into
/// the queue, and nothing is presumed any more.
Transition in_canceled_run(Transition next, bool is_unclear);

}  // namespace sluice
