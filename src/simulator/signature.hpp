// SPDX-License-Identifier: MIT
// The signature that a request must carry (HMAC-SHA1, version 1.0), computed from what arrived at the server.
#pragma once

#include <string>
#include <string_view>

#include "parameters.hpp"

namespace sluice::simulator {

/// METHOD & %2F & the encoded list of all parameters but Signature.
std::string string_to_sign(std::string_view method, const Parameters& parameters);

/// Base64 of the HMAC-SHA1 whose key is the secret and one "&".
std::string signature_of(std::string_view text_to_sign, std::string_view access_key_secret);

}  // namespace sluice::simulator
