// SPDX-License-Identifier: MIT
// The frame around the items of every list: {"schema_version","items":[…],"next","total"}. `next` is the URL
// of the page that follows, or null; it is in the Link header (RFC 8288) as well.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "http_api/api_message.hpp"
#include "http_api/json_text.hpp"
#include "http_api/resources/cursor.hpp"

namespace sluice {

class PageAnswer {
 public:
  explicit PageAnswer(const ApiRequest& request);

  /// Takes the items, one value each.
  JsonText& items() { return json_; }

  /// @param next absent: there is nothing more
  /// @param total of all pages, where it is known without counting
  ApiAnswer finish(const std::optional<Cursor>& next, std::optional<std::int64_t> total = std::nullopt);

 private:
  std::string url_of(const Cursor& cursor) const;

  const ApiRequest& request_;
  JsonText json_;
};

/// A document as an answer.
ApiAnswer json_answer(std::string document);

}  // namespace sluice
