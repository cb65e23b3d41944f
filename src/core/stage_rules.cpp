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

/// What the gate has too few numbers for; empty: for nothing.
std::string lack(const StageFacts& facts) {
  const Gate& gate = facts.done->gate;
  const std::int64_t sample = sample_of(gate, facts.tally);
  if (sample < gate.min_sample && !is_seeded(Mutation::gate_without_sample)) {
    return fmt::format("{} of its devices have a result that counts, and the gate wants {}", sample,
                       gate.min_sample);
  }
  const std::vector<std::string> missing = missing_samples(gate.rules, facts.tally, facts.run);
  return missing.empty() ? std::string{} : missing.front();
}

std::optional<NextStep> at_gate(const StageFacts& facts, UtcTime now) {
  const Stage& stage = *facts.done;
  if (stage.gate.is_open || facts.is_gate_overruled) return std::nullopt;
  const std::string begin = fmt::format("stage {} is over, and ", stage.name);
  // A limit that was passed, and then overruled by a person's "go on", stops here once more.
  const std::vector<std::string> passed = passed_limits(stage.gate.rules, stage, facts.tally, facts.run);
  if (!passed.empty())
    return NextStep{
        StageStep::hold, {}, begin + "its gate holds: " + passed.front(), stage.gate.rules.action};
  if (const std::string lacking = lack(facts); !lacking.empty())
    return NextStep{StageStep::hold, {}, begin + "its gate holds: " + lacking};
  if (!stage.gate.check) return std::nullopt;
  const std::string asked = begin + "its outside check is asked";
  if (!facts.answer && !facts.asked_at) return NextStep{StageStep::ask, {}, asked};
  if (!facts.answer) return NextStep{StageStep::wait, {}, asked};
  switch (*facts.answer) {
    case GateAnswer::pass:
      return std::nullopt;
    case GateAnswer::fail:
      return NextStep{StageStep::hold, {}, begin + "its outside check failed", stage.gate.rules.action};
    case GateAnswer::inconclusive:
      break;
  }
  const UtcTime again_at = *facts.asked_at + stage.gate.check->every;
  if (now >= again_at) return NextStep{StageStep::ask, {}, asked};
  return NextStep{StageStep::wait, again_at, begin + "its outside check is inconclusive"};
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
