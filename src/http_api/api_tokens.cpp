// SPDX-License-Identifier: MIT
#include "http_api/api_tokens.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

constexpr std::string_view prefix = "sluice_";
constexpr std::size_t name_bytes_max = 64;

std::optional<int> digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return std::nullopt;
}

std::optional<TokenDigest> digest_from(std::string_view text) {
  TokenDigest digest{};
  if (text.size() != 2 * digest.size()) return std::nullopt;
  for (std::size_t i = 0; i < digest.size(); ++i) {
    const std::optional<int> high = digit_of(text[2 * i]);
    const std::optional<int> low = digit_of(text[2 * i + 1]);
    if (!high || !low) return std::nullopt;
    digest[i] = static_cast<unsigned char>(*high * 16 + *low);
  }
  return digest;
}

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in{line};
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

/// What is wrong is told by its place, never by its text: somebody may have put the token itself there.
Result<ApiToken> token_of(const std::vector<std::string>& words) {
  const auto wrong = [](std::string what) { return Error{ErrorKind::invalid_input, std::move(what), {}}; };
  if (words.size() < 3 || words.size() > 4) {
    return wrong("expected NAME SCOPE SHA256 and, if it ends some day, EXPIRES");
  }
  ApiToken token{.name = words[0]};
  const std::optional<ApiScope> scope = api_scope_from(words[1]);
  const std::optional<TokenDigest> digest = digest_from(words[2]);
  if (!is_token_name(token.name)) {
    return wrong("the first word is no name of at most 64 letters, digits and - _ . @");
  }
  if (!scope || *scope == ApiScope::none) return wrong("the second word is none of read, operate, admin");
  if (!digest) return wrong("the third word is no SHA-256 of 64 digits 0-9a-f");
  token.scope = *scope;
  token.digest = *digest;
  if (words.size() == 4) {
    token.expires = from_iso_seconds(words[3]);
    if (!token.expires) return wrong("the fourth word is no time such as 2027-01-31T00:00:00Z");
  }
  return token;
}

}  // namespace

const ApiToken* ApiTokens::find(std::string_view presented, UtcTime now) const {
  const TokenDigest digest = digest_of(presented);
  const ApiToken* found = nullptr;
  for (const ApiToken& token : tokens_) {
    if (CRYPTO_memcmp(token.digest.data(), digest.data(), digest.size()) == 0) found = &token;
  }
  return found != nullptr && found->expires && *found->expires <= now ? nullptr : found;
}

Result<ApiTokens> read_api_tokens(const std::string& file, std::string_view text) {
  std::istringstream in{std::string{text}};
  std::vector<ApiToken> tokens;
  std::vector<std::string> findings;
  std::set<std::string> names;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    const std::vector<std::string> words = words_of(line);
    if (words.empty() || words.front().starts_with('#')) continue;
    Result<ApiToken> token = token_of(words);
    const std::string place = fmt::format("{}:{}: ", printable(file), number);
    if (token.has_error()) {
      findings.push_back(place + token.error().message);
    } else if (!names.insert(token->name).second) {
      findings.push_back(fmt::format("{}there is another token {}", place, token->name));
    } else {
      tokens.push_back(*std::move(token));
    }
  }
  if (findings.empty()) return ApiTokens{std::move(tokens)};
  return Error{ErrorKind::invalid_input, fmt::format("{}", fmt::join(findings, "\n")),
               "`sluice token new NAME --scope SCOPE` prints a line that is right."};
}

std::string token_line(const ApiToken& token) {
  std::string line =
      fmt::format("{} {} {:02x}", token.name, to_string(token.scope), fmt::join(token.digest, ""));
  if (token.expires) line += " " + to_iso_seconds(*token.expires);
  return line;
}

TokenDigest digest_of(std::string_view token) {
  TokenDigest digest{};
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), digest.data());
  return digest;
}

Result<Secret> new_token() {
  std::array<unsigned char, 32> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) {
    return Error{ErrorKind::unexpected, "the system gives no random bytes", "Nothing was made."};
  }
  std::string text{prefix};
  fmt::format_to(std::back_inserter(text), "{:02x}", fmt::join(random, ""));
  OPENSSL_cleanse(random.data(), random.size());
  return Secret{std::move(text)};
}

bool is_token_name(std::string_view name) {
  return !name.empty() && name.size() <= name_bytes_max && std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_' || c == '.' || c == '@';
  });
}

}  // namespace sluice
