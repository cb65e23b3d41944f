// SPDX-License-Identifier: MIT
// One thread for blocking work that must be done beside the loop: reading files, or the store for long. One
// piece of work after the other, in the order in which they came.
#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "sluice/core/result.hpp"

namespace sluice {

class Background {
 public:
  /// @param loop where callers run; it must not be destroyed while work is being done
  explicit Background(boost::asio::any_io_executor loop) : loop_(std::move(loop)) {}
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
  ~Background() { thread_.join(); }

  /// Runs work() on the thread. It returns a Result; what it throws becomes an `unexpected` error.
  template <class Work>
  boost::asio::awaitable<std::invoke_result_t<Work>> call(Work work) {
    std::optional<std::invoke_result_t<Work>> result;
    std::function<void()> task = [&result, &work] {
      try {
        result.emplace(work());
      } catch (const std::exception& problem) {
        result.emplace(
            Error{ErrorKind::unexpected, std::string{"work ended by an exception: "} + problem.what(), ""});
      }
    };
    co_await run(std::move(task));
    co_return std::move(*result);
  }

 private:
  boost::asio::awaitable<void> run(std::function<void()> task) {
    const auto begin = [this](auto handler, std::function<void()> begun_task) {
      boost::asio::any_completion_handler<void()> done{std::move(handler)};
      boost::asio::post(thread_,
                        [this, done = std::move(done), begun_task = std::move(begun_task)]() mutable {
                          begun_task();
                          boost::asio::post(loop_, std::move(done));
                        });
    };
    co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void()>(
        begin, boost::asio::use_awaitable, std::move(task));
  }

  boost::asio::any_io_executor loop_;
  boost::asio::thread_pool thread_{1};
};

}  // namespace sluice
