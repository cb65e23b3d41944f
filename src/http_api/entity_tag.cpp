// SPDX-License-Identifier: MIT
#include "http_api/entity_tag.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "store/sha256.hpp"

namespace sluice {
namespace {

constexpr std::size_t digits_of_tag = 32;

std::string tag_of(std::string_view body) { return '"' + sha256_hex(body).substr(0, digits_of_tag) + '"'; }

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

// None of our tags has a comma in it, so one that is cut at a comma is none of ours.
bool names_tag(std::string_view if_none_match, std::string_view tag) {
  for (std::size_t begin = 0; begin <= if_none_match.size();) {
    const std::size_t end = std::min(if_none_match.find(',', begin), if_none_match.size());
    std::string_view named = trimmed(if_none_match.substr(begin, end - begin));
    if (named == "*") return true;
    if (named.starts_with("W/")) named.remove_prefix(2);
    if (named == tag) return true;
    begin = end + 1;
  }
  return false;
}

ApiAnswer unless_known(const ApiRequest& request, ApiAnswer answer) {
  std::string tag = tag_of(answer.body);
  const std::optional<std::string_view> known = request.header("if-none-match");
  if (known && names_tag(*known, tag)) answer = {.status = 304, .body = {}, .content_type = {}};
  answer.headers.emplace_back("ETag", std::move(tag));
  return answer;
}

}  // namespace sluice
