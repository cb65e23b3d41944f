// SPDX-License-Identifier: MIT
// Answers that a client asks for again and again: one that it has already is not sent once more (RFC 9110,
// ETag and If-None-Match).
#pragma once

#include <string_view>

#include "http_api/api_message.hpp"

namespace sluice {

/// Whether the header If-None-Match, as it came, names the tag, or any at all. A weak tag counts.
bool names_tag(std::string_view if_none_match, std::string_view tag);

/// The answer with the tag of its body; 304 and no body for who names that tag.
ApiAnswer unless_known(const ApiRequest& request, ApiAnswer answer);

}  // namespace sluice
