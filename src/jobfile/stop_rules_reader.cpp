// SPDX-License-Identifier: MIT
#include "jobfile/stop_rules_reader.hpp"

#include <fmt/format.h>

#include <limits>
#include <string>

#include "jobfile/percent_text.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

constexpr std::int64_t devices_max = std::numeric_limits<std::int32_t>::max();
constexpr Percent usually_tolerated{5 * 100};
constexpr std::string_view limit_in_words = "a number of devices, or a percentage such as \"5%\"";

/// A number of devices, "5%", or {"max": …, "of": …, "min_sample": …}.
class ToleranceReader {
 public:
  ToleranceReader(std::string path, ShareOf share_of, Findings& findings)
      : path_(std::move(path)), share_of_(share_of), findings_(findings) {}

  Tolerance read(const JsonValue& value, std::string_view key) const {
    Tolerance tolerance{.of = share_of_};
    const std::string field = field_path(path_, key);
    if (value.kind != JsonValue::Kind::object) {
      read_limit(value, field, tolerance);
      return tolerance;
    }
    const ObjectReader reader(value, field, job_keys::tolerance, findings_);
    reader.require("max", limit_in_words);
    if (const JsonValue* max = reader.find("max")) read_limit(*max, reader.field("max"), tolerance);
    tolerance.min_sample = reader.whole_number("min_sample", 0, devices_max).value_or(0);
    if (const JsonValue* of = reader.of_kind("of", JsonValue::Kind::string, "\"stage\" or \"run\"")) {
      if (of->string == "stage") {
        tolerance.of = ShareOf::stage;
      } else if (of->string == "run") {
        tolerance.of = ShareOf::run;
      } else {
        reader.report(*of, "of", "expected \"stage\" or \"run\"");
      }
    }
    return tolerance;
  }

 private:
  void read_limit(const JsonValue& value, const std::string& field, Tolerance& tolerance) const {
    const double number = value.kind == JsonValue::Kind::number ? value.number : -1;
    const bool is_whole = number >= 0 && number <= static_cast<double>(devices_max) &&
                          number == static_cast<double>(static_cast<std::int64_t>(number));
    if (is_whole) {
      tolerance.count = static_cast<std::int64_t>(number);
      return;
    }
    if (value.kind == JsonValue::Kind::string) tolerance.percent = parse_percent(value.string);
    if (!tolerance.percent) findings_.add(value.begin, field, fmt::format("expected {}", limit_in_words));
  }

  std::string path_;
  ShareOf share_of_;
  Findings& findings_;
};

std::vector<CodeTolerance> read_codes(const ObjectReader& rules, const ToleranceReader& tolerances) {
  std::vector<CodeTolerance> codes;
  const auto* object = rules.of_kind("codes", JsonValue::Kind::object, "an object such as {\"CODE\": 10}");
  if (!object) return codes;
  report_duplicates(*object, rules.field("codes"), rules.findings());
  for (const JsonValue::Member& member : object->members) {
    if (member.name.empty()) {
      rules.report(member.value, "codes",
                   "expected the code that is counted, such as \"iot.device.NotFoundDevice\"");
      continue;
    }
    codes.push_back({member.name, tolerances.read(member.value, "codes." + printable(member.name, 60))});
  }
  return codes;
}

StopRules read_rules(const ObjectReader& reader, const std::string& path, ShareOf share_of) {
  const ToleranceReader tolerances(path, share_of, reader.findings());
  StopRules rules;
  if (const JsonValue* failed = reader.find("failed")) rules.failed = tolerances.read(*failed, "failed");
  if (const JsonValue* in_doubt = reader.find("in_doubt"))
    rules.in_doubt = tolerances.read(*in_doubt, "in_doubt");
  rules.is_doubt_failure = reader.boolean("in_doubt_counts_as_failed").value_or(true);
  rules.rejected_in_a_row = reader.whole_number("rejected_in_a_row", 1, 1000);
  rules.codes = read_codes(reader, tolerances);
  if (const JsonValue* action =
          reader.of_kind("action", JsonValue::Kind::string, "\"pause\" or \"cancel\"")) {
    if (action->string == "cancel") rules.action = StopAction::cancel;
    if (action->string != "cancel" && action->string != "pause")
      reader.report(*action, "action", "expected \"pause\" or \"cancel\"");
  }
  return rules;
}

bool is_check_url(std::string_view text) {
  return text.starts_with("https://") || text.starts_with("http://");
}

std::optional<OutsideCheck> read_check(const ObjectReader& gate) {
  const JsonValue* value =
      gate.of_kind("check", JsonValue::Kind::object, "an object with \"command\" or \"url\"");
  if (!value) return std::nullopt;
  const ObjectReader reader(*value, gate.field("check"), job_keys::check, gate.findings());
  OutsideCheck check;
  if (const auto* words = reader.of_kind("command", JsonValue::Kind::array, "a program and its arguments")) {
    for (const JsonValue& word : words->elements) {
      const bool is_word =
          word.kind == JsonValue::Kind::string && word.string.find('\0') == std::string::npos;
      if (is_word) check.command.push_back(word.string);
      if (!is_word) reader.report(word, "command", "expected a text");
    }
    // Whoever resumes the run may stand in another folder, where another program of that name may be.
    const std::string program = check.command.empty() ? std::string{} : check.command.front();
    const bool is_sure =
        !program.empty() && (program.front() == '/' || program.find('/') == std::string::npos);
    if (!is_sure) {
      reader.report(*words, "command",
                    "expected a program with its whole path, or one of the PATH, and its arguments, such as "
                    "[\"/opt/fleet/healthy.sh\"]");
    }
  }
  check.url =
      reader.text("url", is_check_url, "an address that begins with https:// or http://").value_or("");
  if ((reader.find("command") != nullptr) == (reader.find("url") != nullptr))
    gate.report(*value, "check", "expected exactly one of \"command\" and \"url\"");
  check.every = reader.duration("every").value_or(check.every);
  check.timeout = reader.duration("timeout").value_or(check.timeout);
  return check;
}

}  // namespace

Gate usual_gate() {
  Gate gate;
  gate.rules.failed = Tolerance{.percent = usually_tolerated, .of = ShareOf::stage};
  return gate;
}

Gate read_gate(const ObjectReader& stage) {
  Gate gate = usual_gate();
  const JsonValue* value = stage.find("gate");
  if (!value) return gate;
  if (value->kind == JsonValue::Kind::string && value->string == "none") return {.is_open = true};
  if (value->kind != JsonValue::Kind::object) {
    stage.report(*value, "gate", "expected an object with what is tolerated, or \"none\"");
    return gate;
  }
  const ObjectReader reader(*value, stage.field("gate"), job_keys::gate, stage.findings());
  const std::optional<Tolerance> usual = gate.rules.failed;
  gate.rules = read_rules(reader, stage.field("gate"), ShareOf::stage);
  if (!gate.rules.failed) gate.rules.failed = usual;
  gate.min_sample = reader.whole_number("min_sample", 0, devices_max).value_or(gate.min_sample);
  gate.check = read_check(reader);
  return gate;
}

StopRules read_abort(const ObjectReader& job) {
  const JsonValue* value = job.of_kind("abort", JsonValue::Kind::object, "an object with what is tolerated");
  if (!value) return {};
  const ObjectReader reader(*value, "abort", job_keys::abort, job.findings());
  return read_rules(reader, "abort", ShareOf::run);
}

}  // namespace sluice
