// SPDX-License-Identifier: MIT
#include "engine/patient_store.hpp"

#include "sluice/core/kill_point.hpp"

namespace sluice {
namespace asio = boost::asio;
namespace {

// An answer that the disk cannot take just now is kept and offered again for this long.
constexpr std::chrono::seconds answer_kept_for{10};

}  // namespace

asio::awaitable<Result<void>> PatientStore::settle(Settlement settlement) {
  const SteadyTime give_up_at = clock_.steady_now() + answer_kept_for;
  const std::unique_ptr<Alarm> pause = clock_.alarm();
  reach(KillPoint::settle_before);
  for (bool is_first_try = true;; is_first_try = false) {
    auto work = [&settlement](Store& store) { return store.settle(settlement); };
    Result<void> settled = co_await store_.call(std::move(work));
    reach(KillPoint::settle_after);
    if (settled.has_value()) co_return settled;
    // Only this very attempt can have moved the chunk: the try before did it, and its answer was lost.
    if (!is_first_try && settled.error().kind == ErrorKind::refused) co_return Result<void>{};
    if (!may_pass(settled.error(), give_up_at)) co_return settled;
    const SteadyTime next_try_at = clock_.steady_now() + retry_interval;
    co_await pause->sleep_until(next_try_at);
  }
}

/// Whether to wait for it.
bool PatientStore::may_pass(const Error& error, SteadyTime give_up_at) {
  report_.tell_whether_store_is_held(error.kind == ErrorKind::storage_busy);
  // Who holds the store lets go of it sooner or later, and until then nothing new can be claimed anyway.
  if (error.kind == ErrorKind::storage_busy) return true;
  if (error.kind != ErrorKind::storage || clock_.steady_now() >= give_up_at) return false;
  disk_is_full_(error);
  return true;
}

}  // namespace sluice
