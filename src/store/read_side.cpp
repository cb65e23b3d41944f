// SPDX-License-Identifier: MIT
#include "sluice/store/read_side.hpp"

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sluice {
namespace asio = boost::asio;

ReadSide::ReadSide(BoundedReader& reader, asio::any_io_executor loop, asio::any_io_executor thread,
                   std::size_t waiting_max)
    : reader_(reader), loop_(std::move(loop)), thread_(std::move(thread)), waiting_max_(waiting_max) {}

asio::awaitable<Result<void>> ReadSide::run(std::function<void(StoreReader&)> task) {
  if (waiting_ >= waiting_max_) {
    co_return Error{ErrorKind::storage_busy, "too many questions are waiting for the store to be read",
                    "Ask again in a moment, and fewer at a time."};
  }
  ++waiting_;
  using Handler = asio::any_completion_handler<void(Result<void>)>;
  const auto enqueue = [this](auto handler, std::function<void(StoreReader&)> queued) {
    asio::post(thread_, [this, queued = std::move(queued), handler = Handler{std::move(handler)}]() mutable {
      Result<void> done = perform(queued);
      asio::post(loop_, [done = std::move(done), handler = std::move(handler)]() mutable {
        std::move(handler)(std::move(done));
      });
    });
  };
  Result<void> done = co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(Result<void>)>(
      enqueue, asio::use_awaitable, std::move(task));
  --waiting_;
  co_return done;
}

Result<void> ReadSide::perform(const std::function<void(StoreReader&)>& task) {
  Result<void> begun = reader_.begin_call();
  if (begun.has_error()) return begun;
  task(reader_);
  reader_.end_call();
  return begun;
}

}  // namespace sluice
