// SPDX-License-Identifier: MIT
#include "app/log_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

#include "http_api/json_text.hpp"
#include "jobfile/utf8.hpp"

namespace sluice {
namespace {

constexpr std::array<std::pair<LogLevel, std::string_view>, 4> level_words{{{LogLevel::debug, "debug"},
                                                                            {LogLevel::info, "info"},
                                                                            {LogLevel::warning, "warning"},
                                                                            {LogLevel::error, "error"}}};

// The record's own time form has seconds only, that for people milliseconds.
std::string to_microsecond_text(UtcTime time) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  std::string text = to_iso_seconds(second);
  text.pop_back();
  return fmt::format("{}.{:06}Z", text, (time - second).count());
}

// Names are the program's own words. Should one ever not be, it still breaks neither the line nor its reader.
std::string as_name(std::string_view name) {
  std::string result{name.substr(0, 64)};
  std::ranges::replace_if(
      result, [](char c) { return !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'); }, '_');
  return result.empty() ? "_" : result;
}

std::string cut(std::string_view text) {
  if (text.size() <= log_text_bytes_max) return std::string{text};
  std::size_t end = log_text_bytes_max;
  while (end > log_text_bytes_max - 4 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string{text.substr(0, end)} + "…";
}

// What logfmt readers take for a value as it stands.
bool is_bare(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c <= '~' && c != '"' && c != '=' && c != '\\';
  });
}

template <class Take>
void for_each_field(const LogEvent& event, const Take& take) {
  take(LogField{"ts", to_microsecond_text(event.at)});
  take(LogField{"level", to_string(event.level)});
  take(LogField{"msg", as_name(event.name)});
  for (const LogField& field : event.fields) take(field);
}

void write(JsonText& json, const LogField::Value& value) {
  std::visit(
      [&json](const auto& content) {
        if constexpr (std::is_same_v<std::decay_t<decltype(content)>, std::string>) {
          json.value(cut(content));
        } else {
          json.value(content);
        }
      },
      value);
}

// Readers of logfmt unquote a value as JSON does, so both forms escape alike.
std::string logfmt_value(const LogField::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value); text && text->size() <= log_text_bytes_max) {
    if (is_bare(*text)) return *text;
  }
  JsonText json;
  write(json, value);
  return json.take();
}

}  // namespace

std::string_view to_string(LogLevel level) {
  return std::ranges::find(level_words, level, &decltype(level_words)::value_type::first)->second;
}

std::optional<LogLevel> log_level_from(std::string_view word) {
  const auto* const found = std::ranges::find(level_words, word, &decltype(level_words)::value_type::second);
  if (found == level_words.end()) return std::nullopt;
  return found->first;
}

LogField::LogField(std::string_view name, UtcTime time) : name_(name), value_(to_microsecond_text(time)) {}

std::string to_logfmt(const LogEvent& event) {
  std::string line;
  for_each_field(event, [&](const LogField& field) {
    if (!line.empty()) line += ' ';
    line += as_name(field.name());
    line += '=';
    line += logfmt_value(field.value());
  });
  return line;
}

std::string to_json_line(const LogEvent& event) {
  JsonText json;
  json.begin_object();
  for_each_field(event, [&](const LogField& field) {
    json.key(as_name(field.name()));
    write(json, field.value());
  });
  json.end_object();
  return json.take();
}

}  // namespace sluice
