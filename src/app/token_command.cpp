// SPDX-License-Identifier: MIT
#include "app/token_command.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <optional>

#include "app/exit_codes.hpp"
#include "app/standard_output.hpp"
#include "app/wrong_use.hpp"
#include "http_api/api_tokens.hpp"
#include "http_api/json_text.hpp"
#include "sluice/core/time.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

Result<ApiToken> wanted_token(const TokenOptionsGiven& given) {
  if (given.action != "new") {
    return wrong_use(fmt::format("token {}: unknown action", printable(given.action, 60)), "Expected: new.");
  }
  ApiToken token{.name = given.name};
  if (!is_token_name(token.name)) {
    return wrong_use(fmt::format("{}: not a token's name", printable(given.name, 80)),
                     "Expected 1 to 64 letters, digits and - _ . @");
  }
  const std::optional<ApiScope> scope = api_scope_from(given.scope);
  if (!scope || *scope == ApiScope::none) {
    return wrong_use(fmt::format("--scope {}: unknown scope", printable(given.scope, 60)),
                     "Expected read, operate or admin.");
  }
  token.scope = *scope;
  if (given.expires.empty()) return token;
  token.expires = from_iso_seconds(given.expires);
  if (token.expires) return token;
  return wrong_use(fmt::format("--expires {}: this is not a time", printable(given.expires, 60)),
                   "Expected one in UTC, written like 2027-01-31T00:00:00Z.");
}

std::string json_of(std::string_view token, const ApiToken& made) {
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version).member("name", made.name);
  json.member("scope", to_string(made.scope)).member("token", token).member("line", token_line(made));
  return json.end_object().end_document().take();
}

}  // namespace

Result<int> token_command(const CommonOptions& common, const TokenOptionsGiven& given) {
  Result<ApiToken> wanted = wanted_token(given);
  if (wanted.has_error()) return wanted.error();
  const Result<Secret> token = new_token();
  if (token.has_error()) return token.error();
  wanted->digest = digest_of(token->reveal());
  print(common.wants_json()
            ? json_of(token->reveal(), *wanted)
            : fmt::format(
                  "The token, which is shown only this once:\n\n  {}\n\n"
                  "The line for the file that api.tokens_file of the configuration names (mode 0600):\n\n"
                  "  {}\n\nThe daemon reads that file again on SIGHUP.\n",
                  token->reveal(), token_line(*wanted)));
  return exit_codes::all_accepted;
}

}  // namespace sluice
