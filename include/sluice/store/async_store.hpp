// SPDX-License-Identifier: MIT
// The store, awaitable. Calls queue up on the loop; everything that has queued up while the database was busy
// is executed in one transaction (group commit), and each caller goes on only after that commit.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "sluice/core/result.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

/// One transaction and what it took, for whoever measures.
struct StoreBatch {
  std::size_t calls = 0;
  std::chrono::nanoseconds busy{0};    ///< the commit included
  std::chrono::nanoseconds commit{0};  ///< until it was durable
};

class AsyncStore {
 public:
  /// @param loop where callers run; all calls come from there
  /// @param database where the store is used: one thread of its own, or, in tests, the loop itself
  /// The store and both executors must outlive it, and the database thread must be joined before it is
  /// destroyed.
  AsyncStore(Store& store, boost::asio::any_io_executor loop, boost::asio::any_io_executor database);
  AsyncStore(const AsyncStore&) = delete;
  AsyncStore& operator=(const AsyncStore&) = delete;
  ~AsyncStore();

  /// Told of each transaction from now on, on the loop. One listener.
  void tell_batches(std::function<void(const StoreBatch&)> listener);

  /// Runs work(store) on the database thread, as a part of the next transaction. The work returns a Result;
  /// if the commit fails, its value is dropped and the commit's error is the answer.
  template <class Work>
  boost::asio::awaitable<std::invoke_result_t<Work, Store&>> call(Work work) {
    std::optional<std::invoke_result_t<Work, Store&>> result;
    // Work that throws has no result, and that is its own trouble: the others' calls are committed all the
    // same.
    std::function<void(Store&)> task = [&result, &work](Store& store) {
      try {
        result.emplace(work(store));
      } catch (const std::exception& problem) {
        result.emplace(Error{ErrorKind::unexpected,
                             std::string{"a store call ended by an exception: "} + problem.what(), ""});
      }
    };
    const Result<void> committed = co_await run_in_next_transaction(std::move(task));
    if (committed.has_error()) co_return committed.error();
    co_return std::move(*result);
  }

 private:
  class Queue;

  boost::asio::awaitable<Result<void>> run_in_next_transaction(std::function<void(Store&)> task);

  std::shared_ptr<Queue> queue_;
};

}  // namespace sluice
