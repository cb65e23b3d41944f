// SPDX-License-Identifier: MIT
#include "app/doctor_report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "app/display_text.hpp"
#include "http_api/json_text.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

constexpr std::size_t value_bytes_max = 4096;

std::int64_t count_of(const DoctorReport& report, FindingLevel level) {
  return std::ranges::count(report.findings, level, &DoctorFinding::level);
}

constexpr std::size_t text_column = 31;

/// Further lines stand below the first.
std::string indented(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  for (std::size_t at = text.find('\n'); at != text.npos; at = text.find('\n', at + 1))
    text.insert(at + 1, text_column + 1, ' ');
  return text;
}

std::string finding_text(const DoctorFinding& finding) {
  const std::string about =
      finding.tenant.empty() ? finding.check : fmt::format("{} {}", finding.check, printable(finding.tenant));
  std::string text =
      fmt::format("{:<8} {:<22} {}\n", to_string(finding.level), about, indented(finding.text));
  if (!finding.next.empty()) text += fmt::format("{:{}} {}\n", "", text_column, indented(finding.next));
  return text;
}

std::string setting_text(const SettingOrigin& setting) {
  const std::string name = setting.tenant.empty()
                               ? setting.name
                               : fmt::format("tenants.{}.{}", printable(setting.tenant), setting.name);
  const std::string value = setting.value.empty() ? "-" : printable(setting.value, value_bytes_max);
  return fmt::format("  {:<38} {:<40} {}\n", name, value, setting.origin);
}

}  // namespace

std::string doctor_text(const DoctorReport& report) {
  std::string text;
  for (const DoctorFinding& finding : report.findings) text += finding_text(finding);
  if (!report.settings.empty())
    text += "\nsettings and where they come from (option over environment over file over default)\n";
  for (const SettingOrigin& setting : report.settings) text += setting_text(setting);
  return text + fmt::format("\n{} ok, {}, {}\n", count_of(report, FindingLevel::ok),
                            counted(count_of(report, FindingLevel::warning), "warning"),
                            counted(count_of(report, FindingLevel::problem), "problem"));
}

std::string doctor_json(const DoctorReport& report) {
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version);
  json.member("status", to_string(worst_of(report.findings))).key("findings").begin_array();
  for (const DoctorFinding& finding : report.findings) {
    json.begin_object().member("level", to_string(finding.level)).member("check", finding.check);
    if (!finding.tenant.empty()) json.member("tenant", finding.tenant);
    json.member("text", finding.text).member("next", finding.next).end_object();
  }
  json.end_array().key("settings").begin_array();
  for (const SettingOrigin& setting : report.settings) {
    json.begin_object();
    if (!setting.tenant.empty()) json.member("tenant", setting.tenant);
    json.member("name", setting.name).member("value", setting.value);
    json.member("origin", setting.origin).end_object();
  }
  return json.end_array().end_object().end_document().take();
}

}  // namespace sluice
