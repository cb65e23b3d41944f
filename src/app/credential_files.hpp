// SPDX-License-Identifier: MIT
// The two notations in which keys lie in files: the JSON of Alibaba Cloud's command line (aliyun configure)
// and the ini of its SDKs. No message quotes what stands in the file but names of profiles and modes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sluice/core/result.hpp"
#include "sluice/dialect/credentials.hpp"

namespace sluice {

/// What was found under one profile of a file.
struct ProfileKeys {
  std::string profile;                     ///< the one that was looked for
  std::optional<Credentials> credentials;  ///< absent: there is no such profile, or no key in it
  std::string why_absent;                  ///< for people: "has no profile \"x\""
};

/// Either notation, told by the first character that is not blank. Fails (unauthorized) on a malformed file
/// and on a profile of a kind that would need further calls (roles, metadata service, …).
/// @param file how the file is called in messages
/// @param profile empty: the file's current one, or "default"
Result<ProfileKeys> read_credentials_text(std::string_view file, std::string_view text,
                                          std::string_view profile);

}  // namespace sluice
