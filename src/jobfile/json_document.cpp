// SPDX-License-Identifier: MIT
#include "sluice/jobfile/json_document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "jobfile/json_reading.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

std::size_t size_of_mark(std::string_view text) {
  return text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
}

/// A byte order mark takes up no column: editors do not show it.
std::vector<std::size_t> line_begins(std::string_view text, std::size_t mark) {
  std::vector<std::size_t> begins{mark};
  for (std::size_t at = text.find('\n'); at != text.npos; at = text.find('\n', at + 1))
    begins.push_back(at + 1);
  return begins;
}

void shift(JsonValue& value, std::size_t by) {
  value.begin += by;
  value.end += by;
  for (JsonValue& element : value.elements) shift(element, by);
  for (JsonValue::Member& member : value.members) {
    member.name_begin += by;
    shift(member.value, by);
  }
}

}  // namespace

std::string to_string(std::string_view file, const std::vector<Finding>& findings) {
  // Of findings at the same place, the first one stays first: their addresses are in order.
  std::vector<const Finding*> sorted;
  for (const Finding& finding : findings) sorted.push_back(&finding);
  std::sort(sorted.begin(), sorted.end(), [](const Finding* a, const Finding* b) {
    return std::tuple(a->place.line, a->place.column, a) < std::tuple(b->place.line, b->place.column, b);
  });
  std::string out;
  for (const Finding* finding : sorted) {
    if (!out.empty()) out += '\n';
    out += fmt::format("{}:{}:{}: {}{}{}", printable(file), finding->place.line, finding->place.column,
                       finding->field, finding->field.empty() ? "" : ": ", finding->text);
  }
  return out;
}

const JsonValue* JsonValue::find(std::string_view name) const {
  const auto member =
      std::find_if(members.begin(), members.end(), [name](const Member& m) { return m.name == name; });
  return member == members.end() ? nullptr : &member->value;
}

Result<JsonDocument> JsonDocument::parse(std::string file, std::string text, JsonLimits limits) {
  if (text.size() > limits.bytes_max) {
    return Error{ErrorKind::invalid_input,
                 fmt::format("{}: {} bytes are too many; expected at most {}", printable(file), text.size(),
                             limits.bytes_max),
                 "Keep long device lists in a file of their own, named by \"devices_file\"."};
  }
  JsonDocument document;
  document.file_ = std::move(file);
  document.text_ = std::move(text);
  const std::size_t mark = size_of_mark(document.text_);
  document.line_begins_ = line_begins(document.text_, mark);

  auto outcome = read_json(std::string_view(document.text_).substr(mark), {limits.depth_max, true});
  if (const auto* fault = std::get_if<JsonFault>(&outcome)) {
    const Finding finding{document.place_of(fault->offset + mark), "", fault->text};
    return Error{ErrorKind::invalid_input, to_string(document.file_, {finding}),
                 "Correct the file; nothing after this place was looked at."};
  }
  document.root_ = std::get<JsonValue>(std::move(outcome));
  if (mark > 0) shift(document.root_, mark);
  return document;
}

std::string_view JsonDocument::text_of(const JsonValue& value) const {
  return std::string_view(text_).substr(value.begin, value.end - value.begin);
}

Place JsonDocument::place_of(std::size_t offset) const {
  const auto after = std::upper_bound(line_begins_.begin() + 1, line_begins_.end(), offset);
  const auto line = static_cast<std::size_t>(after - line_begins_.begin());
  return {line, offset - std::min(offset, *(after - 1)) + 1};
}

}  // namespace sluice
