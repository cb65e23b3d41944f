// SPDX-License-Identifier: MIT
#include "sluice/store/async_store.hpp"

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <vector>

namespace sluice {
namespace asio = boost::asio;

// Lives on the loop. The database thread only ever sees the batch that it was handed, and the loop leaves
// that batch alone until it comes back; so there is nothing to lock.
class AsyncStore::Queue : public std::enable_shared_from_this<Queue> {
 public:
  using Handler = asio::any_completion_handler<void(Result<void>)>;

  Queue(Store& store, asio::any_io_executor loop, asio::any_io_executor database)
      : store_(store), loop_(std::move(loop)), database_(std::move(database)) {}

  void tell_batches(std::function<void(const StoreBatch&)> listener) { listener_ = std::move(listener); }

  void add(std::function<void(Store&)> task, Handler handler) {
    waiting_.push_back({std::move(task), std::move(handler)});
    if (!is_busy_) start_batch();
  }

 private:
  struct Call {
    std::function<void(Store&)> task;
    Handler handler;
  };

  void start_batch() {
    is_busy_ = true;
    // Posted, not begun at once: whoever is ready in this turn of the loop shares the transaction.
    asio::post(loop_, [self = shared_from_this()] {
      self->batch_ = std::exchange(self->waiting_, {});
      asio::post(self->database_, [self] {
        StoreBatch taken;
        Result<void> committed = self->measure_batch(taken);
        asio::post(self->loop_, [self, committed = std::move(committed), taken] {
          if (self->listener_) self->listener_(taken);
          self->finish_batch(committed);
        });
      });
    });
  }

  Result<void> measure_batch(StoreBatch& taken) {
    const SteadyTime begin = std::chrono::steady_clock::now();
    taken.calls = batch_.size();
    Result<void> committed = execute_batch(taken);
    taken.busy = std::chrono::steady_clock::now() - begin;
    return committed;
  }

  Result<void> execute_batch(StoreBatch& taken) {
    try {
      const Result<void> begun = store_.begin();
      if (begun.has_error()) return begun;
      for (Call& call : batch_) call.task(store_);
      const SteadyTime begin = std::chrono::steady_clock::now();
      Result<void> committed = store_.commit();
      taken.commit = std::chrono::steady_clock::now() - begin;
      return committed;
    } catch (const std::exception& problem) {
      return Error{ErrorKind::unexpected, std::string{"the store failed: "} + problem.what(), ""};
    }
  }

  void finish_batch(const Result<void>& committed) {
    std::vector<Call> done = std::exchange(batch_, {});
    is_busy_ = false;
    if (!waiting_.empty()) start_batch();
    for (Call& call : done) std::move(call.handler)(committed);
  }

  Store& store_;
  asio::any_io_executor loop_;
  asio::any_io_executor database_;
  std::vector<Call> waiting_;
  std::vector<Call> batch_;
  std::function<void(const StoreBatch&)> listener_;
  bool is_busy_ = false;
};

AsyncStore::AsyncStore(Store& store, asio::any_io_executor loop, asio::any_io_executor database)
    : queue_(std::make_shared<Queue>(store, std::move(loop), std::move(database))) {}

AsyncStore::~AsyncStore() = default;

void AsyncStore::tell_batches(std::function<void(const StoreBatch&)> listener) {
  queue_->tell_batches(std::move(listener));
}

asio::awaitable<Result<void>> AsyncStore::run_in_next_transaction(std::function<void(Store&)> task) {
  // Called at once. To share the queue would make the caller's frame and the queue keep each other when the
  // loop is destroyed before the answer comes.
  const auto enqueue = [&queue = *queue_](auto handler, std::function<void(Store&)> queued_task) {
    queue.add(std::move(queued_task), Queue::Handler{std::move(handler)});
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(Result<void>)>(
      enqueue, asio::use_awaitable, std::move(task));
}

}  // namespace sluice
