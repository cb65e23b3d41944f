// SPDX-License-Identifier: MIT
// A rollout in stages, as the operator wrote it: which devices come first, what has to be true before the
// next ones follow, and when to stop. The rules that use it: stage_sizes.hpp, stop_rules.hpp,
// stage_rules.hpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

/// A percentage, exact to a hundredth: "2.5%" is 250.
struct Percent {
  std::int64_t hundredths = 0;

  auto operator<=>(const Percent&) const = default;
};

inline constexpr Percent everything{100 * 100};

/// Which devices a percentage is of. Both are known before anything is sent.
enum class ShareOf { stage, run };

/// So much is tolerated: the next one is too much.
struct Tolerance {
  std::int64_t count = 0;          ///< if there is no percentage
  std::optional<Percent> percent;  ///< rounded down to whole devices
  ShareOf of = ShareOf::run;
  std::int64_t min_sample = 0;  ///< nothing is judged before so many devices have a result

  bool operator==(const Tolerance&) const = default;
};

struct CodeTolerance {
  std::string code;  ///< as the cloud spells it
  Tolerance devices;

  bool operator==(const CodeTolerance&) const = default;
};

enum class StopAction { pause, cancel };

/// When sending stops by itself. An empty set of rules stops nothing.
struct StopRules {
  std::optional<Tolerance> failed;
  std::optional<Tolerance> in_doubt;              ///< of its own; see is_doubt_failure as well
  bool is_doubt_failure = true;                   ///< a device in doubt counts among the failed ones
  std::optional<std::int64_t> rejected_in_a_row;  ///< chunks: stops at this many, one after the other
  std::vector<CodeTolerance> codes;
  StopAction action = StopAction::pause;

  bool operator==(const StopRules&) const = default;
};

/// Somebody outside is asked, again and again while the answer is "inconclusive".
struct OutsideCheck {
  std::vector<std::string> command;  ///< program and arguments, run without a shell; or
  std::string url;                   ///< http(s)
  std::chrono::milliseconds every{30'000};
  std::chrono::milliseconds timeout{60'000};  ///< of one question

  bool operator==(const OutsideCheck&) const = default;
};

/// What must be true of a stage before the next one starts. What trips a rule of it stops the stage at once.
struct Gate {
  StopRules rules;
  std::int64_t min_sample = 1;  ///< so many devices must have a result, or the gate holds
  std::optional<OutsideCheck> check;
  bool is_open = false;  ///< "gate": "none"

  bool operator==(const Gate&) const = default;
};

struct Approval {
  bool not_by_submitter = false;

  bool operator==(const Approval&) const = default;
};

/// How the first stage picks its devices. The later ones go by the order of the list.
struct StageChoice {
  enum class Kind {
    first,     ///< by the order of the list
    shuffle,   ///< by a draw that depends on seed and name alone
    stratify,  ///< every value of the columns at least once, filled up by the draw
    named,     ///< exactly these
  };
  Kind kind = Kind::first;
  std::uint64_t seed = 1;
  std::vector<std::string> columns;
  std::vector<std::string> devices;

  bool operator==(const StageChoice&) const = default;
};

struct Stage {
  std::string name;
  std::optional<std::int64_t> devices;  ///< so many of them, or
  std::optional<Percent> percent;       ///< up to this share of the run, what came before included
  StageChoice choice;
  std::optional<Approval> approval;   ///< needed before the stage starts
  Gate gate;                          ///< after the stage, before the next one
  std::chrono::milliseconds soak{0};  ///< between the stage's last result and its gate

  bool operator==(const Stage&) const = default;
};

struct Rollout {
  std::vector<Stage> stages;            ///< empty: everything at once
  bool is_unstaged_on_purpose = false;  ///< "stages": "none"
  StopRules abort;                      ///< over the whole run

  bool operator==(const Rollout&) const = default;
};

}  // namespace sluice
