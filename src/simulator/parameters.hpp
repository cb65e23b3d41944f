// SPDX-License-Identifier: MIT
// The parameters of a request as the server sees them: decoded from query and form body, and encoded again
// the way the signature asks for.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <variant>

namespace sluice::simulator {

/// Decoded names and values, in the byte order of the names.
using Parameters = std::map<std::string, std::string>;

/// One HTTP request, read completely.
struct Request {
  std::string method;
  std::string target;
  std::string host;
  std::string content_type;
  std::string body;
  long connection = 0;
};

/// The parameters of query and form body together, or what is wrong with them (a broken escape, a name
/// twice).
std::variant<Parameters, std::string> read_parameters(const Request& request);

/// UTF-8 bytes; letters, digits and -_.~ stay, everything else becomes %XX in capitals.
std::string percent_encoded(std::string_view text);

}  // namespace sluice::simulator
