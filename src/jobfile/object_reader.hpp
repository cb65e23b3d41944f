// SPDX-License-Identifier: MIT
// Reads the members of one JSON object by name and kind; what does not fit becomes a finding.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "jobfile/findings.hpp"
#include "jobfile/job_keys.hpp"
#include "sluice/jobfile/json_document.hpp"

namespace sluice {

/// "text", "a list", …: how a value of the wrong kind is called.
std::string_view in_words(JsonValue::Kind kind);

/// A finding for each member of `object` whose name came before.
/// @param path of the object, e.g. "call"; empty: the document itself
void report_duplicates(const JsonValue& object, std::string_view path, Findings& findings);

/// "call.args" out of "call" and "args"; what is not printable in `key` is escaped.
std::string field_path(std::string_view path, std::string_view key);

class ObjectReader {
 public:
  /// Reports unknown and duplicate keys at once. The object and the findings outlive this.
  ObjectReader(const JsonValue& object, std::string path, const ObjectKeys& keys, Findings& findings);

  /// The value of `key`, if it is there.
  const JsonValue* find(std::string_view key) const { return object_.find(key); }

  /// The value of `key`, if it is there and of this kind. Each of these functions reports what is there and
  /// does not fit; `expected` says in words what would.
  const JsonValue* of_kind(std::string_view key, JsonValue::Kind kind, std::string_view expected) const;
  std::optional<std::string> text(std::string_view key, bool (*fits)(std::string_view),
                                  std::string_view expected) const;
  std::optional<std::int64_t> whole_number(std::string_view key, std::int64_t min, std::int64_t max) const;
  /// Of a value somewhere in that member.
  std::optional<std::int64_t> whole_number_of(const JsonValue& value, std::string_view key, std::int64_t min,
                                              std::int64_t max) const;
  std::optional<double> number(std::string_view key, double min, double max) const;
  std::optional<bool> boolean(std::string_view key) const;
  std::optional<std::chrono::milliseconds> duration(std::string_view key) const;

  /// Reports that a required key is missing.
  void require(std::string_view key, std::string_view expected) const;
  void report(const JsonValue& value, std::string_view key, std::string text) const;
  std::string field(std::string_view key) const { return field_path(path_, key); }
  Findings& findings() const { return findings_; }

 private:
  void report_unknown(const ObjectKeys& keys) const;

  const JsonValue& object_;
  std::string path_;
  Findings& findings_;
};

}  // namespace sluice
