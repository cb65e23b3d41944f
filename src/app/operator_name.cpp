// SPDX-License-Identifier: MIT
#include "app/operator_name.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <array>

#include "sluice/jobfile/device_name.hpp"

namespace sluice {

std::string operator_name() { return operator_name_of(::getuid()); }

std::string operator_name_of(uid_t uid) {
  std::array<char, 16'384> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  const bool has_name = ::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 &&
                        found != nullptr && *found->pw_name != '\0';
  if (!has_name) return fmt::format("uid {}", uid);
  return fmt::format("{} (uid {})", printable(found->pw_name, 256), uid);
}

}  // namespace sluice
