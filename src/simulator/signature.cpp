// SPDX-License-Identifier: MIT
#include "signature.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

namespace sluice::simulator {

std::string string_to_sign(std::string_view method, const Parameters& parameters) {
  std::string list;
  for (const auto& [name, value] : parameters) {
    if (name == "Signature") continue;
    if (!list.empty()) list += '&';
    list += percent_encoded(name) + "=" + percent_encoded(value);
  }
  return std::string{method} + "&%2F&" + percent_encoded(list);
}

std::string signature_of(std::string_view text_to_sign, std::string_view access_key_secret) {
  const std::string key = std::string{access_key_secret} + "&";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text_to_sign.data()), text_to_sign.size(), digest.data(),
       &size);

  // Four characters for each three bytes, and a NUL that EVP_EncodeBlock adds.
  std::array<unsigned char, EVP_MAX_MD_SIZE * 2> base64{};
  const int length = EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(size));
  return {reinterpret_cast<const char*>(base64.data()), static_cast<std::size_t>(length)};
}

}  // namespace sluice::simulator
