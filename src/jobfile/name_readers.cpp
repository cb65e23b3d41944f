// SPDX-License-Identifier: MIT
#include "jobfile/name_readers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <variant>

#include "jobfile/json_reading.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

constexpr std::array<std::string_view, 3> usual_columns{"device", "device_name", "DeviceName"};
constexpr std::size_t columns_shown_max = 20;
constexpr std::size_t shown_text_max = 60;

std::string_view without_trailing_blanks(std::string_view line) {
  const std::size_t last = line.find_last_not_of(" \t");
  return last == line.npos ? std::string_view() : line.substr(0, last + 1);
}

std::string list_of(std::span<const std::string_view> names) {
  std::string list;
  for (std::size_t i = 0; i < std::min(names.size(), columns_shown_max); ++i) {
    list += fmt::format("{}\"{}\"", i == 0 ? "" : ", ", printable(names[i], shown_text_max));
  }
  if (names.size() > columns_shown_max)
    list += fmt::format(" … and {} more", names.size() - columns_shown_max);
  return list;
}

/// The names that are looked for, one after the other.
std::vector<std::string_view> wanted(const std::string& column) {
  if (!column.empty()) return {column};
  return {usual_columns.begin(), usual_columns.end()};
}

Error bad_list(std::string message, std::string hint) {
  return Error{ErrorKind::invalid_input, std::move(message), std::move(hint)};
}

constexpr const char* name_the_column =
    "Name the right one with --column, or as \"column\" in the job file's targets.";
constexpr const char* correct_the_line = "Correct the line; nothing after it was looked at.";

}  // namespace

NextName InlineNames::next() {
  if (given_ == names_.size()) return std::optional<std::string_view>();
  return std::optional<std::string_view>(names_[given_++]);
}

std::string InlineNames::place() const { return fmt::format("targets.devices[{}]", given_ - 1); }

NextName TextNames::next() {
  for (;;) {
    auto line = lines_.next();
    if (!line || !*line) return line;
    const std::string_view name = without_trailing_blanks(**line);
    if (!name.empty() && name.front() != '#') return std::optional(name);
  }
}

Result<void> CsvNames::read_header() {
  const auto header = csv_.next();
  if (!header) return header.error();
  if (!*header) {
    return bad_list(fmt::format("{}: the list is empty; expected a header row and 0 devices are too few",
                                printable(csv_.lines().name())),
                    "Put the names of the columns in the first line and one device in each line after it.");
  }
  const CsvReader::Fields columns = **header;
  for (const std::string_view name : wanted(column_)) {
    const auto found = std::find(columns.begin(), columns.end(), name);
    if (found == columns.end()) continue;
    if (std::find(found + 1, columns.end(), name) != columns.end()) {
      return bad_list(fmt::format("{}: there are two columns \"{}\"; expected one", csv_.place(),
                                  printable(name, shown_text_max)),
                      "Give each column a name of its own.");
    }
    index_ = static_cast<std::size_t>(found - columns.begin());
    columns_ = columns.size();
    return {};
  }
  return bad_list(fmt::format("{}: there is no column {}; the columns are {}", csv_.place(),
                              list_of(wanted(column_)), list_of(columns)),
                  name_the_column);
}

NextName CsvNames::next() {
  if (columns_ == 0) {
    if (auto header = read_header(); !header) return header.error();
  }
  const auto record = csv_.next();
  if (!record) return record.error();
  if (!*record) return std::optional<std::string_view>();
  if ((*record)->size() != columns_) {
    return bad_list(fmt::format("{}: the row has {} fields; expected {}, as the header has", csv_.place(),
                                (*record)->size(), columns_),
                    correct_the_line);
  }
  return std::optional((**record)[index_]);
}

NextName JsonLineNames::next() {
  for (;;) {
    const auto line = lines_.next();
    if (!line) return line.error();
    if (!*line) return std::optional<std::string_view>();
    if (without_trailing_blanks(**line).empty()) continue;
    auto name = name_in(**line);
    if (!name) return name.error();
    name_ = *std::move(name);
    return std::optional<std::string_view>(name_);
  }
}

Result<std::string> JsonLineNames::name_in(std::string_view line) const {
  const auto outcome = read_json(line, {JsonLimits{}.depth_max, false});
  if (const auto* fault = std::get_if<JsonFault>(&outcome)) {
    return bad_list(fmt::format("{}:{}: {}", place(), fault->offset + 1, fault->text), correct_the_line);
  }
  const JsonValue& object = std::get<JsonValue>(outcome);
  if (object.kind != JsonValue::Kind::object) {
    return bad_list(fmt::format("{}: not an object; expected one JSON object a line", place()),
                    correct_the_line);
  }
  for (const std::string_view member : wanted(member_)) {
    const auto count = std::count_if(object.members.begin(), object.members.end(),
                                     [member](const JsonValue::Member& m) { return m.name == member; });
    if (count == 0) continue;
    const JsonValue& value = *object.find(member);
    if (count == 1 && value.kind == JsonValue::Kind::string) return value.string;
    return bad_list(
        fmt::format("{}: the member \"{}\" {}; expected one device name in double quotes", place(),
                    printable(member, shown_text_max), count > 1 ? "is there more than once" : "is not text"),
        correct_the_line);
  }
  std::vector<std::string_view> members;
  for (const JsonValue::Member& member : object.members) members.push_back(member.name);
  return bad_list(fmt::format("{}: there is no member {}; the members are {}", place(),
                              list_of(wanted(member_)), members.empty() ? "none" : list_of(members)),
                  name_the_column);
}

}  // namespace sluice
