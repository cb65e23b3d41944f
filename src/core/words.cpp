// SPDX-License-Identifier: MIT
// The words of the closed sets: as the store keeps them and as reports show them.
#include <array>
#include <stdexcept>
#include <utility>

#include "sluice/core/chunk.hpp"
#include "sluice/core/doubt_rules.hpp"
#include "sluice/core/job.hpp"
#include "sluice/core/outcome.hpp"
#include "sluice/core/result.hpp"
#include "sluice/core/run.hpp"

namespace sluice {
namespace {

template <class T, std::size_t n>
using Words = std::array<std::pair<T, std::string_view>, n>;

template <class T, std::size_t n>
std::string_view word_of(const Words<T, n>& words, T value) {
  for (const auto& [known, word] : words) {
    if (known == value) return word;
  }
  throw std::logic_error("a value without a word");
}

template <class T, std::size_t n>
std::optional<T> value_of(const Words<T, n>& words, std::string_view word) {
  for (const auto& [value, known] : words) {
    if (known == word) return value;
  }
  return std::nullopt;
}

constexpr Words<OutcomeKind, 9> outcome_kinds{{{OutcomeKind::accepted, "accepted"},
                                               {OutcomeKind::nonce_used, "nonce_used"},
                                               {OutcomeKind::throttled, "throttled"},
                                               {OutcomeKind::unavailable, "unavailable"},
                                               {OutcomeKind::silent, "silent"},
                                               {OutcomeKind::answered_unclear, "answered_unclear"},
                                               {OutcomeKind::rejected_devices, "rejected_devices"},
                                               {OutcomeKind::rejected_job, "rejected_job"},
                                               {OutcomeKind::blocked, "blocked"}}};

constexpr Words<ChunkState, 7> chunk_states{{{ChunkState::pending, "pending"},
                                             {ChunkState::in_flight, "in_flight"},
                                             {ChunkState::succeeded, "succeeded"},
                                             {ChunkState::failed, "failed"},
                                             {ChunkState::in_doubt, "in_doubt"},
                                             {ChunkState::split, "split"},
                                             {ChunkState::canceled, "canceled"}}};

constexpr Words<Evidence, 3> evidences{
    {{Evidence::none, "none"}, {Evidence::confirmed, "confirmed"}, {Evidence::presumed, "presumed"}}};

constexpr Words<Held, 3> helds{
    {{Held::no, ""}, {Held::poison, "poison"}, {Held::store_restored, "store_restored"}}};

constexpr Words<DoubtVerdict, 2> doubt_verdicts{
    {{DoubtVerdict::accept, "accept"}, {DoubtVerdict::resend, "resend"}}};

constexpr Words<ControlCause, 6> control_causes{{{ControlCause::none, ""},
                                                 {ControlCause::operator_order, "operator"},
                                                 {ControlCause::outcome, "outcome"},
                                                 {ControlCause::deadline, "deadline"},
                                                 {ControlCause::threshold, "threshold"},
                                                 {ControlCause::gate, "gate"}}};

constexpr Words<RunPurpose, 3> run_purposes{
    {{RunPurpose::run, "run"}, {RunPurpose::retry, "retry"}, {RunPurpose::undo, "undo"}}};

constexpr Words<Conflict, 3> conflicts{
    {{Conflict::fail, "fail"}, {Conflict::skip, "skip"}, {Conflict::allow, "allow"}}};

constexpr Words<Priority, 3> priorities{
    {{Priority::emergency, "emergency"}, {Priority::normal, "normal"}, {Priority::bulk, "bulk"}}};

constexpr Words<OnDoubt, 3> on_doubts{
    {{OnDoubt::hold, "hold"}, {OnDoubt::presume, "presume"}, {OnDoubt::resend, "resend"}}};

constexpr Words<RunControl, 3> run_controls{
    {{RunControl::active, "active"}, {RunControl::paused, "paused"}, {RunControl::canceled, "canceled"}}};

constexpr Words<RunStatus, 7> run_statuses{{{RunStatus::pending, "pending"},
                                            {RunStatus::running, "running"},
                                            {RunStatus::paused, "paused"},
                                            {RunStatus::succeeded, "succeeded"},
                                            {RunStatus::completed_with_failures, "completed_with_failures"},
                                            {RunStatus::finished_in_doubt, "finished_in_doubt"},
                                            {RunStatus::canceled, "canceled"}}};

}  // namespace

std::string_view to_string(OutcomeKind kind) { return word_of(outcome_kinds, kind); }
std::optional<OutcomeKind> outcome_kind_from(std::string_view word) { return value_of(outcome_kinds, word); }

std::string_view to_string(ChunkState state) { return word_of(chunk_states, state); }
std::optional<ChunkState> chunk_state_from(std::string_view word) { return value_of(chunk_states, word); }

std::string_view to_string(Evidence evidence) { return word_of(evidences, evidence); }
std::optional<Evidence> evidence_from(std::string_view word) { return value_of(evidences, word); }

std::string_view to_string(Held held) { return word_of(helds, held); }
std::optional<Held> held_from(std::string_view word) { return value_of(helds, word); }

std::string_view to_string(DoubtVerdict verdict) { return word_of(doubt_verdicts, verdict); }
std::optional<DoubtVerdict> doubt_verdict_from(std::string_view word) {
  return value_of(doubt_verdicts, word);
}

std::string_view to_string(ControlCause cause) { return word_of(control_causes, cause); }
std::optional<ControlCause> control_cause_from(std::string_view word) {
  return value_of(control_causes, word);
}

std::string_view to_string(RunPurpose purpose) { return word_of(run_purposes, purpose); }
std::optional<RunPurpose> run_purpose_from(std::string_view word) { return value_of(run_purposes, word); }

std::string_view to_string(Conflict conflict) { return word_of(conflicts, conflict); }
std::optional<Conflict> conflict_from(std::string_view word) { return value_of(conflicts, word); }

std::string_view to_string(Priority priority) { return word_of(priorities, priority); }
std::optional<Priority> priority_from(std::string_view word) { return value_of(priorities, word); }

std::string_view to_string(OnDoubt on_doubt) { return word_of(on_doubts, on_doubt); }
std::optional<OnDoubt> on_doubt_from(std::string_view word) { return value_of(on_doubts, word); }

std::string_view to_string(RunControl control) { return word_of(run_controls, control); }
std::optional<RunControl> run_control_from(std::string_view word) { return value_of(run_controls, word); }

std::string_view to_string(RunStatus status) { return word_of(run_statuses, status); }

void throw_exception_from_error(const Error& error, const boost::source_location& where) {
  throw std::logic_error(where.to_string() + ": a value was asked of an error: " + error.message);
}

}  // namespace sluice
