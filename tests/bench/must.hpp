// SPDX-License-Identifier: MIT
// A benchmark measures what works: what fails ends the program with its reason.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "sluice/core/result.hpp"

namespace sluice::bench {

template <class T>
T must(Result<T> result) {
  if (result.has_error()) {
    std::fprintf(stderr, "benchmark: %s\n", result.error().message.c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

}  // namespace sluice::bench
