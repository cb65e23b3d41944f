// SPDX-License-Identifier: MIT
#include "app/secret_variables.hpp"

#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>

#include "sluice/dialect/credentials.hpp"

namespace sluice {
namespace {

std::map<std::string, Secret, std::less<>>& taken() {
  static std::map<std::string, Secret, std::less<>> secrets;
  return secrets;
}

}  // namespace

void take_secret_variables() {
  for (const char* name : {access_key_secret_variable, security_token_variable}) {
    char* const value = std::getenv(name);
    if (value == nullptr) continue;
    taken().insert_or_assign(name, Secret{value});
    ::explicit_bzero(value, std::strlen(value));
    ::unsetenv(name);
  }
}

std::optional<std::string> taken_secret(std::string_view name) {
  const auto found = taken().find(name);
  if (found == taken().end() || found->second.empty()) return std::nullopt;
  return std::string{found->second.reveal()};
}

}  // namespace sluice
