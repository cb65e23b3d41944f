// SPDX-License-Identifier: MIT
// The words that an operator gives with a command and that stay on record.
#pragma once

#include <cstddef>
#include <string_view>

#include "jobfile/utf8.hpp"

namespace sluice {

inline constexpr std::size_t reason_bytes_max = 500;

inline bool is_fit_reason(std::string_view text) {
  return text.size() <= reason_bytes_max && is_readable(text);
}

}  // namespace sluice
