// SPDX-License-Identifier: MIT
// The record, awaitable, for those who only look: on a thread and a connection of its own, so that no reader
// ever waits for the writer, nor the writer or the loop for a reader.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "sluice/core/result.hpp"
#include "sluice/store/bounded_reader.hpp"

namespace sluice {

class ReadSide {
 public:
  /// @param loop where callers run; all calls come from there
  /// @param thread where the reader is used: one thread, or, in tests, the loop itself
  /// @param waiting_max when so many calls wait or run, a further one fails with storage_busy at once
  /// The reader and both executors must outlive it, and the thread must be joined before it is destroyed.
  ReadSide(BoundedReader& reader, boost::asio::any_io_executor loop, boost::asio::any_io_executor thread,
           std::size_t waiting_max = 64);
  ReadSide(const ReadSide&) = delete;
  ReadSide& operator=(const ReadSide&) = delete;

  /// Runs work(reader) on the reading thread, over one moment of the store. The work returns a Result.
  template <class Work>
  boost::asio::awaitable<std::invoke_result_t<Work, StoreReader&>> call(Work work) {
    std::optional<std::invoke_result_t<Work, StoreReader&>> result;
    std::function<void(StoreReader&)> task = [&result, &work](StoreReader& reader) {
      try {
        result.emplace(work(reader));
      } catch (const std::exception& problem) {
        result.emplace(Error{ErrorKind::unexpected,
                             std::string{"reading the store ended by an exception: "} + problem.what(), ""});
      }
    };
    const Result<void> begun = co_await run(std::move(task));
    if (begun.has_error()) co_return begun.error();
    co_return std::move(*result);
  }

 private:
  boost::asio::awaitable<Result<void>> run(std::function<void(StoreReader&)> task);
  Result<void> perform(const std::function<void(StoreReader&)>& task);

  BoundedReader& reader_;
  boost::asio::any_io_executor loop_;
  boost::asio::any_io_executor thread_;
  std::size_t waiting_max_;
  std::size_t waiting_ = 0;  ///< the loop's alone
};

}  // namespace sluice
