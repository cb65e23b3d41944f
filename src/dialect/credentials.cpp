// SPDX-License-Identifier: MIT
#include "sluice/dialect/credentials.hpp"

#include <openssl/crypto.h>

namespace sluice {

// The whole capacity is wiped, not only the size: a shorter text may have been written over a longer one.
void wipe(std::string& text) noexcept {
  text.resize(text.capacity());
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

// Moving a short std::string copies its characters out of the object's own buffer and leaves them there; so
// whatever was moved from is wiped as well.
Secret::Secret(std::string text) : text_(std::move(text)) { wipe(text); }

Secret::Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { wipe(other.text_); }

Secret& Secret::operator=(const Secret& other) {
  if (this != &other) *this = Secret(other);
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe(text_);
    text_ = std::move(other.text_);
    wipe(other.text_);
  }
  return *this;
}

Secret::~Secret() { wipe(text_); }

}  // namespace sluice
