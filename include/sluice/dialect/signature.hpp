// SPDX-License-Identifier: MIT
// Alibaba Cloud's RPC signature, version 1.0 (HMAC-SHA1): the one that the IoT platform's pages document.
// Source: help.aliyun.com/document_detail/30563 and the official SDKs' composers.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace sluice {

/// Request parameters, sorted by raw name in byte order, as the signature wants them.
using Parameters = std::map<std::string, std::string>;

/// RFC 3986: letters, digits and -_.~ stay, every other byte becomes %XX in upper case; a space is %20.
std::string percent_encode(std::string_view text);
/// The length of percent_encode(text), without making it.
std::size_t percent_encoded_size(std::string_view text);

/// "name=value" pairs, encoded, joined by "&".
std::string canonical_query(const Parameters& parameters);

/// What is signed: METHOD&%2F&encoded(canonical query).
std::string string_to_sign(std::string_view method, const Parameters& parameters);

/// Base64 of HMAC-SHA1 with exactly this key.
std::string hmac_sha1_base64(std::string_view key, std::string_view message);

/// The value of the Signature parameter. @param secret the access key's secret; "&" is appended here
std::string signature_v1(std::string_view method, const Parameters& parameters, std::string_view secret);

}  // namespace sluice
