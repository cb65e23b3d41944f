// SPDX-License-Identifier: MIT
#include "app/again_rules.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "app/confirmation.hpp"
#include "app/display_text.hpp"
#include "http_api/device_json.hpp"
#include "sluice/jobfile/condition.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

using ColumnReader = ColumnValue (*)(const DeviceResult& row, std::string& text);

ColumnValue text_value(std::string_view text) {
  return {.kind = text.empty() ? ColumnValue::Kind::missing : ColumnValue::Kind::text, .text = text};
}

ColumnValue number_value(std::int64_t number, std::string& text) {
  text = std::to_string(number);
  return {.kind = ColumnValue::Kind::number, .text = text};
}

struct ResultColumn {
  std::string_view name;
  ColumnReader read;
};

/// The columns of `results` that a condition can be about.
constexpr std::array<ResultColumn, 8> result_columns{{
    {"device", [](const DeviceResult& row, std::string&) { return text_value(row.device); }},
    {"state", [](const DeviceResult& row, std::string&) { return text_value(device_state_word(row.state)); }},
    {"code", [](const DeviceResult& row, std::string&) { return text_value(row.code); }},
    {"message", [](const DeviceResult& row, std::string&) { return text_value(row.message); }},
    {"request_id", [](const DeviceResult& row, std::string&) { return text_value(row.request_id); }},
    {"chunk", [](const DeviceResult& row, std::string& text) { return number_value(row.chunk.value, text); }},
    {"attempts", [](const DeviceResult& row, std::string& text) { return number_value(row.attempts, text); }},
    {"stage", [](const DeviceResult& row, std::string& text) { return number_value(row.stage, text); }},
}};

}  // namespace

Result<std::function<bool(const DeviceResult&)>> condition_on_results(const std::string& where) {
  if (where.empty()) return std::function<bool(const DeviceResult&)>{};
  auto parsed = Condition::parse(where);
  if (const auto* fault = std::get_if<ConditionFault>(&parsed)) {
    return Error{ErrorKind::usage, fmt::format("--where: at {}: {}", fault->offset + 1, fault->text),
                 "Such as: --where \"code = 'iot.device.NotExistedDevice'\""};
  }
  Condition condition = std::get<Condition>(std::move(parsed));
  std::vector<ColumnReader> readers;
  for (const std::string& column : condition.columns()) {
    const auto known = std::ranges::find(result_columns, column, &ResultColumn::name);
    if (known == result_columns.end()) {
      std::vector<std::string_view> names;
      for (const ResultColumn& one : result_columns) names.push_back(one.name);
      return Error{ErrorKind::usage,
                   fmt::format("--where: results have no column \"{}\"", printable(column, 64)),
                   fmt::format("They have {}.", fmt::join(names, ", "))};
    }
    readers.push_back(known->read);
  }
  return std::function<bool(const DeviceResult&)>{
      [condition = std::move(condition), readers = std::move(readers)](const DeviceResult& row) {
        std::vector<std::string> texts(readers.size());
        std::vector<ColumnValue> values;
        for (std::size_t i = 0; i < readers.size(); ++i) values.push_back(readers[i](row, texts[i]));
        return condition.holds_for(values);
      }};
}

Result<void> check_again(const AgainSurvey& survey, std::string_view verb,
                         std::optional<std::int64_t> expected_devices, bool is_said,
                         const std::string& how_to_say_it) {
  const std::int64_t devices = survey.total();
  if (expected_devices && *expected_devices != devices) {
    return Error{ErrorKind::refused,
                 fmt::format("the {} has {}, but {} were expected", verb, counted(devices, "device"),
                             *expected_devices),
                 "Nothing was sent. See which they are: sluice results."};
  }
  const bool has_doubt = verb == "retry" && (survey.devices.contains(ChunkState::in_doubt) ||
                                             survey.devices.contains(ChunkState::in_flight));
  if (!has_doubt || is_said) return {};
  return Error{ErrorKind::refused,
               "some of these devices may have got the command already, and would get it a second time",
               "Nothing was sent. If that is right: " + how_to_say_it};
}

bool reaches_many(const AgainSurvey& survey) {
  // "stages": "none" was said of another list, at another time.
  Job job = survey.job;
  job.rollout.is_unstaged_on_purpose = false;
  return needs_confirmation(job, {}, survey.total());
}

}  // namespace sluice
