// SPDX-License-Identifier: MIT
// A store that keeps less than it promises: the deliberate mistakes of core/mutation.hpp that need no change
// of the product. Without one, the store is passed on as it is.
#pragma once

#include <memory>
#include <utility>

#include "sluice/core/mutation.hpp"
#include "support/unsteady_store.hpp"

namespace sluice::simulation {

class UnfaithfulStore final : public test::UnsteadyStore {
 public:
  using UnsteadyStore::UnsteadyStore;

  Result<void> begin() override {
    if (std::exchange(is_commit_owed_, false)) (void)UnsteadyStore::commit();
    has_claimed_ = has_settled_ = false;
    return UnsteadyStore::begin();
  }

  Result<std::vector<ClaimedChunk>> claim(const ClaimRequest& request) override {
    Result<std::vector<ClaimedChunk>> claimed = UnsteadyStore::claim(request);
    has_claimed_ |= claimed.has_value() && !claimed->empty();
    return claimed;
  }

  Result<void> settle(const Settlement& settlement) override {
    has_settled_ = true;
    return UnsteadyStore::settle(settlement);
  }

  Result<void> commit() override {
    is_commit_owed_ = (is_seeded(Mutation::send_before_intent) && has_claimed_) ||
                      (is_seeded(Mutation::told_before_commit) && has_settled_);
    if (is_commit_owed_) return {};
    Result<void> committed = UnsteadyStore::commit();
    if (is_seeded(Mutation::failed_commit_done)) return {};
    return committed;
  }

 private:
  bool has_claimed_ = false;
  bool has_settled_ = false;
  bool is_commit_owed_ = false;
};

inline std::unique_ptr<Store> faithless_if_seeded(std::unique_ptr<Store> real) {
  const bool is_wanted = is_seeded(Mutation::send_before_intent) || is_seeded(Mutation::told_before_commit) ||
                         is_seeded(Mutation::failed_commit_done);
  if (!is_wanted) return real;
  return std::make_unique<UnfaithfulStore>(std::move(real));
}

}  // namespace sluice::simulation
