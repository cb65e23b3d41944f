// SPDX-License-Identifier: MIT
#include "sluice/core/stage_rules.hpp"

#include <fmt/format.h>

#include <vector>

#include "sluice/core/mutation.hpp"
#include "sluice/core/stop_rules.hpp"

namespace sluice {
namespace {

/// Devices of which the gate can tell how they fared.
std::int64_t sample_of(const Gate& gate, const StageTally& tally) {
  return tally.accepted + tally.failed + (gate.rules.is_doubt_failure ? tally.in_doubt : 0);
}

/// Why the gate's own numbers do not let the next stage start; empty: they do. A rule that was passed and
/// then overruled by a person's "go on" stops here once more.
std::string objection(const StageFacts& facts) {
  const Gate& gate = facts.done->gate;
  const std::int64_t sample = sample_of(gate, facts.tally);
  if (sample < gate.min_sample && !is_seeded(Mutation::gate_without_sample)) {
    return fmt::format("{} of its devices have a result that counts, and the gate wants {}", sample,
                       gate.min_sample);
  }
  const std::vector<std::string> passed = passed_limits(gate.rules, *facts.done, facts.tally, facts.run);
  return passed.empty() ? std::string{} : passed.front();
}

std::optional<NextStep> at_gate(const StageFacts& facts, UtcTime now) {
  const Stage& stage = *facts.done;
  if (stage.gate.is_open || facts.is_gate_overruled) return std::nullopt;
  if (const std::string why = objection(facts); !why.empty()) {
    return NextStep{
        StageStep::hold, {}, fmt::format("stage {} is over, and its gate holds: {}", stage.name, why)};
  }
  if (!stage.gate.check) return std::nullopt;
  if (!facts.answer && !facts.asked_at) return NextStep{StageStep::ask, {}, {}};
  if (!facts.answer) {
    return NextStep{
        StageStep::wait, {}, fmt::format("stage {} is over, and its outside check is asked", stage.name)};
  }
  switch (*facts.answer) {
    case GateAnswer::pass:
      return std::nullopt;
    case GateAnswer::fail:
      return NextStep{
          StageStep::hold, {}, fmt::format("stage {} is over, and its outside check failed", stage.name)};
    case GateAnswer::inconclusive:
      break;
  }
  const UtcTime again_at = *facts.asked_at + stage.gate.check->every;
  if (now >= again_at) return NextStep{StageStep::ask, {}, {}};
  return NextStep{StageStep::wait, again_at,
                  fmt::format("stage {} is over, and its outside check is inconclusive", stage.name)};
}

}  // namespace

NextStep next_step(const StageFacts& facts, UtcTime now) {
  if (facts.done) {
    if (!facts.settled_at) return {StageStep::wait, {}, {}};
    if (!facts.next) return {StageStep::finish, {}, {}};
    // Nobody was reached, so there is nothing to wait for and nothing to judge.
    const bool is_empty = facts.tally.devices == 0;
    const UtcTime soaked_at = *facts.settled_at + facts.done->soak;
    if (!is_empty && now < soaked_at)
      return {StageStep::wait, soaked_at, fmt::format("stage {} soaks", facts.done->name)};
    if (!is_empty) {
      if (const std::optional<NextStep> step = at_gate(facts, now)) return *step;
    }
  }
  const bool is_approved = facts.is_next_approved || is_seeded(Mutation::approval_ignored);
  if (facts.next && facts.next->approval && !is_approved) {
    return {StageStep::await_approval, {}, fmt::format("stage {} waits for its approval", facts.next->name)};
  }
  return {StageStep::open, {}, {}};
}

}  // namespace sluice
