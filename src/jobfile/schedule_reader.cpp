// SPDX-License-Identifier: MIT
#include "jobfile/schedule_reader.hpp"

#include <fmt/format.h>

#include <string_view>
#include <variant>

#include "jobfile/object_reader.hpp"
#include "jobfile/word_reader.hpp"
#include "jobfile/zone_reader.hpp"
#include "sluice/core/cron.hpp"
#include "sluice/core/tick_rules.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

constexpr std::string_view cron_in_words = "a time such as \"30 2 * * mon-fri\", \"@daily\" or \"every 6h\"";
constexpr std::string_view missed_in_words = "\"skip\", \"run_once\" or {\"run_all\": N}";
constexpr std::string_view until_in_words = "a time in UTC such as \"2027-01-01T00:00:00Z\"";

std::string read_cron(const ObjectReader& reader) {
  reader.require("cron", cron_in_words);
  const JsonValue* cron = reader.of_kind("cron", JsonValue::Kind::string, cron_in_words);
  if (!cron) return {};
  if (const std::string fault = cron_fault(cron->string); !fault.empty()) reader.report(*cron, "cron", fault);
  return cron->string;
}

MissedTicks read_missed(const ObjectReader& reader) {
  MissedTicks missed;
  const JsonValue* value = reader.find("missed");
  if (!value) return missed;
  if (value->kind == JsonValue::Kind::object) {
    const ObjectReader all(*value, reader.field("missed"), job_keys::missed, reader.findings());
    all.require("run_all", "how many of them run at most");
    missed.policy = MissedTicks::Policy::run_all;
    missed.max = static_cast<int>(all.whole_number("run_all", 1, skipped_rows_max).value_or(1));
  } else if (value->kind == JsonValue::Kind::string && value->string == "skip") {
    missed.policy = MissedTicks::Policy::skip;
  } else if (value->kind != JsonValue::Kind::string || value->string != "run_once") {
    const std::string found = value->kind == JsonValue::Kind::string
                                  ? fmt::format("\"{}\"", printable(value->string, 60))
                                  : std::string{in_words(value->kind)};
    reader.report(*value, "missed", fmt::format("{} does not fit; expected {}", found, missed_in_words));
  }
  return missed;
}

std::optional<UtcTime> read_until(const ObjectReader& reader) {
  const JsonValue* value = reader.of_kind("until", JsonValue::Kind::string, until_in_words);
  if (!value) return std::nullopt;
  const auto until = from_iso_seconds(value->string);
  if (!until) {
    reader.report(
        *value, "until",
        fmt::format("\"{}\" does not fit; expected {}", printable(value->string, 60), until_in_words));
  }
  return until;
}

}  // namespace

std::string cron_fault(std::string_view expression) {
  const auto parsed = parse_cron(expression);
  const auto* fault = std::get_if<CronFault>(&parsed);
  if (fault == nullptr) return {};
  if (fault->offset == 0) return fault->text;
  return fmt::format("after \"{}\": {}", printable(expression.substr(0, fault->offset), 60), fault->text);
}

Schedule read_schedule(const JsonValue& value, Findings& findings) {
  const ObjectReader reader(value, "schedule", job_keys::schedule, findings);
  Schedule schedule;
  schedule.cron = read_cron(reader);
  if (std::string zone = read_zone(reader); !zone.empty()) schedule.zone = std::move(zone);
  schedule.missed = read_missed(reader);
  schedule.start_deadline = reader.duration("start_deadline").value_or(schedule.start_deadline);
  schedule.overlap = read_word(reader, "overlap", overlap_words, overlap_from, schedule.overlap);
  schedule.spread = reader.duration("spread").value_or(schedule.spread);
  schedule.until = read_until(reader);
  schedule.is_paused = reader.boolean("paused").value_or(false);
  return schedule;
}

}  // namespace sluice
