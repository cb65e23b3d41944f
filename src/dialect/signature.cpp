// SPDX-License-Identifier: MIT
#include "sluice/dialect/signature.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>
#include <stdexcept>

namespace sluice {
namespace {

constexpr bool stays_as_it_is(unsigned char byte) {
  return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
         byte == '-' || byte == '_' || byte == '.' || byte == '~';
}

constexpr std::array<bool, 256> unreserved = [] {
  std::array<bool, 256> table{};
  for (std::size_t byte = 0; byte < table.size(); ++byte) {
    table[byte] = stays_as_it_is(static_cast<unsigned char>(byte));
  }
  return table;
}();

void append_encoded(std::string& out, std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (unreserved[byte]) {
      out += character;
    } else {
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
}

}  // namespace

std::string percent_encode(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 2);
  append_encoded(out, text);
  return out;
}

std::size_t percent_encoded_size(std::string_view text) {
  std::size_t escapes = 0;
  for (const char character : text) escapes += !unreserved[static_cast<unsigned char>(character)];
  return text.size() + 2 * escapes;
}

// The map is sorted by raw name. Sorting joined "name=value" texts instead would put DeviceName.10 before
// DeviceName.1, because '=' is larger than '0', and break every signature of ten devices and more.
std::string canonical_query(const Parameters& parameters) {
  std::string out;
  for (const auto& [name, value] : parameters) {
    if (!out.empty()) out += '&';
    append_encoded(out, name);
    out += '=';
    append_encoded(out, value);
  }
  return out;
}

std::string string_to_sign(std::string_view method, const Parameters& parameters) {
  std::string out{method};
  out += "&%2F&";
  append_encoded(out, canonical_query(parameters));
  return out;
}

std::string hmac_sha1_base64(std::string_view key, std::string_view message) {
  std::array<unsigned char, 20> mac{};
  std::size_t mac_size = 0;
  // OpenSSL takes a null key for "no key given", which an empty key is not.
  const void* key_bytes = key.empty() ? "" : key.data();
  if (EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA1", nullptr, key_bytes, key.size(),
                reinterpret_cast<const unsigned char*>(message.data()), message.size(), mac.data(),
                mac.size(), &mac_size) == nullptr ||
      mac_size != mac.size()) {
    throw std::runtime_error("OpenSSL cannot compute HMAC-SHA1");
  }
  std::array<unsigned char, 29> text{};  // 28 characters and the terminating zero
  const int text_size = EVP_EncodeBlock(text.data(), mac.data(), static_cast<int>(mac.size()));
  return {reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(text_size)};
}

std::string signature_v1(std::string_view method, const Parameters& parameters, std::string_view secret) {
  std::string key;
  key.reserve(secret.size() + 1);  // at once, so that no smaller copy of the secret is left behind
  key += secret;
  key += '&';
  std::string signature = hmac_sha1_base64(key, string_to_sign(method, parameters));
  OPENSSL_cleanse(key.data(), key.size());
  return signature;
}

}  // namespace sluice
