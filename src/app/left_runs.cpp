// SPDX-License-Identifier: MIT
#include "app/left_runs.hpp"

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <optional>
#include <utility>

#include "sluice/core/run_rules.hpp"

namespace sluice {

namespace asio = boost::asio;

void LeftRuns::tell(const std::string& tenant, RunId run) {
  asio::co_spawn(ground_.loop, tell_as_recorded(tenant, run), [](const std::exception_ptr&) {});
}

void LeftRuns::all_recorded() {
  for (const auto& [run, tenant] : std::exchange(unrecorded_, {})) tell(tenant, run);
}

asio::awaitable<void> LeftRuns::tell_as_recorded(std::string tenant, RunId run) {
  auto read = [this, run] { return ground_.reader.run(run); };
  const Result<std::optional<RunRecord>> record = co_await ground_.reading.call(std::move(read));
  if (record.has_error() || !*record) co_return;
  if (!(*record)->finished_at) co_return tell_pause(**record);
  const RunStatus status = status_of(**record);
  ground_.metrics.run_finished(tenant, status);
  ground_.log.info("run_finished", {{"tenant", tenant}, {"run", run}, {"status", to_string(status)}});
  ground_.ended();
}

void LeftRuns::tell_pause(const RunRecord& run) {
  if (run.control != RunControl::paused) return;
  const bool is_order = run.control_cause == ControlCause::operator_order;
  const auto tell = is_order ? &Log::info : &Log::warning;
  (ground_.log.*tell)("run_paused", {{"tenant", run.tenant},
                                     {"run", run.id},
                                     {"cause", to_string(run.control_cause)},
                                     {"reason", run.control_reason}});
}

}  // namespace sluice
