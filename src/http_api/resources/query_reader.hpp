// SPDX-License-Identifier: MIT
// Reads the parameters of a list's URL. Each is looked at before anything is read from the store; the first
// that does not fit is what the client is told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "http_api/api_message.hpp"
#include "http_api/resources/cursor.hpp"
#include "sluice/core/result.hpp"

namespace sluice {

class QueryReader {
 public:
  explicit QueryReader(const ApiRequest& request) : request_(request) {}

  /// "limit": 1 to 1000 rows on a page; 100 if it is not there.
  std::size_t limit();
  /// "cursor", as a page before has named it.
  std::optional<Cursor> cursor(std::string_view list, std::size_t numbers);

  std::optional<std::string> text(std::string_view key) const;
  std::optional<std::int64_t> number(std::string_view key, std::int64_t least, std::int64_t most);
  /// "true" or "false".
  std::optional<bool> truth(std::string_view key);
  /// @param from the word's value, absent for another word
  /// @param words for the message: "pending, failed"
  template <class From>
  auto word(std::string_view key, From from, std::string_view words) -> decltype(from(std::string_view{})) {
    const std::optional<std::string_view> given = request_.query_value(key);
    if (!given) return std::nullopt;
    auto value = from(*given);
    if (!value) refuse(key, *given, words);
    return value;
  }

  /// What does not fit: usage. To be asked before what was read is used.
  const std::optional<Error>& problem() const { return problem_; }
  /// What somebody else found; the first one counts.
  void add(Error problem) {
    if (!problem_) problem_ = std::move(problem);
  }

 private:
  void refuse(std::string_view key, std::string_view given, std::string_view expected);

  const ApiRequest& request_;
  std::optional<Error> problem_;
};

}  // namespace sluice
