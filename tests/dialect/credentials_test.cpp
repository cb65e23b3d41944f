// SPDX-License-Identifier: MIT
#include "sluice/dialect/credentials.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstring>
#include <new>

using namespace sluice;

namespace {

// Short enough for std::string's own buffer, which moving leaves as it is.
const std::string short_secret = "s3cr3t-key";

bool holds_secret(const void* bytes, std::size_t size) {
  const std::string_view all{static_cast<const char*>(bytes), size};
  return all.find(short_secret) != std::string_view::npos;
}

}  // namespace

TEST_CASE("secret: nothing of it stays in its storage after it died") {
  alignas(Secret) std::array<std::byte, sizeof(Secret)> storage{};
  auto* secret = new (storage.data()) Secret(short_secret);
  REQUIRE(holds_secret(storage.data(), storage.size()));

  secret->~Secret();

  CHECK_FALSE(holds_secret(storage.data(), storage.size()));
}

TEST_CASE("secret: nothing of it stays where it was moved from") {
  Secret first{short_secret};

  Secret second{std::move(first)};
  CHECK_FALSE(holds_secret(&first, sizeof first));
  CHECK(first.empty());

  Secret third{"other"};
  third = std::move(second);
  CHECK_FALSE(holds_secret(&second, sizeof second));
  CHECK(third.reveal() == short_secret);
}

TEST_CASE("secret: a shorter one that takes its place leaves no tail of it") {
  Secret secret{"0123456789abcde"};

  secret = Secret{"xyz"};
  CHECK(std::string_view{reinterpret_cast<const char*>(&secret), sizeof secret}.find("456789") ==
        std::string_view::npos);

  const Secret other{"copied"};
  secret = other;
  CHECK(secret.reveal() == "copied");
  CHECK(other.reveal() == "copied");
}

TEST_CASE("secret: wiping reaches behind the end of the text") {
  std::string text = "0123456789";
  text.resize(2);

  wipe(text);

  CHECK(text.empty());
  CHECK(std::memchr(text.data(), '5', 10) == nullptr);
}
