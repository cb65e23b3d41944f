// SPDX-License-Identifier: MIT
#include "sluice/jobfile/job_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include "jobfile/call_reader.hpp"
#include "jobfile/findings.hpp"
#include "jobfile/nearest_word.hpp"
#include "jobfile/object_reader.hpp"
#include "jobfile/regular_file.hpp"
#include "jobfile/rollout_reader.hpp"
#include "jobfile/rules_reader.hpp"
#include "jobfile/schedule_reader.hpp"
#include "jobfile/utf8.hpp"
#include "jobfile/window_reader.hpp"
#include "jobfile/word_reader.hpp"
#include "sluice/jobfile/device_name.hpp"
#include "sluice/jobfile/json_document.hpp"

namespace sluice {
namespace {

// From one chunk of a hundred in an hour and a half to what no account can reach.
constexpr double devices_per_minute_min = 1;
constexpr double devices_per_minute_max = 100'000'000;
constexpr std::size_t name_characters_max = 128;
constexpr std::size_t bad_names_shown_max = 10;

bool is_visible_text(std::string_view text) {
  while (!text.empty()) {
    const auto point = first_code_point(text);
    if (!point || is_invisible(point->value)) return false;
    text.remove_prefix(point->bytes);
  }
  return true;
}

std::size_t characters_in(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

bool is_job_name(std::string_view text) {
  return !text.empty() && characters_in(text) <= name_characters_max && is_visible_text(text) &&
         text.front() != ' ' && text.back() != ' ';
}

bool is_visible_nonempty(std::string_view text) { return !text.empty() && is_visible_text(text); }

// Standard input cannot be read again by whoever reads the job file next; the command line may give it.
bool is_file_name(std::string_view text) { return is_visible_nonempty(text) && text != "-"; }

bool is_any_text(std::string_view) { return true; }

std::vector<std::string> read_devices(const JsonValue& list, const ObjectReader& targets) {
  std::vector<std::string> names;
  std::size_t bad = 0;
  std::size_t last_bad = 0;
  for (std::size_t i = 0; i < list.elements.size(); ++i) {
    const JsonValue& element = list.elements[i];
    if (element.kind == JsonValue::Kind::string && is_valid_device_name(element.string)) {
      names.push_back(element.string);
      continue;
    }
    last_bad = i;
    if (++bad > bad_names_shown_max) continue;
    const std::string found = element.kind == JsonValue::Kind::string
                                  ? fmt::format("\"{}\" is not a device name", printable(element.string, 60))
                                  : fmt::format("{} where a device name belongs", in_words(element.kind));
    targets.report(element, fmt::format("devices[{}]", i),
                   found + "; expected 4 to 32 letters, digits and - _ @ . :");
  }
  if (bad > bad_names_shown_max) {
    targets.report(
        list.elements[last_bad], "devices",
        fmt::format("… and {} more that are no device names, up to here", bad - bad_names_shown_max));
  }
  return names;
}

Targets read_targets(const JsonValue& value, Findings& findings) {
  const ObjectReader reader(value, "targets", job_keys::targets, findings);
  Targets targets;
  if (const auto* list = reader.of_kind("devices", JsonValue::Kind::array, "a list of device names")) {
    targets.devices = read_devices(*list, reader);
    // Whoever means the command line's list leaves the key out; an empty one is a list that got lost.
    if (list->elements.empty()) {
      reader.report(*list, "devices",
                    "the list is empty; expected at least one device, or no \"devices\" at all");
    }
  }
  targets.devices_file =
      reader
          .text("devices_file", is_file_name,
                "the path of a file (standard input is given with --devices - on the command line)")
          .value_or("");
  targets.column = reader.text("column", is_visible_nonempty, "the name of a column or member").value_or("");

  targets.where =
      reader.text("where", is_any_text, "a condition over the columns, such as \"site = 'hamburg'\"")
          .value_or("");
  targets.exclude_file = reader.text("exclude_file", is_file_name, "the path of a device list").value_or("");

  const JsonValue* file = reader.find("devices_file");
  if (file && reader.find("devices")) {
    reader.report(*file, "devices_file", "given together with \"devices\"; expected only one of the two");
  }
  if (const JsonValue* column = reader.find("column"); column && !file) {
    reader.report(*column, "column", "given without \"devices_file\"; expected only together with it");
  }
  return targets;
}

RetryPolicy read_retry(const JsonValue& value, Findings& findings) {
  const ObjectReader reader(value, "retry", job_keys::retry, findings);
  RetryPolicy retry;
  retry.max_attempts =
      static_cast<int>(reader.whole_number("max_attempts", 1, 100).value_or(retry.max_attempts));
  retry.base = reader.duration("base").value_or(retry.base);
  retry.cap = reader.duration("cap").value_or(retry.cap);
  retry.deadline = reader.duration("deadline").value_or(retry.deadline);
  if (retry.base > retry.cap) {
    const std::string_view key = reader.find("cap") ? "cap" : "base";
    reader.report(*reader.find(key), key,
                  fmt::format("base ({} ms) is longer than cap ({} ms); expected base to be at most cap",
                              retry.base.count(), retry.cap.count()));
  }
  return retry;
}

constexpr std::array<std::string_view, 3> on_doubt_words{"hold", "presume", "resend"};
constexpr std::array<std::string_view, 3> conflict_words{"fail", "skip", "allow"};
constexpr std::array<std::string_view, 3> priority_words{"emergency", "normal", "bulk"};

Job read_root(const JsonValue& root, Findings& findings) {
  const ObjectReader reader(root, "", job_keys::job, findings);
  reader.require("name", "a name for the job, for example \"fw-2.14-config\"");
  reader.require("call", "an object with product_key and identifier");

  Job job;
  reader.text("$schema", is_any_text, "the address of a JSON Schema");
  job.name =
      reader.text("name", is_job_name, "1 to 128 printable characters, no blank at the ends").value_or("");
  job.tenant = reader.text("tenant", is_token, token_in_words).value_or("");
  if (const auto* call = reader.of_kind("call", JsonValue::Kind::object, "an object")) {
    job.call = read_call(*call, findings);
  }
  if (const auto* call = reader.of_kind("compensate", JsonValue::Kind::object, "an object")) {
    job.compensate = read_call(*call, findings, "compensate");
  }
  if (const auto* targets = reader.of_kind("targets", JsonValue::Kind::object, "an object")) {
    job.targets = read_targets(*targets, findings);
  }
  job.chunk_size = static_cast<std::size_t>(
      reader.whole_number("chunk_size", 1, static_cast<std::int64_t>(devices_per_request_max))
          .value_or(static_cast<std::int64_t>(job.chunk_size)));
  job.rate = reader.number("rate", rate_min, rate_max);
  job.safe_to_repeat = reader.boolean("safe_to_repeat").value_or(false);
  job.on_doubt = read_word(reader, "on_doubt", on_doubt_words, on_doubt_from, job.on_doubt);
  job.conflict = read_word(reader, "conflict", conflict_words, conflict_from, job.conflict);
  job.priority = read_word(reader, "priority", priority_words, priority_from, job.priority);
  job.devices_per_minute =
      reader.number("devices_per_minute", devices_per_minute_min, devices_per_minute_max);
  if (job.devices_per_minute && *job.devices_per_minute < static_cast<double>(job.chunk_size)) {
    reader.report(
        *reader.find("devices_per_minute"), "devices_per_minute",
        fmt::format("a chunk has up to {} devices; expected at least so many, or a smaller chunk_size",
                    job.chunk_size));
  }
  job.rollout = read_rollout(reader);
  if (const auto* retry = reader.of_kind("retry", JsonValue::Kind::object, "an object")) {
    job.retry = read_retry(*retry, findings);
  }
  if (const auto* window = reader.of_kind("window", JsonValue::Kind::object, "an object")) {
    job.window = read_window(*window, findings);
  }
  job.deadline = reader.duration("deadline");
  if (const auto* schedule = reader.of_kind("schedule", JsonValue::Kind::object, "an object")) {
    job.schedule = read_schedule(*schedule, findings);
  }
  read_rules(root, findings);
  return job;
}

}  // namespace

Result<Job> read_job(std::string file, std::string text) {
  const auto document = JsonDocument::parse(std::move(file), std::move(text));
  if (!document) return document.error();

  Findings findings(*document);
  if (document->root().kind != JsonValue::Kind::object) {
    findings.add(document->root().begin, "",
                 fmt::format("{} where the job belongs; expected an object in {{ }}",
                             in_words(document->root().kind)));
    return findings.to_error();
  }
  Job job = read_root(document->root(), findings);
  if (!findings.empty()) return findings.to_error();
  return job;
}

Result<Job> read_job_file(const std::string& path, std::string* text_out) {
  auto text = read_regular_file(path, "job file", JsonLimits{}.bytes_max);
  if (!text) return text.error();
  if (text_out) *text_out = *text;
  return read_job(path, *std::move(text));
}

}  // namespace sluice
