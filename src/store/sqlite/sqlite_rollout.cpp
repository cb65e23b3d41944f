// SPDX-License-Identifier: MIT
// The permission for a stage to start, and the pace that a person orders.
#include <fmt/format.h>

#include <algorithm>

#include "store/sqlite/sqlite_store.hpp"

namespace sluice {

Result<void> SqliteStore::open_stage(RunId run, int number, UtcTime now) {
  return write([&] {
    queries::require_run(db_, run);
    const int opened = db_.run(
        "UPDATE runs SET stage = ?2"
        " WHERE id = ?1 AND stage = ?2 - 1 AND control <> 'canceled'"
        "   AND EXISTS (SELECT 1 FROM stages WHERE run = ?1 AND number = ?2)",
        run, number);
    if (opened != 1) {
      fail(ErrorKind::refused, fmt::format("run {} has no stage {} that comes next", run.value, number));
    }
    db_.run("UPDATE stages SET opened_at_us = ?3 WHERE run = ?1 AND number = ?2", run, number, now);
    record_event(now, run, std::nullopt, "stage_opened", fmt::format("stage {}", number));
  });
}

Result<void> SqliteStore::note_stage_settled(RunId run, int number, UtcTime now) {
  return write([&] {
    const int noted = db_.run(
        "UPDATE stages SET settled_at_us = ?3 WHERE run = ?1 AND number = ?2 AND settled_at_us IS NULL", run,
        number, now);
    if (noted == 1) record_event(now, run, std::nullopt, "stage_settled", fmt::format("stage {}", number));
  });
}

namespace {

void refuse_approval(const StageApproval& approval, const RunRecord& run, int stage, int last) {
  if (run.control == RunControl::canceled) {
    fail(ErrorKind::refused, fmt::format("run {} was canceled", run.id.value),
         "Submit the job again for what was not sent.");
  }
  if (last == 0) {
    fail(ErrorKind::refused, fmt::format("run {} has no stages, so none of them waits", run.id.value));
  }
  if (stage <= run.stage || stage > last) {
    fail(ErrorKind::refused,
         stage > last && run.stage == last
             ? fmt::format("every stage of run {} has started", run.id.value)
             : fmt::format("stage {} of run {} has started already, or there is none", stage, run.id.value),
         fmt::format("See how it stands: sluice status {}", run.id.value));
  }
  if (!approval.digest.empty() && approval.digest != run.digest) {
    fail(ErrorKind::refused, fmt::format("run {} is not the plan that is approved", run.id.value),
         "Look at the run's plan again, then approve that one.");
  }
  if (approval.not_by_submitter && approval.actor == run.submitter) {
    fail(ErrorKind::refused,
         fmt::format("{} submitted run {}, and the job asks for somebody else's approval", approval.actor,
                     run.id.value),
         "Ask a colleague who may, or root.");
  }
}

}  // namespace

namespace {

std::string in_words(const RateOrder& order) {
  return fmt::format("{} requests a second until {}", order.rate, to_iso_seconds(order.until));
}

}  // namespace

Result<int> SqliteStore::approve(const StageApproval& approval) {
  return write([&] {
    queries::require_run(db_, approval.run);
    const RunRecord run = *queries::run(db_, approval.run);
    const std::vector<StageRecord> stages = queries::stages(db_, approval.run);
    const int stage = approval.stage.value_or(run.stage + 1);
    refuse_approval(approval, run, stage, static_cast<int>(stages.size()));
    const StageRecord& known = stages.at(static_cast<std::size_t>(stage - 1));
    const bool is_said_already = known.approved_at && (known.is_past_gate || !approval.is_past_gate);
    if (is_said_already) return stage;
    db_.run(
        "INSERT INTO approvals (at_us, run, stage, actor, digest, past_gate) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        approval.now, approval.run, stage, approval.actor, run.digest, approval.is_past_gate ? 1 : 0);
    record_event(approval.now, approval.run, std::nullopt, "stage_approved", fmt::format("stage {}", stage),
                 approval.actor);
    record_order(approval.now, approval.actor, "stage_approved", in_words(approval.run),
                 known.approved_at ? "approved" : "",
                 approval.is_past_gate ? "approved past its gate" : "approved",
                 fmt::format("stage {}", stage));
    return stage;
  });
}

Result<void> SqliteStore::set_rate(const RateOrder& order) {
  return write([&] {
    const std::optional<RateOrder> before = queries::rate_order(db_, order.tenant);
    db_.run("INSERT INTO tenants (name) VALUES (?1) ON CONFLICT (name) DO NOTHING", order.tenant);
    db_.run("INSERT INTO rate_orders (at_us, tenant, rate, until_us, actor) VALUES (?1, ?2, ?3, ?4, ?5)",
            order.now, order.tenant, order.rate, order.until, order.actor);
    record_event(order.now, std::nullopt, order.tenant, "rate_set", in_words(order), order.actor);
    record_order(order.now, order.actor, "rate_set", "tenant " + order.tenant,
                 before ? in_words(*before) : "", in_words(order));
  });
}

Result<ArgumentsId> SqliteStore::add_arguments(RunId run, const RenderedArguments& arguments) {
  return write([&] {
    require_unsealed(run);
    db_.run("INSERT INTO run_arguments (run, args, compensate_args) VALUES (?1, ?2, ?3)", run, arguments.args,
            arguments.compensate_args);
    return ArgumentsId{db_.last_insert_id()};
  });
}

}  // namespace sluice
