// SPDX-License-Identifier: MIT
#include "jobfile/name_readers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <variant>

#include "jobfile/json_reading.hpp"
#include "jobfile/nearest_word.hpp"
#include "jobfile/object_reader.hpp"
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

/// @param have the columns there are
/// @param list where they stand
Error unknown_column(const WantedColumn& wanted, std::string_view list,
                     std::span<const std::string_view> have) {
  const auto nearest = nearest_word(wanted.name, have);
  return bad_list(fmt::format("{}: there is no column \"{}\"; the columns of {} are {}", wanted.place,
                              printable(wanted.name, shown_text_max), list, list_of(have)),
                  nearest ? fmt::format("Did you mean \"{}\"?", printable(*nearest, shown_text_max))
                          : "Use one of these, or another device list.");
}

constexpr const char* name_the_column =
    "Name the right one with --column, or as \"column\" in the job file's targets.";
constexpr const char* correct_the_line = "Correct the line; nothing after it was looked at.";

}  // namespace

Result<void> check_only_device_is_wanted(const std::vector<WantedColumn>& wanted, std::string_view list) {
  for (const WantedColumn& column : wanted) {
    if (column.name == usual_columns.front()) continue;
    return bad_list(fmt::format("{}: there is no column \"{}\"; {} has names only, which is the column "
                                "\"device\"",
                                column.place, printable(column.name, shown_text_max), list),
                    "Use a list with columns: CSV with a header row, or NDJSON.");
  }
  return {};
}

NextName InlineNames::next() {
  if (given_ == names_.size()) return std::optional<std::string_view>();
  return std::optional<std::string_view>(names_[given_++]);
}

std::string InlineNames::place() const { return fmt::format("targets.devices[{}]", given_ - 1); }

Result<void> InlineNames::values(ColumnValues& into) const {
  into.assign(wanted_.size(), {ColumnValue::Kind::text, names_[given_ - 1]});
  return {};
}

Result<void> InlineNames::rewind() {
  given_ = 0;
  return {};
}

NextName TextNames::next() {
  for (;;) {
    auto line = lines_.next();
    if (!line || !*line) return line;
    name_ = without_trailing_blanks(**line);
    if (!name_.empty() && name_.front() != '#') return std::optional(name_);
  }
}

Result<void> TextNames::values(ColumnValues& into) const {
  into.assign(wanted_.size(), {ColumnValue::Kind::text, name_});
  return {};
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
    if (std::find(found + 1, columns.end(), name) != columns.end()) return more_than_one(name);
    index_ = static_cast<std::size_t>(found - columns.begin());
    columns_ = columns.size();
    return find_wanted(columns);
  }
  return bad_list(fmt::format("{}: there is no column {}; the columns are {}", csv_.place(),
                              list_of(wanted(column_)), list_of(columns)),
                  name_the_column);
}

Result<void> CsvNames::find_wanted(CsvReader::Fields header) {
  wanted_indices_.clear();
  for (const WantedColumn& wanted : wanted_) {
    const auto found = std::find(header.begin(), header.end(), wanted.name);
    if (found == header.end()) return unknown_column(wanted, csv_.place(), header);
    if (std::find(found + 1, header.end(), wanted.name) != header.end()) return more_than_one(wanted.name);
    wanted_indices_.push_back(static_cast<std::size_t>(found - header.begin()));
  }
  return {};
}

Error CsvNames::more_than_one(std::string_view column) const {
  return bad_list(fmt::format("{}: there are two columns \"{}\"; expected one", csv_.place(),
                              printable(column, shown_text_max)),
                  "Give each column a name of its own.");
}

Result<void> CsvNames::values(ColumnValues& into) const {
  into.clear();
  for (const std::size_t index : wanted_indices_) {
    const std::string_view field = fields_[index];
    into.push_back({field.empty() ? ColumnValue::Kind::missing : ColumnValue::Kind::text, field});
  }
  return {};
}

Result<void> CsvNames::rewind() {
  columns_ = 0;
  return csv_.rewind();
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
  fields_ = **record;
  return std::optional(fields_[index_]);
}

NextName JsonLineNames::next() {
  for (;;) {
    const auto line = lines_.next();
    if (!line) return line.error();
    if (!*line) return std::optional<std::string_view>();
    if (without_trailing_blanks(**line).empty()) continue;
    if (auto read = read_object(**line); !read) return read.error();
    if (!wanted_.empty()) note_members();
    return name();
  }
}

Result<void> JsonLineNames::read_object(std::string_view line) {
  auto outcome = read_json(line, {JsonLimits{}.depth_max, false});
  if (const auto* fault = std::get_if<JsonFault>(&outcome)) {
    return bad_list(fmt::format("{}:{}: {}", place(), fault->offset + 1, fault->text), correct_the_line);
  }
  object_ = std::get<JsonValue>(std::move(outcome));
  line_ = line;
  if (object_.kind == JsonValue::Kind::object) return {};
  return bad_list(fmt::format("{}: not an object; expected one JSON object a line", place()),
                  correct_the_line);
}

NextName JsonLineNames::name() const {
  for (const std::string_view member : wanted(member_)) {
    const auto count = std::count_if(object_.members.begin(), object_.members.end(),
                                     [member](const JsonValue::Member& m) { return m.name == member; });
    if (count == 0) continue;
    const JsonValue& value = *object_.find(member);
    if (count == 1 && value.kind == JsonValue::Kind::string)
      return std::optional<std::string_view>(value.string);
    return bad_list(
        fmt::format("{}: the member \"{}\" {}; expected one device name in double quotes", place(),
                    printable(member, shown_text_max), count > 1 ? "is there more than once" : "is not text"),
        correct_the_line);
  }
  std::vector<std::string_view> members;
  for (const JsonValue::Member& member : object_.members) members.push_back(member.name);
  return bad_list(fmt::format("{}: there is no member {}; the members are {}", place(),
                              list_of(wanted(member_)), members.empty() ? "none" : list_of(members)),
                  name_the_column);
}

void JsonLineNames::note_members() {
  if (first_names_.empty()) {
    for (const JsonValue::Member& member : object_.members) first_names_.push_back(member.name);
  }
  for (std::size_t i = 0; i < wanted_.size(); ++i) {
    if (!is_seen_[i]) is_seen_[i] = object_.find(wanted_[i].name) != nullptr;
  }
}

Result<void> JsonLineNames::values(ColumnValues& into) const {
  into.clear();
  for (const WantedColumn& wanted : wanted_) {
    const auto value = value_of(wanted);
    if (!value) return value.error();
    into.push_back(*value);
  }
  return {};
}

Result<ColumnValue> JsonLineNames::value_of(const WantedColumn& wanted) const {
  using Kind = ColumnValue::Kind;
  const JsonValue* const value = object_.find(wanted.name);
  if (!value) return ColumnValue{};
  const auto is_same = [&wanted](const JsonValue::Member& member) { return member.name == wanted.name; };
  if (std::count_if(object_.members.begin(), object_.members.end(), is_same) > 1) {
    return bad_list(fmt::format("{}: the member \"{}\" is there more than once; expected one", place(),
                                printable(wanted.name, shown_text_max)),
                    correct_the_line);
  }
  switch (value->kind) {
    case JsonValue::Kind::null:
      return ColumnValue{};
    case JsonValue::Kind::boolean:
      return ColumnValue{Kind::boolean, value->boolean ? "true" : "false"};
    case JsonValue::Kind::number:
      return ColumnValue{Kind::number, line_.substr(value->begin, value->end - value->begin)};
    case JsonValue::Kind::string:
      return ColumnValue{Kind::text, value->string};
    case JsonValue::Kind::array:
    case JsonValue::Kind::object:
      break;
  }
  return bad_list(
      fmt::format("{}: the member \"{}\" is {}; expected text, a number, true, false or null, "
                  "because {} uses it",
                  place(), printable(wanted.name, shown_text_max), in_words(value->kind), wanted.place),
      correct_the_line);
}

Result<void> JsonLineNames::check_end() const {
  for (std::size_t i = 0; i < wanted_.size(); ++i) {
    if (is_seen_[i] || first_names_.empty()) continue;
    const std::vector<std::string_view> names(first_names_.begin(), first_names_.end());
    return unknown_column(wanted_[i], fmt::format("{}:1", printable(lines_.name())), names);
  }
  return {};
}

Result<void> JsonLineNames::rewind() {
  is_seen_.assign(wanted_.size(), false);
  return lines_.rewind();
}

}  // namespace sluice
