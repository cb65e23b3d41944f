// SPDX-License-Identifier: MIT
#include "support/canary.hpp"

#include <fmt/format.h>

#include <cctype>

namespace sluice::tests {

std::string in_hex(std::string_view text, bool upper) {
  std::string hex;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    hex += upper ? fmt::format("{:02X}", byte) : fmt::format("{:02x}", byte);
  }
  return hex;
}

std::string in_url(std::string_view text) {
  std::string url;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '~') {
      url += c;
    } else {
      url += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return url;
}

std::string in_base64(std::string_view text) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string base64;
  // Whole groups of three only, since what follows the text decides about the rest.
  for (std::size_t i = 0; i + 3 <= text.size(); i += 3) {
    const auto at = [&](std::size_t k) {
      return static_cast<unsigned>(static_cast<unsigned char>(text[i + k]));
    };
    const unsigned group = at(0) << 16U | at(1) << 8U | at(2);
    for (const unsigned shift : {18U, 12U, 6U, 0U}) base64 += digits[group >> shift & 63U];
  }
  return base64;
}

std::vector<std::string> spellings_of(std::string_view text) {
  std::vector<std::string> spellings{std::string{text.substr(0, 10)}, in_hex(text.substr(0, 10), false),
                                     in_hex(text.substr(0, 10), true), in_url(text)};
  for (std::size_t offset = 0; offset < 3; ++offset) spellings.push_back(in_base64(text.substr(offset)));
  return spellings;
}

}  // namespace sluice::tests
