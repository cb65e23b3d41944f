// SPDX-License-Identifier: MIT
// Words for people, on stderr. A full log disk or a closed terminal is no reason to stop a rollout, nor to
// end it with another exit code: what cannot be written is not said.
#pragma once

#include <cstdio>
#include <string_view>

namespace sluice {

inline void say(std::string_view text) {
  (void)std::fwrite(text.data(), 1, text.size(), stderr);
  (void)std::fflush(stderr);
}

}  // namespace sluice
