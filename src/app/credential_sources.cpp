// SPDX-License-Identifier: MIT
#include "app/credential_sources.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/algorithm/string/predicate.hpp>
#include <locale>
#include <utility>
#include <vector>

#include "app/credential_files.hpp"
#include "app/key_text.hpp"
#include "app/private_file.hpp"
#include "app/secret_variables.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

constexpr const char* id_variable = "ALIBABA_CLOUD_ACCESS_KEY_ID";
constexpr std::string_view how_to_provide =
    "Set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, run `aliyun configure`, or give "
    "--credentials FILE (a file that only you can read).";

// One search: asks place after place and remembers why each had nothing.
class Search {
 public:
  explicit Search(const CredentialQuery& query) : query_(query) {}

  Result<FoundCredentials> in_named_file();
  Result<FoundCredentials> everywhere();

 private:
  using Found = Result<std::optional<FoundCredentials>>;

  std::string variable(const char* name) const {
    return query_.environment ? query_.environment(name).value_or("") : "";
  }
  std::string wanted_profile() const;
  std::string shown(const std::string& path) const;

  Found in_environment();
  Found in_cli_json();
  Found in_well_known_file(const char* path_variable, const char* path_in_home);
  Found in_file(const std::string& path, bool must_be_there);
  Found nothing(std::string_view place, std::string_view why) {
    looked_at_.push_back(fmt::format("  {}: {}", place, why));
    return std::optional<FoundCredentials>{};
  }

  const CredentialQuery& query_;
  std::vector<std::string> looked_at_;
};

std::string Search::wanted_profile() const {
  if (!query_.profile.empty()) return query_.profile;
  for (const char* name : {"ALIBABA_CLOUD_PROFILE", "ALIBABACLOUD_PROFILE", "ALICLOUD_PROFILE"}) {
    if (std::string profile = variable(name); !profile.empty()) return profile;
  }
  return {};
}

std::string Search::shown(const std::string& path) const {
  const bool is_at_home = !query_.home.empty() && path.starts_with(query_.home + "/");
  return printable(is_at_home ? "~" + path.substr(query_.home.size()) : path);
}

Search::Found Search::in_environment() {
  // A tenant that names its profile means that account, whatever key the shell happens to carry.
  if (!query_.profile.empty()) return nothing("environment", "not asked, since a profile is named");
  std::string id = variable(id_variable);
  std::string secret_text = variable(access_key_secret_variable);
  std::string token_text = variable(security_token_variable);
  Secret secret{std::move(secret_text)};
  Secret token{std::move(token_text)};
  wipe(secret_text);
  wipe(token_text);
  if (id.empty() || secret.empty()) {
    return nothing("environment",
                   fmt::format("{} is not set", id.empty() ? id_variable : access_key_secret_variable));
  }
  for (const auto& [name, value] :
       {std::pair{id_variable, std::string_view{id}}, std::pair{access_key_secret_variable, secret.reveal()},
        std::pair{security_token_variable, token.reveal()}}) {
    if (!is_key_text(value)) {
      return Error{ErrorKind::unauthorized, fmt::format("environment: {} {}", name, not_key_text),
                   "Set it again, without blanks and line ends."};
    }
  }
  return FoundCredentials{{std::move(id), std::move(secret), std::move(token)},
                          fmt::format("environment {}", id_variable),
                          /*is_from_environment=*/true};
}

Search::Found Search::in_file(const std::string& path, bool must_be_there) {
  const std::string name = shown(path);
  const auto text = read_key_file(path);
  if (!text) return text.error();
  if (!*text) {
    if (!must_be_there) return nothing(name, "there is no such file");
    return Error{ErrorKind::not_found, fmt::format("{}: there is no such credentials file", name),
                 std::string{how_to_provide}};
  }
  auto keys = read_credentials_text(name, (*text)->reveal(), wanted_profile());
  if (!keys) return std::move(keys).error();
  if (!keys->credentials) return nothing(name, keys->why_absent);
  return FoundCredentials{*std::move(keys->credentials),
                          fmt::format("profile \"{}\" of {}", printable(keys->profile, 100), name)};
}

Search::Found Search::in_well_known_file(const char* path_variable, const char* path_in_home) {
  const std::string path = variable(path_variable);
  if (!path.empty()) return in_file(path, /*must_be_there=*/true);
  if (query_.home.empty()) return nothing(fmt::format("~/{}", path_in_home), "the home folder is not known");
  return in_file(fmt::format("{}/{}", query_.home, path_in_home), /*must_be_there=*/false);
}

Search::Found Search::in_cli_json() {
  for (const char* off : {"ALIBABA_CLOUD_CLI_PROFILE_DISABLED", "ALIBABA_CLOUD_IGNORE_PROFILE"}) {
    if (boost::algorithm::iequals(variable(off), "true", std::locale::classic())) {
      return nothing("~/.aliyun/config.json", fmt::format("switched off by {}", off));
    }
  }
  return in_well_known_file("ALIBABA_CLOUD_CONFIG_FILE", ".aliyun/config.json");
}

Result<FoundCredentials> Search::in_named_file() {
  auto found = in_file(query_.file, /*must_be_there=*/true);
  if (!found) return std::move(found).error();
  if (*found) return **std::move(found);
  return Error{ErrorKind::unauthorized,
               fmt::format("No access key in the named file:\n{}", fmt::join(looked_at_, "\n")),
               "Name another --credentials file, or another profile."};
}

Result<FoundCredentials> Search::everywhere() {
  auto found = in_environment();
  if (found && !*found) found = in_cli_json();
  if (found && !*found) {
    found = in_well_known_file("ALIBABA_CLOUD_CREDENTIALS_FILE", ".alibabacloud/credentials");
  }
  if (!found) return std::move(found).error();
  if (*found) return **std::move(found);
  return Error{ErrorKind::unauthorized,
               fmt::format("No access key found. Looked at:\n{}", fmt::join(looked_at_, "\n")),
               std::string{how_to_provide}};
}

}  // namespace

Result<FoundCredentials> find_credentials(const CredentialQuery& query) {
  Search search{query};
  return query.file.empty() ? search.everywhere() : search.in_named_file();
}

}  // namespace sluice
