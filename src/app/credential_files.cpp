// SPDX-License-Identifier: MIT
#include "app/credential_files.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <boost/algorithm/string/predicate.hpp>
#include <boost/json/stream_parser.hpp>
#include <boost/json/value.hpp>
#include <locale>
#include <map>
#include <new>
#include <utility>

#include "app/key_text.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

constexpr std::string_view blanks = " \t\r\n";
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::string_view default_profile = "default";

Error unauthorized(std::string message, std::string hint = {}) {
  return {ErrorKind::unauthorized, std::move(message), std::move(hint)};
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string profile_of_file(std::string_view profile, std::string_view file) {
  return fmt::format("profile \"{}\" of {}", printable(profile, 100), printable(file));
}

// How one notation calls the kinds of profile that hold a whole key, and the token's member.
struct Notation {
  std::string_view permanent;
  std::string_view temporary;
  std::string_view token_name;
};
constexpr Notation cli_notation{"AK", "StsToken", "sts_token"};
constexpr Notation ini_notation{"access_key", "sts", "security_token"};

// A profile as it stands in its file; the views end with the file's text.
struct RawProfile {
  std::string_view kind;
  std::string_view id;
  std::string_view secret;
  std::string_view token;
};

Result<ProfileKeys> keys_of(std::string_view file, std::string_view profile, const RawProfile& raw,
                            const Notation& notation) {
  const std::string where = profile_of_file(profile, file);
  const auto is_kind = [&](std::string_view kind) {
    return boost::algorithm::iequals(raw.kind, kind, std::locale::classic());
  };
  const bool is_temporary = is_kind(notation.temporary) || (raw.kind.empty() && !raw.token.empty());
  if (!is_temporary && !raw.kind.empty() && !is_kind(notation.permanent)) {
    return unauthorized(fmt::format("{}: the mode \"{}\" is not supported; supported are {} and {}", where,
                                    printable(raw.kind, 100), notation.permanent, notation.temporary),
                        "Use a profile that holds an access key, or put a temporary key into the environment "
                        "(ALIBABA_CLOUD_ACCESS_KEY_ID, …_SECRET, ALIBABA_CLOUD_SECURITY_TOKEN).");
  }
  const std::string_view token = is_temporary ? raw.token : std::string_view{};
  for (const auto& [name, value] : {std::pair{std::string_view{"access_key_id"}, raw.id},
                                    std::pair{std::string_view{"access_key_secret"}, raw.secret},
                                    std::pair{notation.token_name, token}}) {
    if (!is_key_text(value)) return unauthorized(fmt::format("{}: {} {}", where, name, not_key_text));
  }
  ProfileKeys keys{.profile = std::string{profile}};
  if (raw.id.empty() || raw.secret.empty() || (is_temporary && token.empty())) {
    const std::string_view missing = raw.id.empty()       ? "access_key_id"
                                     : raw.secret.empty() ? "access_key_secret"
                                                          : notation.token_name;
    keys.why_absent = fmt::format("profile \"{}\" has no {}", printable(profile, 100), missing);
    return keys;
  }
  keys.credentials =
      Credentials{std::string{raw.id}, Secret{std::string{raw.secret}}, Secret{std::string{token}}};
  return keys;
}

ProfileKeys no_such_profile(std::string_view profile) {
  return {std::string{profile}, std::nullopt, fmt::format("has no profile \"{}\"", printable(profile, 100))};
}

// Boost.JSON's tree keeps copies of every text, the secrets among them. The alignment is left aside: none is
// stricter than the default, and 1.81 does not always give the same one back.
class WipingMemory final : public boost::json::memory_resource {
  void* do_allocate(std::size_t size, std::size_t) override { return ::operator new(size); }
  void do_deallocate(void* place, std::size_t size, std::size_t) override {
    OPENSSL_cleanse(place, size);
    ::operator delete(place, size);
  }
  bool do_is_equal(const boost::json::memory_resource& other) const noexcept override {
    return this == &other;
  }
};

struct Unreadable {
  std::size_t offset;
};

boost::system::result<boost::json::value, Unreadable> parse_json(std::string_view text,
                                                                 boost::json::storage_ptr memory) {
  boost::json::stream_parser parser{memory};
  parser.reset(memory);
  boost::json::error_code error;
  const std::size_t used = parser.write_some(text.data(), text.size(), error);
  if (!error && !trimmed(text.substr(used)).empty()) return Unreadable{used};
  if (!error) parser.finish(error);
  if (error) return Unreadable{used};
  return parser.release();
}

// The text of a member; absent counts as empty, another kind of value as no answer.
std::optional<std::string_view> text_of(const boost::json::object& object, std::string_view name) {
  const boost::json::value* value = object.if_contains(boost::json::string_view{name.data(), name.size()});
  if (!value || value->is_null()) return std::string_view{};
  if (!value->is_string()) return std::nullopt;
  return std::string_view{value->get_string().data(), value->get_string().size()};
}

Result<ProfileKeys> read_cli_profile(std::string_view file, std::string_view name,
                                     const boost::json::object& members) {
  RawProfile raw;
  for (const auto& [member, into] :
       {std::pair{"mode", &raw.kind}, std::pair{"access_key_id", &raw.id},
        std::pair{"access_key_secret", &raw.secret}, std::pair{cli_notation.token_name.data(), &raw.token}}) {
    const auto text = text_of(members, member);
    if (!text) return unauthorized(fmt::format("{}: {} is not text", profile_of_file(name, file), member));
    *into = *text;
  }
  return keys_of(file, name, raw, cli_notation);
}

Result<ProfileKeys> read_cli_json(std::string_view file, std::string_view text, std::string_view wanted) {
  WipingMemory memory;  // outlives the tree
  const auto tree = parse_json(text, &memory);
  if (!tree) {
    const std::string_view before = text.substr(0, tree.error().offset);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    return unauthorized(fmt::format("{}:{}: is not valid JSON", printable(file), line));
  }
  const boost::json::object* root = tree->if_object();
  const auto current = root ? text_of(*root, "current") : std::nullopt;
  const boost::json::value* profiles = root ? root->if_contains("profiles") : nullptr;
  if (!current || (profiles && !profiles->is_array())) {
    return unauthorized(fmt::format(
        "{}: expected an object with the name \"current\" and the list \"profiles\"", printable(file)));
  }
  const std::string profile{!wanted.empty() ? wanted : !current->empty() ? *current : default_profile};
  if (!profiles) return no_such_profile(profile);
  for (const boost::json::value& entry : profiles->get_array()) {
    const boost::json::object* members = entry.if_object();
    if (members && text_of(*members, "name") == profile) return read_cli_profile(file, profile, *members);
  }
  return no_such_profile(profile);
}

// Goes through the lines of an ini text and keeps what belongs to one profile.
Result<ProfileKeys> read_ini(std::string_view file, std::string_view text, std::string_view wanted) {
  const std::string profile{wanted.empty() ? default_profile : wanted};
  std::map<std::string_view, std::string_view> values;
  std::optional<std::string_view> section;
  bool is_there = false;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view content = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto malformed = [&](std::string_view why) {
      return unauthorized(fmt::format("{}:{}: {}", printable(file), line, why));
    };
    if (content.empty() || content.front() == '#' || content.front() == ';') continue;
    if (content.front() == '[') {
      if (content.back() != ']') return malformed("a profile's name has no closing bracket");
      section = trimmed(content.substr(1, content.size() - 2));
      is_there |= *section == profile;
      continue;
    }
    const std::size_t equals = content.find('=');
    if (equals == std::string_view::npos) return malformed("expected [profile], name = value or a comment");
    if (!section) return malformed("a value before the first [profile]");
    if (*section != profile) continue;
    const bool is_new =
        values.emplace(trimmed(content.substr(0, equals)), trimmed(content.substr(equals + 1))).second;
    if (!is_new) return malformed("this name was given before in the same profile");
  }
  if (!is_there) return no_such_profile(profile);
  return keys_of(
      file, profile,
      {values["type"], values["access_key_id"], values["access_key_secret"], values[ini_notation.token_name]},
      ini_notation);
}

}  // namespace

Result<ProfileKeys> read_credentials_text(std::string_view file, std::string_view text,
                                          std::string_view profile) {
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  const bool is_json = trimmed(text).starts_with('{');
  return is_json ? read_cli_json(file, text, profile) : read_ini(file, text, profile);
}

}  // namespace sluice
