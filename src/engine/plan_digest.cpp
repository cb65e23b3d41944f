// SPDX-License-Identifier: MIT
#include "engine/plan_digest.hpp"

#include <array>
#include <stdexcept>

namespace sluice {
namespace {

constexpr std::size_t buffer_bytes = 16 * 1024;

void require(bool is_made) {
  if (!is_made) throw std::runtime_error("OpenSSL cannot compute SHA-256");
}

}  // namespace

PlanDigest::PlanDigest() : context_(EVP_MD_CTX_new()) {
  buffer_.reserve(2 * buffer_bytes);
  require(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
}

void PlanDigest::add(std::string_view text) {
  // The length in seven bits a byte, lowest first, the last one without its highest bit.
  std::size_t length = text.size();
  for (; length >= 0x80; length >>= 7U) buffer_ += static_cast<char>(0x80U | (length & 0x7FU));
  buffer_ += static_cast<char>(length);
  buffer_ += text;
  if (buffer_.size() >= buffer_bytes) flush();
}

void PlanDigest::flush() {
  require(EVP_DigestUpdate(context_.get(), buffer_.data(), buffer_.size()) == 1);
  buffer_.clear();
}

std::string PlanDigest::finish() {
  flush();
  std::array<unsigned char, 32> digest{};
  require(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) == 1);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : digest) {
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return text;
}

}  // namespace sluice
