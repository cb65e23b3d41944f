// SPDX-License-Identifier: MIT
#include "jobfile/findings.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace sluice {
namespace {

constexpr std::size_t shown_max = 100;

}  // namespace

void Findings::add(std::size_t offset, std::string field, std::string text) {
  findings_.emplace(offset, What{std::move(field), std::move(text)});
}

std::string Findings::place_in_words(std::size_t offset) const {
  const Place place = document_.place_of(offset);
  return fmt::format("line {}, column {}", place.line, place.column);
}

Error Findings::to_error() const {
  std::vector<Finding> shown;
  for (const auto& [offset, what] : findings_) {
    if (shown.size() == shown_max) break;
    shown.push_back({document_.place_of(offset), what.field, what.text});
  }
  std::string message = to_string(document_.file(), shown);
  if (findings_.size() > shown_max) message += fmt::format("\n… and {} more", findings_.size() - shown_max);
  return Error{ErrorKind::invalid_input, std::move(message),
               "Correct these places; `sluice validate` checks the file without sending anything."};
}

}  // namespace sluice
