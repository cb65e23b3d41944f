// SPDX-License-Identifier: MIT
#include "sluice/dialect/signature.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <memory>
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

// Most bytes stay as they are, so they are copied in runs.
void append_encoded(std::string& out, std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::size_t copied = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (unreserved[byte]) continue;
    out.append(text, copied, at - copied);
    const std::array<char, 3> escape{'%', digits[byte >> 4], digits[byte & 15]};
    out.append(escape.data(), escape.size());
    copied = at + 1;
  }
  out.append(text, copied, text.size() - copied);
}

bool has_smaller_name(const Parameters::value_type& one, const Parameters::value_type& other) {
  return one.first < other.first;
}

using MacContext = std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)>;

// OpenSSL 3 looks an algorithm up by its name, in tables under a lock, at every use that only names it. So
// HMAC-SHA1 without a key is looked up once, kept for the life of the program, and copied for each use.
MacContext new_hmac_sha1() {
  static const EVP_MAC_CTX* const keyless = [] {
    EVP_MAC* const hmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    EVP_MAC_CTX* const context = hmac == nullptr ? nullptr : EVP_MAC_CTX_new(hmac);
    EVP_MAC_free(hmac);
    std::array<char, 5> digest{"SHA1"};
    const std::array<OSSL_PARAM, 2> parameters{
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
        OSSL_PARAM_construct_end()};
    if (context == nullptr || EVP_MAC_CTX_set_params(context, parameters.data()) != 1)
      throw std::runtime_error("OpenSSL has no HMAC-SHA1");
    return context;
  }();
  return {EVP_MAC_CTX_dup(keyless), &EVP_MAC_CTX_free};
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

// Sorted by raw name. Sorting joined "name=value" texts instead would put DeviceName.10 before
// DeviceName.1, because '=' is larger than '0', and break every signature of ten devices and more.
std::string canonical_query(Parameters parameters) {
  if (!std::is_sorted(parameters.begin(), parameters.end(), has_smaller_name))
    std::sort(parameters.begin(), parameters.end(), has_smaller_name);
  std::size_t size = 0;
  for (const auto& [name, value] : parameters) size += name.size() + value.size() + 2;
  std::string out;
  out.reserve(size + size / 8);
  for (const auto& [name, value] : parameters) {
    if (!out.empty()) out += '&';
    append_encoded(out, name);
    out += '=';
    append_encoded(out, value);
  }
  return out;
}

std::string string_to_sign(std::string_view method, std::string_view canonical_query) {
  std::string out;
  out.reserve(canonical_query.size() + canonical_query.size() / 2);
  out += method;
  out += "&%2F&";
  append_encoded(out, canonical_query);
  return out;
}

std::string hmac_sha1_base64(std::string_view key, std::string_view message) {
  std::array<unsigned char, 20> mac{};
  std::size_t mac_size = 0;
  // OpenSSL takes a null key for "no key given", which an empty key is not.
  const char* const key_bytes = key.empty() ? "" : key.data();
  const MacContext context = new_hmac_sha1();
  const bool is_made =
      context &&
      EVP_MAC_init(context.get(), reinterpret_cast<const unsigned char*>(key_bytes), key.size(), nullptr) ==
          1 &&
      EVP_MAC_update(context.get(), reinterpret_cast<const unsigned char*>(message.data()), message.size()) ==
          1 &&
      EVP_MAC_final(context.get(), mac.data(), &mac_size, mac.size()) == 1 && mac_size == mac.size();
  if (!is_made) throw std::runtime_error("OpenSSL cannot compute HMAC-SHA1");
  std::array<unsigned char, 29> text{};  // 28 characters and the terminating zero
  const int text_size = EVP_EncodeBlock(text.data(), mac.data(), static_cast<int>(mac.size()));
  return {reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(text_size)};
}

std::string signature_v1(std::string_view method, std::string_view canonical_query, std::string_view secret) {
  std::string key;
  key.reserve(secret.size() + 1);  // at once, so that no smaller copy of the secret is left behind
  key += secret;
  key += '&';
  std::string signature = hmac_sha1_base64(key, string_to_sign(method, canonical_query));
  OPENSSL_cleanse(key.data(), key.size());
  return signature;
}

}  // namespace sluice
