// SPDX-License-Identifier: MIT
#include "sluice/dialect/credentials.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <memory>
#include <string>
#include <utility>

using namespace sluice;

namespace {

const std::string short_secret = "s3cr3t-key";

/// What stands now where a secret stood. The memory of secrets stays, so looking there is allowed.
std::string left_at(const char* place) { return {place, short_secret.size()}; }

}  // namespace

TEST_CASE("secret: nothing of it stays where it was after it died") {
  keep_secrets_apart();
  auto secret = std::make_unique<Secret>(short_secret);
  const char* const place = secret->reveal().data();
  REQUIRE(left_at(place) == short_secret);

  secret.reset();

  CHECK(left_at(place).find("cr3t") == std::string::npos);
}

TEST_CASE("secret: a moved one is in one place only, and a copied one in two") {
  keep_secrets_apart();
  Secret first{short_secret};
  const char* const place = first.reveal().data();

  Secret second{std::move(first)};
  CHECK(second.reveal().data() == place);
  CHECK(Secret{} == std::exchange(first, Secret{}));

  Secret third{"other"};
  const char* const other_place = third.reveal().data();
  third = std::move(second);
  CHECK(third.reveal() == short_secret);
  CHECK(std::string_view(other_place, 5) != "other");

  const Secret copy = third;
  CHECK(copy == third);
  CHECK(copy.reveal().data() != place);
}

TEST_CASE("secret: one that takes another's place is all there is, also if it is empty") {
  Secret secret{"0123456789abcde"};

  secret = Secret{"xyz"};
  CHECK(secret.reveal() == "xyz");
  secret = Secret{""};
  CHECK(secret.empty());
  CHECK(secret.reveal().empty());
  CHECK_FALSE(secret == Secret{"xyz"});

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
