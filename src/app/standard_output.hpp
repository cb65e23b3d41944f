// SPDX-License-Identifier: MIT
// The data that a verb prints. What cannot be written (a full disk, a pipe that nobody reads) is found out at
// the end, once: until then a verb goes on with what it does.
#pragma once

#include <cstdio>
#include <string_view>

#include "sluice/core/result.hpp"

namespace sluice {

inline void print(std::string_view text) { (void)std::fwrite(text.data(), 1, text.size(), stdout); }

/// Whether all that was printed has been taken.
inline bool is_output_written() { return std::fflush(stdout) == 0 && std::ferror(stdout) == 0; }

inline Error unwritten_output() {
  return {ErrorKind::storage, "standard output cannot be written",
          "Its disk is full, or nobody reads it any more."};
}

}  // namespace sluice
