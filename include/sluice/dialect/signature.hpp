// SPDX-License-Identifier: MIT
// Alibaba Cloud's RPC signature, version 1.0 (HMAC-SHA1): the one that the IoT platform's pages document.
// Source: help.aliyun.com/document_detail/30563 and the official SDKs' composers.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

/// Request parameters as name and value, each name once. The texts belong to others.
using Parameters = std::vector<std::pair<std::string_view, std::string_view>>;

/// RFC 3986: letters, digits and -_.~ stay, every other byte becomes %XX in upper case; a space is %20.
std::string percent_encode(std::string_view text);
/// The length of percent_encode(text), without making it.
std::size_t percent_encoded_size(std::string_view text);

/// "name=value" pairs, encoded, joined by "&", sorted by raw name in byte order, as the signature wants them.
/// Parameters that come in this order are not sorted again.
std::string canonical_query(Parameters parameters);

/// What is signed: METHOD&%2F&encoded(canonical query).
std::string string_to_sign(std::string_view method, std::string_view canonical_query);

/// Base64 of HMAC-SHA1 with exactly this key.
std::string hmac_sha1_base64(std::string_view key, std::string_view message);

/// The value of the Signature parameter. @param secret the access key's secret; "&" is appended here
std::string signature_v1(std::string_view method, std::string_view canonical_query, std::string_view secret);

}  // namespace sluice
