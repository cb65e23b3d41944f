// SPDX-License-Identifier: MIT
// Where a tenant's access key comes from: the places and the order of Alibaba Cloud's own SDKs, as far as
// they need no further call. Keys are never taken from the command line.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "sluice/core/result.hpp"
#include "sluice/dialect/credentials.hpp"

namespace sluice {

struct CredentialQuery {
  std::string file;  ///< of --credentials or the tenant's configuration: then nothing else is looked at
  std::string
      profile;       ///< asked for by name: then the environment's key is not looked at; empty: not asked for
  std::string home;  ///< the home folder; empty: there is none
  std::function<std::optional<std::string>(const char* name)> environment;
};

struct FoundCredentials {
  Credentials credentials;
  std::string source;  ///< for people, e.g. "environment ALIBABA_CLOUD_ACCESS_KEY_ID"
  bool is_from_environment = false;
};

/// The first whole key of: the file of the query; the environment; ~/.aliyun/config.json;
/// ~/.alibabacloud/credentials. A file that is malformed, readable by others, or of a kind that is not
/// supported ends the search with an error instead of letting another account's key be found.
/// Fails with `unauthorized`, or `not_found` for a file that was named and is not there.
Result<FoundCredentials> find_credentials(const CredentialQuery& query);

}  // namespace sluice
