// SPDX-License-Identifier: MIT
// How a failure travels inside this engine: as an exception, from the statement that failed to the verb that
// the caller knows, where it becomes the Error of a Result. A verb is a dozen statements long, and each of
// them can fail for the disk's reasons; what follows is always the same: roll back and report. Nothing of it
// leaves the engine.
#pragma once

#include <string>
#include <type_traits>
#include <utility>

#include "sluice/core/result.hpp"

namespace sluice {

struct StoreFailure {
  Error error;
};

[[noreturn]] inline void fail(ErrorKind kind, std::string message, std::string hint = {}) {
  throw StoreFailure{Error{kind, std::move(message), std::move(hint)}};
}

/// Runs the body of a verb; a failure becomes the result's error.
template <class Body>
auto answer(Body body) -> Result<std::invoke_result_t<Body>> {
  try {
    if constexpr (std::is_void_v<std::invoke_result_t<Body>>) {
      body();
      return {};
    } else {
      return body();
    }
  } catch (const StoreFailure& failure) {
    return failure.error;
  }
}

}  // namespace sluice
