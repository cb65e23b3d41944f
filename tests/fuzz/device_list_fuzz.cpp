// SPDX-License-Identifier: MIT
// The device list's reader. The input's first line says how the list is read, "text", "csv [COLUMN]" or
// "ndjson [MEMBER]"; the rest is the list. What is read are valid names, each once, and all that another
// reading finds; what is refused is refused with its place.
#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/claim.hpp"
#include "fuzz/rfc4180.hpp"
#include "sluice/jobfile/device_list.hpp"
#include "support/temporary_folder.hpp"

using namespace sluice;
using fuzz::claim;

namespace {

bool is_name(std::string_view text) {
  constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_@.:";
  return text.size() >= 4 && text.size() <= 32 && text.find_first_not_of(allowed) == text.npos;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto [line, rest] = fuzz::split_first_line(text);
    lines.emplace_back(line);
    text = rest;
  }
  return lines;
}

std::string_view without_mark(std::string_view text) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  return text.starts_with(byte_order_mark) ? text.substr(byte_order_mark.size()) : text;
}

std::vector<std::string> other_reading_of_text(std::string_view list) {
  std::vector<std::string> names;
  for (std::string line : lines_of(without_mark(list))) {
    // Of blanks behind a name, and of a carriage return, nothing is left.
    while (!line.empty() && (line.back() == ' ' || line.back() == '\t' || line.back() == '\r')) {
      line.pop_back();
    }
    if (!line.empty() && !line.starts_with('#')) names.push_back(line);
  }
  return names;
}

/// @param column as it was asked for, or empty
std::vector<std::string> other_reading_of_csv(std::string_view list, const std::string& column) {
  const auto records = fuzz::read_rfc4180(without_mark(list));
  claim(records.has_value(), "a CSV list that is accepted is CSV", list);
  std::vector<std::string> names;
  const fuzz::CsvRecord* header = nullptr;
  std::size_t at = 0;
  for (const fuzz::CsvRecord& record : *records) {
    if (record == fuzz::CsvRecord{""}) continue;
    if (header) {
      claim(record.size() == header->size(), "each row of an accepted CSV list is as wide as its header");
      names.push_back(record[at]);
      continue;
    }
    header = &record;
    const std::vector<std::string> wanted =
        column.empty() ? std::vector<std::string>{"device", "device_name", "DeviceName"}
                       : std::vector<std::string>{column};
    const auto found = std::find_first_of(wanted.begin(), wanted.end(), record.begin(), record.end());
    claim(found != wanted.end(), "an accepted CSV list has the column");
    at = static_cast<std::size_t>(std::find(record.begin(), record.end(), *found) - record.begin());
  }
  return names;
}

struct Reading {
  std::string names;
  std::size_t devices = 0;
  std::size_t duplicates = 0;
  std::string refusal;  ///< empty: the list was accepted

  bool operator==(const Reading&) const = default;
};

Reading read_all(const DeviceSource& source, std::size_t max) {
  Reading reading;
  Result<DeviceList> list = DeviceList::open(source);
  if (!list) {
    reading.refusal = list.error().message;
    return reading;
  }
  while (true) {
    const Result<std::size_t> count = list->read(max, reading.names);
    if (!count) {
      claim(count.error().kind == ErrorKind::invalid_input, "a bad list is invalid input");
      claim(!count.error().hint.empty(), "a refusal says what to do");
      reading.refusal = count.error().message;
      break;
    }
    claim(*count <= max, "no more names are given than were asked for");
    if (*count == 0) break;
  }
  // A refused list is used for nothing, so what it gave before the refusal does not matter.
  if (!reading.refusal.empty()) {
    reading.names.clear();
    return reading;
  }
  reading.devices = list->devices();
  reading.duplicates = list->duplicates();
  return reading;
}

void claim_refusal_has_place(const std::string& refusal, const std::string& path) {
  for (const std::string& line : lines_of(refusal)) {
    claim(fuzz::is_free_of_controls(line), "a refusal can be shown", line);
    claim(line.starts_with(path + ":") || line == "… and more", "a refusal names its place", line);
  }
}

void claim_names_are_those_of(const std::vector<std::string>& others, const Reading& reading) {
  std::string expected;
  std::set<std::string> seen;
  for (const std::string& name : others) {
    claim(is_name(name), "only valid names are accepted", name);
    if (seen.insert(name).second) expected += name + "\n";
  }
  claim(reading.names == expected, "the names are those of another reading, each once", reading.names);
  claim(reading.devices == seen.size(), "the devices are counted");
  claim(reading.devices > 0, "an empty list is refused");
  claim(reading.duplicates == others.size() - seen.size(), "the duplicates are counted");
}

void claim_names_are_valid(const Reading& reading) {
  std::set<std::string> seen;
  for (const std::string& name : lines_of(reading.names)) {
    claim(is_name(name), "only valid names are accepted", name);
    claim(seen.insert(name).second, "each name is given once", name);
  }
  claim(reading.devices == seen.size() && !seen.empty(), "the devices are counted");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const tests::TemporaryFolder folder;
  const auto [how, list] = fuzz::split_first_line(fuzz::text_of(bytes, size));
  const std::size_t blank = std::min(how.find(' '), how.size());
  const std::string_view format = how.substr(0, blank);
  const std::string column{how.substr(std::min(blank + 1, how.size()))};
  const std::string name = format == "csv" ? "list.csv" : format == "ndjson" ? "list.ndjson" : "list.txt";
  const std::string path = folder.write(name, list);

  const Reading reading = read_all({.path = path, .column = column}, 100);

  claim(reading == read_all({.path = path, .column = column}, 1),
        "how many are asked for makes no difference");
  if (!reading.refusal.empty()) {
    claim_refusal_has_place(reading.refusal, path);
  } else if (format == "csv") {
    claim_names_are_those_of(other_reading_of_csv(list, column), reading);
  } else if (format == "ndjson") {
    claim_names_are_valid(reading);
  } else {
    claim_names_are_those_of(other_reading_of_text(list), reading);
  }
  return 0;
}
