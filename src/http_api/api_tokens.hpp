// SPDX-License-Identifier: MIT
// The tokens by which clients of TCP are known. Only digests are kept: whoever reads the file has no token.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http_api/api_message.hpp"
#include "sluice/core/result.hpp"
#include "sluice/core/time.hpp"
#include "sluice/dialect/credentials.hpp"

namespace sluice {

using TokenDigest = std::array<unsigned char, 32>;

struct ApiToken {
  std::string name;
  ApiScope scope = ApiScope::read;
  TokenDigest digest{};            ///< SHA-256
  std::optional<UtcTime> expires;  ///< from then on it is worth nothing

  bool operator==(const ApiToken&) const = default;
};

class ApiTokens {
 public:
  ApiTokens() = default;
  explicit ApiTokens(std::vector<ApiToken> tokens) : tokens_(std::move(tokens)) {}

  /// Null: it is none of these, or has expired. Takes as long whatever is presented: each digest is compared
  /// to its end.
  const ApiToken* find(std::string_view presented, UtcTime now) const;

  bool empty() const { return tokens_.empty(); }
  const std::vector<ApiToken>& all() const { return tokens_; }

 private:
  std::vector<ApiToken> tokens_;
};

/// One token a line: NAME SCOPE SHA-256-IN-HEX [EXPIRES], the last as 2027-01-31T00:00:00Z. Empty lines and
/// lines that begin with '#' say nothing.
/// Fails: invalid_input, every finding as "file:line: …"; never with what could be a token in it.
Result<ApiTokens> read_api_tokens(const std::string& file, std::string_view text);

/// The line of a token, without its line end.
std::string token_line(const ApiToken& token);

TokenDigest digest_of(std::string_view token);

/// "sluice_" and 256 random bits.
/// Fails: unexpected, if the system gives no random bytes.
Result<Secret> new_token();

/// 1 to 64 letters, digits and - _ . @
bool is_token_name(std::string_view name);

}  // namespace sluice
