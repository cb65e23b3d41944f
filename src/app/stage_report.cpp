// SPDX-License-Identifier: MIT
#include "app/stage_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "app/display_text.hpp"
#include "app/gate_text.hpp"
#include "engine/run_stages.hpp"
#include "sluice/core/run_rules.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

std::string moment_text(UtcTime time, UtcTime now) {
  const auto left = std::max<std::chrono::nanoseconds>(time - now, std::chrono::nanoseconds{0});
  return fmt::format("until {} (in {})", to_iso_seconds(time), duration_text(left));
}

std::string standing_of(const StageRecord& stage, const StageTally& tally) {
  if (!stage.opened_at) {
    if (!stage.approved_at) return "not started";
    return fmt::format("not started, approved by {}", printable(stage.approved_by, 64));
  }
  return fmt::format("accepted {}, failed {}, in doubt {}{}", grouped(tally.accepted), grouped(tally.failed),
                     grouped(tally.in_doubt), stage.settled_at ? "" : ", under way");
}

void see_terms(const RunRecord& run, const Job& job, StageSighting& seen) {
  for (std::size_t i = 0; i < seen.stages.size(); ++i) {
    const Stage& stage = job.rollout.stages[i];
    const bool is_last = i + 1 == seen.stages.size();
    seen.terms.push_back(
        {.needs_approval = stage.approval.has_value(),
         .soak = stage.soak,
         .sentences = gate_sentences(stage.gate, seen.stages[i].devices, total(run.devices), is_last)});
  }
}

void see_next_step(const RunRecord& run, const Job& job, UtcTime now, StageSighting& seen) {
  RunStages stages{job.rollout};
  stages.begin(seen.tally, run.stage);
  stages.learn(seen.stages, seen.tally);
  const NextStep next = stages.next(now);
  seen.waits_for = next.reason;
  seen.until = next.until;
  seen.wants_approval = next.step == StageStep::await_approval;
}

}  // namespace

Result<StageSighting> sight_stages(StoreReader& store, const RunRecord& run, const std::optional<Job>& job,
                                   UtcTime now) {
  StageSighting seen;
  if (job && job->window && !is_finished(run)) seen.window = window_at(*job->window, now);
  Result<std::vector<StageRecord>> stages = store.stages(run.id);
  if (stages.has_error()) return stages.error();
  seen.stages = std::move(*stages);
  if (seen.stages.empty()) return seen;
  Result<RunTally> tally = store.tally(run.id);
  if (tally.has_error()) return tally.error();
  seen.tally = std::move(*tally);
  // After another version of the job's reader, say: then what is on record cannot be judged.
  if (!job || job->rollout.stages.size() != seen.stages.size()) return seen;
  see_terms(run, *job, seen);
  if (!is_finished(run)) see_next_step(run, *job, now, seen);
  return seen;
}

std::string stages_text(const StageSighting& seen) {
  std::string text;
  for (const StageRecord& stage : seen.stages) {
    const StageTally& tally = seen.tally.stages.at(static_cast<std::size_t>(stage.number - 1));
    text +=
        fmt::format("  {:<9} {}: {}, {}\n", fmt::format("stage {}", stage.number), printable(stage.name, 64),
                    counted(stage.devices, "device"), standing_of(stage, tally));
  }
  return text;
}

void write_stages(JsonText& json, const StageSighting& seen) {
  json.key("stages").begin_array();
  const auto time_or_null = [](const std::optional<UtcTime>& time) {
    return time ? std::optional{to_rfc3339(*time)} : std::nullopt;
  };
  for (const StageRecord& stage : seen.stages) {
    const StageTally& tally = seen.tally.stages.at(static_cast<std::size_t>(stage.number - 1));
    json.begin_object().member("stage", stage.number).member("name", stage.name);
    json.member("devices", stage.devices).member("accepted", tally.accepted).member("failed", tally.failed);
    json.member("in_doubt", tally.in_doubt).member("canceled", tally.canceled);
    json.member("opened_at", time_or_null(stage.opened_at));
    json.member("settled_at", time_or_null(stage.settled_at));
    json.member("approved_at", time_or_null(stage.approved_at));
    json.member("approved_by", stage.approved_by).member("past_gate", stage.is_past_gate).end_object();
  }
  json.end_array();
}

void write_stage_terms(JsonText& json, const StageSighting& seen) {
  json.member("waits_for", seen.waits_for);
  json.member("waits_until", seen.until ? std::optional{to_rfc3339(*seen.until)} : std::nullopt);
  json.member("wants_approval", seen.wants_approval);
  json.key("terms").begin_array();
  for (const StageTerms& terms : seen.terms) {
    json.begin_object().member("needs_approval", terms.needs_approval);
    json.key("soak_seconds").decimal(std::chrono::duration<double>{terms.soak}.count(), 3);
    json.key("gate").begin_array();
    for (const std::string& sentence : terms.sentences) json.value(sentence);
    json.end_array().end_object();
  }
  json.end_array();
}

std::string stage_why(const StageSighting& seen, UtcTime now) {
  if (seen.window && !seen.window->is_open) {
    if (seen.window->changes_at == UtcTime::max()) return "its window does not open any more";
    return "waiting for its window, closed " + moment_text(seen.window->changes_at, now);
  }
  if (seen.waits_for.empty()) return {};
  const std::string waits = printable(seen.waits_for, 512);
  return seen.until ? waits + " " + moment_text(*seen.until, now) : waits;
}

std::string window_line(const WindowNews& news) {
  const std::string line =
      fmt::format("window_{} run={}", news.is_open ? "opened" : "closed", news.run.value);
  return news.until == UtcTime::max() ? line : line + fmt::format(" until={}", to_iso_seconds(news.until));
}

std::string stage_line(const StageNews& news) {
  std::string line =
      fmt::format("stage_changed run={} stage={} of={}", news.run.value, news.stage, news.stages);
  if (!news.name.empty()) line += fmt::format(" name=\"{}\"", printable(news.name, 64));
  if (!news.waits_for.empty()) line += fmt::format(" waits=\"{}\"", printable(news.waits_for, 256));
  if (news.until) line += fmt::format(" until={}", to_iso_seconds(*news.until));
  return line;
}

}  // namespace sluice
