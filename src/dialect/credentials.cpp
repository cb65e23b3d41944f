// SPDX-License-Identifier: MIT
#include "sluice/dialect/credentials.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <new>

namespace sluice {

// The whole capacity is wiped, not only the size: a shorter text may have been written over a longer one.
void wipe(std::string& text) noexcept {
  text.resize(text.capacity());
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

namespace {

char* memory_for_secret(std::size_t size) {
  void* memory = OPENSSL_secure_malloc(size);
  // Its own memory is bounded; what has no room there is wiped all the same.
  if (memory == nullptr) memory = OPENSSL_malloc(size);
  if (memory == nullptr) throw std::bad_alloc{};
  return static_cast<char*>(memory);
}

}  // namespace

bool keep_secrets_apart() noexcept {
  constexpr std::size_t bytes = std::size_t{1024} * 1024;
  constexpr std::size_t smallest = 16;
  return CRYPTO_secure_malloc_initialized() == 1 || CRYPTO_secure_malloc_init(bytes, smallest) == 1;
}

Secret::Secret(std::string text) {
  if (!text.empty()) {
    text_ = std::unique_ptr<char, Wipe>{memory_for_secret(text.size()), Wipe{text.size()}};
    std::ranges::copy(text, text_.get());
  }
  wipe(text);
}

Secret::Secret(const Secret& other) : Secret(std::string{other.reveal()}) {}

Secret& Secret::operator=(const Secret& other) {
  if (this != &other) *this = Secret(other);
  return *this;
}

void Secret::Wipe::operator()(char* text) const noexcept { OPENSSL_secure_clear_free(text, size); }

}  // namespace sluice
