// SPDX-License-Identifier: MIT
#include "jobfile/rollout_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "jobfile/percent_text.hpp"
#include "jobfile/stop_rules_reader.hpp"
#include "jobfile/utf8.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

constexpr std::size_t stages_max = 50;
constexpr std::size_t canaries_named_max = 10'000;

bool is_stage_name(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '%' || c == ' ';
  };
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, fits) && text.front() != ' ' &&
         text.back() != ' ';
}

bool is_column_name(std::string_view text) { return !text.empty() && text.size() <= 128; }

std::string share_name(const Stage& stage) {
  if (stage.devices) return fmt::format("{} devices", *stage.devices);
  const std::int64_t hundredths = stage.percent ? stage.percent->hundredths : 0;
  return hundredths % 100 == 0 ? fmt::format("{}%", hundredths / 100)
                               : fmt::format("{}.{:02}%", hundredths / 100, hundredths % 100);
}

/// 10 devices, 1 %, 10 %, 50 %, all: each but the last with the usual gate.
std::vector<Stage> cautious_stages() {
  std::vector<Stage> stages(5);
  stages[0].devices = 10;
  stages[1].percent = Percent{1 * 100};
  stages[2].percent = Percent{10 * 100};
  stages[3].percent = Percent{50 * 100};
  stages[4].percent = everything;
  for (Stage& stage : stages) {
    stage.name = stage.devices ? "canary" : share_name(stage);
    stage.gate = usual_gate();
  }
  return stages;
}

std::vector<std::string> read_texts(const ObjectReader& reader, std::string_view key,
                                    bool (*fits)(std::string_view), std::string_view expected,
                                    std::size_t count_max) {
  std::vector<std::string> texts;
  const JsonValue* list = reader.of_kind(key, JsonValue::Kind::array, "a list of texts");
  if (!list) return texts;
  for (const JsonValue& element : list->elements) {
    if (element.kind == JsonValue::Kind::string && fits(element.string)) {
      texts.push_back(element.string);
    } else {
      reader.report(element, key, fmt::format("this is not {}", expected));
    }
  }
  if (list->elements.empty()) reader.report(*list, key, "the list is empty");
  if (list->elements.size() > count_max)
    reader.report(*list, key, fmt::format("expected at most {}", count_max));
  return texts;
}

std::optional<Percent> read_percent(const ObjectReader& reader) {
  const JsonValue* value = reader.find("percent");
  if (!value) return std::nullopt;
  std::optional<Percent> percent;
  if (value->kind == JsonValue::Kind::number)
    percent = parse_percent_number(reader.findings().document().text_of(*value));
  if (percent && percent->hundredths > 0) return percent;
  reader.report(*value, "percent",
                "expected a number above 0 and at most 100, with at most two digits behind the point");
  return std::nullopt;
}

StageChoice read_choice(const ObjectReader& reader) {
  StageChoice choice;
  if (const auto seed = reader.whole_number("seed", 0, std::numeric_limits<std::int64_t>::max()))
    choice.seed = static_cast<std::uint64_t>(*seed);
  const JsonValue* word = reader.of_kind("choose", JsonValue::Kind::string, "\"first\" or \"shuffle\"");
  if (word && word->string == "shuffle") choice.kind = StageChoice::Kind::shuffle;
  if (word && word->string != "shuffle" && word->string != "first")
    reader.report(*word, "choose", "expected \"first\" or \"shuffle\"");
  if (reader.find("stratify_by")) {
    choice.kind = StageChoice::Kind::stratify;
    choice.columns = read_texts(reader, "stratify_by", is_column_name, "the name of a column", 16);
  }
  if (reader.find("only")) {
    choice.kind = StageChoice::Kind::named;
    choice.devices = read_texts(reader, "only", is_valid_device_name, "a device name", canaries_named_max);
  }
  const int ways = (word ? 1 : 0) + (reader.find("stratify_by") ? 1 : 0) + (reader.find("only") ? 1 : 0);
  if (ways > 1) {
    const std::string_view key = reader.find("only") ? "only" : "stratify_by";
    reader.report(*reader.find(key), key,
                  "only one of \"choose\", \"stratify_by\" and \"only\" can be given");
  }
  return choice;
}

std::optional<Approval> read_approval(const ObjectReader& reader) {
  const JsonValue* value = reader.find("approval");
  if (!value) return std::nullopt;
  if (value->kind == JsonValue::Kind::boolean) {
    if (value->boolean) return Approval{};
    return std::nullopt;
  }
  if (value->kind != JsonValue::Kind::object) {
    reader.report(*value, "approval", "expected true, false or an object with not_by_submitter");
    return std::nullopt;
  }
  const ObjectReader approval(*value, reader.field("approval"), job_keys::approval, reader.findings());
  return Approval{.not_by_submitter = approval.boolean("not_by_submitter").value_or(false)};
}

Stage read_stage(const JsonValue& value, const std::string& path, Findings& findings) {
  const ObjectReader reader(value, path, job_keys::stage, findings);
  Stage stage;
  stage.devices = reader.whole_number("devices", 1, std::numeric_limits<std::int32_t>::max());
  stage.percent = read_percent(reader);
  stage.choice = read_choice(reader);
  if (stage.choice.kind == StageChoice::Kind::named) {
    if (const JsonValue* devices = reader.find("devices"))
      reader.report(*devices, "devices", "given together with \"only\", which says how many there are");
    stage.devices = static_cast<std::int64_t>(stage.choice.devices.size());
  }
  const int sizes =
      (reader.find("devices") || reader.find("only") ? 1 : 0) + (reader.find("percent") ? 1 : 0);
  if (sizes != 1)
    findings.add(value.begin, path, "expected exactly one of \"devices\", \"percent\" and \"only\"");
  const std::string_view named = "1 to 64 letters, digits, blanks and - _ . %";
  stage.name = reader.text("name", is_stage_name, named).value_or("");
  stage.soak = reader.duration("soak").value_or(stage.soak);
  stage.approval = read_approval(reader);
  stage.gate = read_gate(reader);
  return stage;
}

/// The keys that only the first stage can have.
void report_late_choice(const JsonValue& value, const std::string& path, Findings& findings) {
  for (const std::string_view key : {"choose", "seed", "stratify_by", "only"}) {
    if (const JsonValue* found = value.find(key)) {
      findings.add(found->begin, field_path(path, key),
                   "only the first stage chooses its devices; the later ones go by the order of the list");
    }
  }
}

void check_order(const JsonValue& list, const std::vector<Stage>& stages, Findings& findings) {
  std::set<std::string> names;
  Percent reached;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const JsonValue& value = list.elements[i];
    const std::string path = fmt::format("stages[{}]", i);
    if (i > 0) report_late_choice(value, path, findings);
    if (!names.insert(stages[i].name).second)
      findings.add(value.begin, field_path(path, "name"), "another stage has the same name");
    if (!stages[i].percent) continue;
    if (*stages[i].percent <= reached) {
      findings.add(value.begin, field_path(path, "percent"),
                   fmt::format("{} adds nothing: an earlier stage reaches that share of the run already",
                               share_name(stages[i])));
    }
    reached = std::max(reached, *stages[i].percent);
  }
  // Nothing follows that could wait.
  const JsonValue& last = list.elements[stages.size() - 1];
  const std::string last_path = fmt::format("stages[{}]", stages.size() - 1);
  if (const JsonValue* soak = last.find("soak"))
    findings.add(soak->begin, field_path(last_path, "soak"), "the last stage has nothing to soak for");
  if (stages.back().gate.check) {
    findings.add(last.find("gate")->begin, field_path(last_path, "gate.check"),
                 "the last stage has no next one that an outside check could hold back");
  }
  if (reached != everything) {
    findings.add(list.begin, "stages",
                 "the stages do not reach the whole run; expected a last one with \"percent\": 100");
  }
}

std::vector<Stage> read_stages(const JsonValue& list, const ObjectReader& job) {
  std::vector<Stage> stages;
  if (list.elements.empty() || list.elements.size() > stages_max) {
    job.report(list, "stages", fmt::format("expected 1 to {} stages", stages_max));
    return stages;
  }
  for (std::size_t i = 0; i < list.elements.size(); ++i) {
    const std::string path = fmt::format("stages[{}]", i);
    if (list.elements[i].kind != JsonValue::Kind::object) {
      job.findings().add(list.elements[i].begin, path, "expected an object, such as {\"percent\": 100}");
      return {};
    }
    stages.push_back(read_stage(list.elements[i], path, job.findings()));
    if (stages.back().name.empty()) stages.back().name = i == 0 ? "canary" : share_name(stages.back());
  }
  if (stages.size() == 1) stages.front().name = "all";
  check_order(list, stages, job.findings());
  return stages;
}

}  // namespace

Rollout read_rollout(const ObjectReader& job) {
  Rollout rollout;
  rollout.abort = read_abort(job);
  const JsonValue* stages = job.find("stages");
  if (!stages) return rollout;
  if (stages->kind == JsonValue::Kind::array) {
    rollout.stages = read_stages(*stages, job);
  } else if (stages->kind == JsonValue::Kind::string && stages->string == "cautious") {
    rollout.stages = cautious_stages();
  } else if (stages->kind == JsonValue::Kind::string && stages->string == "none") {
    rollout.is_unstaged_on_purpose = true;
  } else {
    job.report(*stages, "stages", "expected a list of stages, \"cautious\" or \"none\"");
  }
  return rollout;
}

}  // namespace sluice
