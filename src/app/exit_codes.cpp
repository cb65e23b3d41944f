// SPDX-License-Identifier: MIT
#include "app/exit_codes.hpp"

#include "sluice/core/run_rules.hpp"

namespace sluice {

int exit_code_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
      return exit_codes::wrong_use;
    case ErrorKind::invalid_input:
      return exit_codes::invalid_input;
    case ErrorKind::not_found:
      return exit_codes::not_found;
    case ErrorKind::unreachable:
      return exit_codes::unreachable;
    case ErrorKind::refused:
      return exit_codes::refused;
    case ErrorKind::unauthorized:
      return exit_codes::unauthorized;
    case ErrorKind::storage_busy:
      return exit_codes::refused;
    case ErrorKind::storage:
    case ErrorKind::storage_lost:
    case ErrorKind::unexpected:
      return exit_codes::unexpected;
  }
  return exit_codes::unexpected;
}

int exit_code_of(const RunRecord& run) {
  switch (status_of(run)) {
    case RunStatus::succeeded:
      return exit_codes::all_accepted;
    case RunStatus::completed_with_failures:
      return exit_codes::devices_failed;
    case RunStatus::finished_in_doubt:
      return exit_codes::devices_in_doubt;
    case RunStatus::canceled:
      return run.control_cause == ControlCause::threshold || run.control_cause == ControlCause::gate
                 ? exit_codes::aborted
                 : exit_codes::canceled;
    case RunStatus::paused:
      if (!run.tenant_pause_reason.empty()) return exit_codes::unauthorized;
      return run.control_cause == ControlCause::operator_order ? exit_codes::refused : exit_codes::aborted;
    case RunStatus::pending:
    case RunStatus::running:
      return exit_codes::wait_timed_out;
  }
  return exit_codes::unexpected;
}

}  // namespace sluice
