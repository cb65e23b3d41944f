// SPDX-License-Identifier: MIT
#include "sluice/engine/conflicts.hpp"

#include <map>

#include "sluice/engine/recovery.hpp"

namespace sluice {
namespace {

/// The tenant's unfinished runs, and whether each is of the job's product. Asked before their devices are
/// read: a store need not answer a question inside another.
Result<std::map<RunId, bool>> runs_by_product(StoreReader& store, std::string_view tenant, const Job& job) {
  std::map<RunId, bool> is_same_product;
  const Result<void> visited = store.for_each_unfinished_device(tenant, [&](RunId run, std::string_view) {
    is_same_product.emplace(run, true);
    return true;
  });
  if (visited.has_error()) return visited.error();
  for (auto& [run, is_same] : is_same_product) {
    const Result<Job> other = job_of(store, run);
    is_same = other.has_error() || other->call.product_key == job.call.product_key;
  }
  return is_same_product;
}

}  // namespace

Result<std::shared_ptr<const TakenDevices>> devices_taken_from(StoreReader& store, std::string_view tenant,
                                                               const Job& job) {
  if (job.conflict == Conflict::allow) return std::shared_ptr<const TakenDevices>();
  const auto runs = runs_by_product(store, tenant, job);
  if (runs.has_error()) return runs.error();
  auto taken = std::make_shared<TakenDevices>();
  const Result<void> visited =
      store.for_each_unfinished_device(tenant, [&](RunId run, std::string_view device) {
        const auto known = runs->find(run);
        if (known == runs->end() || known->second) taken->add(run, device);
        return true;
      });
  if (visited.has_error()) return visited.error();
  if (taken->empty()) return std::shared_ptr<const TakenDevices>();
  taken->complete();
  return std::shared_ptr<const TakenDevices>(std::move(taken));
}

}  // namespace sluice
