// SPDX-License-Identifier: MIT
// The head of an answer, the same protective headers in each: pages of errors are pages, too.
#pragma once

#include <optional>
#include <string>

#include "http_api/api_message.hpp"
#include "sluice/core/time.hpp"

namespace sluice {

struct AnswerFraming {
  std::optional<std::size_t> body_bytes;  ///< absent: in chunks, until there are no more
  bool keeps_open = false;
  bool is_tls = false;
  UtcTime now;
};

/// With the blank line. What `answer.headers` says of Cache-Control takes the place of no-store. A header of
/// the answer that would begin a line of its own is left out.
std::string answer_head(const ApiAnswer& answer, const AnswerFraming& framing);

}  // namespace sluice
