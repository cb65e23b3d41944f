// SPDX-License-Identifier: MIT
#include "parameters.hpp"

#include <algorithm>
#include <cctype>
#include <optional>

namespace sluice::simulator {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

/// Form decoding: a plus sign is a space, as servers read queries and form bodies.
std::optional<std::string> form_decoded(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      decoded += ' ';
    } else if (text[i] != '%') {
      decoded += text[i];
    } else {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return decoded;
}

/// Adds the pairs of "a=1&b=2"; false with a message if that cannot be done.
bool add_pairs(std::string_view text, Parameters& parameters, std::string& problem) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const auto name = form_decoded(pair.substr(0, equals));
    const auto value = form_decoded(pair.substr(std::min(equals + 1, pair.size())));
    if (!name || !value) {
      problem = "A parameter is not correctly percent-encoded.";
      return false;
    }
    if (!parameters.emplace(*name, *value).second) {
      problem = "A parameter is given twice.";
      return false;
    }
  }
  return true;
}

bool is_form(std::string_view content_type) {
  constexpr std::string_view form = "application/x-www-form-urlencoded";
  if (content_type.size() < form.size()) return false;
  const bool same = std::equal(form.begin(), form.end(), content_type.begin(), [](char expected, char given) {
    return expected == std::tolower(static_cast<unsigned char>(given));
  });
  return same && (content_type.size() == form.size() || content_type[form.size()] == ';');
}

}  // namespace

std::variant<Parameters, std::string> read_parameters(const Request& request) {
  Parameters parameters;
  std::string problem;
  const std::size_t question = request.target.find('?');
  if (question != std::string::npos &&
      !add_pairs(std::string_view{request.target}.substr(question + 1), parameters, problem)) {
    return problem;
  }
  if (request.method == "POST" && is_form(request.content_type) &&
      !add_pairs(request.body, parameters, problem)) {
    return problem;
  }
  return parameters;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size() * 2);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    const bool digit = c >= '0' && c <= '9';
    if (letter || digit || c == '-' || c == '_' || c == '.' || c == '~') {
      encoded += c;
    } else {
      encoded += '%';
      encoded += hex[byte >> 4U];
      encoded += hex[byte & 15U];
    }
  }
  return encoded;
}

}  // namespace sluice::simulator
