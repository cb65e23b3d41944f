// SPDX-License-Identifier: MIT
#include "http_api/resources/page_answer.hpp"

#include <fmt/format.h>

#include <string_view>

#include "sluice/dialect/signature.hpp"

namespace sluice {

PageAnswer::PageAnswer(const ApiRequest& request) : request_(request) {
  json_.begin_object().member("schema_version", json_schema_version).key("items").begin_array();
}

ApiAnswer PageAnswer::finish(const std::optional<Cursor>& next, std::optional<std::int64_t> total) {
  json_.end_array().key("next");
  ApiAnswer answer;
  if (next) {
    const std::string url = url_of(*next);
    json_.value(url);
    answer.headers.emplace_back("Link", fmt::format("<{}>; rel=\"next\"", url));
  } else {
    json_.null();
  }
  answer.body = json_.member("total", total).end_object().end_document().take();
  return answer;
}

// The path is as it came, since the router has found it; all else is written anew.
std::string PageAnswer::url_of(const Cursor& cursor) const {
  std::string url = request_.target.substr(0, request_.target.find('?'));
  url += "?cursor=" + cursor_word(cursor);
  for (const auto& [key, value] : request_.query) {
    if (key != "cursor") url += fmt::format("&{}={}", key, percent_encode(value));
  }
  return url;
}

ApiAnswer json_answer(std::string document) {
  ApiAnswer answer;
  answer.body = std::move(document);
  return answer;
}

}  // namespace sluice
