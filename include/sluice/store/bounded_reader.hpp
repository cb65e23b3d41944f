// SPDX-License-Identifier: MIT
// A reader for those who must not be able to hold anything up: each call sees one moment of the store and
// ends in time, whatever is asked.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "sluice/core/result.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

class BoundedReader : public StoreReader {
 public:
  /// What is read until end() is the store of one moment. When the time is over, reading fails with
  /// storage_busy. One call at a time.
  virtual Result<void> begin_call() = 0;
  virtual void end_call() = 0;
};

/// As open_store_reader(), on a connection of its own.
/// @param call_time_max how long a call may take, from its beginning on
Result<std::unique_ptr<BoundedReader>> open_bounded_reader(const std::string& path,
                                                           std::chrono::milliseconds call_time_max);

}  // namespace sluice
