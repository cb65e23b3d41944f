// SPDX-License-Identifier: MIT
// One event of the log as one line. Whatever bytes an event carries, it is exactly one line, steers no
// terminal, and a reader of JSON or of logfmt gets back what went in; what was not UTF-8 as U+FFFD.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sluice/core/time.hpp"

namespace sluice {

enum class LogLevel { debug, info, warning, error };

std::string_view to_string(LogLevel level);
std::optional<LogLevel> log_level_from(std::string_view word);

/// A named value. Numbers and truths keep their type; there is no way from a Secret to a field.
class LogField {
 public:
  using Value = std::variant<std::string, std::int64_t, double, bool>;

  LogField(std::string_view name, std::string_view text) : name_(name), value_(std::string{text}) {}
  LogField(std::string_view name, const char* text) : LogField(name, std::string_view{text}) {}
  LogField(std::string_view name, const std::string& text) : LogField(name, std::string_view{text}) {}
  template <std::integral Number>
    requires(!std::same_as<Number, bool>)
  LogField(std::string_view name, Number number) : name_(name), value_(static_cast<std::int64_t>(number)) {}
  LogField(std::string_view name, std::same_as<bool> auto truth) : name_(name), value_(truth) {}
  LogField(std::string_view name, double number) : name_(name), value_(number) {}
  LogField(std::string_view name, UtcTime time);
  /// A RunId, a ChunkId and their like.
  template <class Id>
    requires std::same_as<decltype(Id::value), std::int64_t>
  LogField(std::string_view name, Id id) : LogField(name, id.value) {}

  const std::string& name() const { return name_; }
  const Value& value() const { return value_; }

 private:
  std::string name_;
  Value value_;
};

struct LogEvent {
  UtcTime at;
  LogLevel level = LogLevel::info;
  std::string_view name;         ///< what happened, in the past tense: "run_finished"
  std::vector<LogField> fields;  ///< in the order in which they are shown
};

/// A text longer than so many bytes is cut there and ends in "…", so that journald keeps the line in one
/// piece.
inline constexpr std::size_t log_text_bytes_max = 1024;

/// `ts=2026-01-02T03:04:05.000678Z level=info msg=run_finished run=7 job="two words"`, without a line end.
std::string to_logfmt(const LogEvent& event);

/// `{"ts":"2026-01-02T03:04:05.000678Z","level":"info","msg":"run_finished","run":7}`, without a line end.
std::string to_json_line(const LogEvent& event);

}  // namespace sluice
