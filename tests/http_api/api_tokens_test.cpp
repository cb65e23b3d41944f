// SPDX-License-Identifier: MIT
// Tokens and their file: what is kept, what is let in, and what is said of a file that is wrong.
#include "http_api/api_tokens.hpp"

#include <doctest/doctest.h>

#include <string>

#include "http_api/login_guard.hpp"

namespace sluice::tests {
namespace {

using namespace std::chrono_literals;

// SHA-256 of "abc", FIPS 180-2, appendix B.1.
constexpr const char* abc_digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

ApiTokens tokens_of(const std::string& text) {
  const Result<ApiTokens> tokens = read_api_tokens("tokens", text);
  REQUIRE_MESSAGE(tokens.has_value(), tokens.error().message);
  return *tokens;
}

}  // namespace

TEST_CASE("api tokens: the file's digest is the SHA-256 of the token") {
  const ApiTokens tokens = tokens_of(std::string{"# those of the build\n\nci operate "} + abc_digest + "\n");
  const ApiToken* found = tokens.find("abc", UtcTime{});
  REQUIRE(found != nullptr);
  CHECK(found->name == "ci");
  CHECK(found->scope == ApiScope::operate);
  for (const char* wrong : {"", "ab", "abcd", "ABC", abc_digest})
    CHECK(tokens.find(wrong, UtcTime{}) == nullptr);
}

TEST_CASE("api tokens: one that has expired is worth as much as a wrong one") {
  const ApiTokens tokens = tokens_of(std::string{"ci read "} + abc_digest + " 2027-01-31T00:00:00Z");
  const UtcTime end = *from_iso_seconds("2027-01-31T00:00:00Z");
  CHECK(tokens.find("abc", end - 1us) != nullptr);
  CHECK(tokens.find("abc", end) == nullptr);
}

TEST_CASE("api tokens: a new one is random, is let in by its line, and does not stand in it") {
  const Result<Secret> token = new_token();
  const Result<Secret> other = new_token();
  REQUIRE(token.has_value());
  CHECK(token->reveal().starts_with("sluice_"));
  CHECK(token->reveal().size() == 7 + 64);
  CHECK(token->reveal() != other->reveal());

  const std::string line =
      token_line({.name = "ci", .scope = ApiScope::admin, .digest = digest_of(token->reveal())});

  CHECK(line.find(token->reveal().substr(7)) == line.npos);
  CHECK(tokens_of(line).find(token->reveal(), UtcTime{}) != nullptr);
}

TEST_CASE("api tokens: every wrong line is told by its place, and what stands in it is not") {
  const std::string secret = "sluice_0123456789";
  for (const std::string& line :
       {"ci read " + secret, "ci " + secret + " " + abc_digest, secret + "/ read " + abc_digest, secret,
        "ci none " + std::string{abc_digest}, "ci read " + std::string{abc_digest} + " " + secret,
        "ci read " + std::string{abc_digest} + " 2027-01-31T00:00:00Z " + secret}) {
    const Result<ApiTokens> tokens = read_api_tokens("tokens", "\n" + line + "\n");
    REQUIRE(tokens.has_error());
    CHECK(tokens.error().kind == ErrorKind::invalid_input);
    CHECK(tokens.error().message.starts_with("tokens:2: "));
    CHECK(tokens.error().message.find(secret) == std::string::npos);
  }
  const std::string line = std::string{"ci read "} + abc_digest + "\n";
  CHECK(read_api_tokens("tokens", line + line)
            .error()
            .message.starts_with("tokens:2: there is another token ci"));
}

TEST_CASE("login guard: five failures a second of one peer are told, more are not, and others do not count") {
  LoginGuard guard;
  const SteadyTime start{100s};
  for (int i = 0; i < 5; ++i) CHECK(guard.take_failure("10.0.0.1", start));
  CHECK_FALSE(guard.take_failure("10.0.0.1", start + 999ms));
  CHECK(guard.take_failure("10.0.0.2", start));
  CHECK(guard.take_failure("10.0.0.1", start + 1s));
}

TEST_CASE("login guard: however many addresses fail, fifty failures a second are told") {
  LoginGuard guard;
  const SteadyTime start{100s};
  int told = 0;

  for (int second = 0; second < 9; ++second) {
    for (int peer = 0; peer < 250; ++peer) {
      for (int i = 0; i < 10; ++i) {
        const SteadyTime now = start + std::chrono::seconds{second};
        if (guard.take_failure("127.0.0." + std::to_string(peer), now)) ++told;
      }
    }
  }

  CHECK(told == 9 * 50);
}

TEST_CASE("login guard: a peer that is beyond its own limit takes nothing of what all may fail") {
  LoginGuard guard;
  const SteadyTime start{100s};
  for (int i = 0; i < 1000; ++i) guard.take_failure("10.0.0.1", start);

  CHECK(guard.take_failure("10.0.0.2", start));
}

}  // namespace sluice::tests
