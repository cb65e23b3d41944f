// SPDX-License-Identifier: MIT
#include "simulation/form.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

namespace sluice::simulation {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

/// "2025-10-09T08:53:20Z"
std::optional<std::int64_t> seconds_of(std::string_view text) {
  if (text.size() != 20 || text[10] != 'T' || text[19] != 'Z') return std::nullopt;
  const auto year = number(text.substr(0, 4));
  const auto month = number(text.substr(5, 2));
  const auto day = number(text.substr(8, 2));
  const auto hour = number(text.substr(11, 2));
  const auto minute = number(text.substr(14, 2));
  const auto second = number(text.substr(17, 2));
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const std::chrono::sys_days date{std::chrono::year{*year} / *month / *day};
  return std::int64_t{date.time_since_epoch().count()} * 86'400 + *hour * 3600 + *minute * 60 + *second;
}

}  // namespace

std::string to_text(DeviceName name) { return fmt::format("r{}-d{:04}", name.run, name.device); }

std::optional<DeviceName> device_name_from(std::string_view text) {
  const std::size_t dash = text.find("-d");
  if (!text.starts_with('r') || dash == text.npos) return std::nullopt;
  const auto run = number(text.substr(1, dash - 1));
  const auto device = number(text.substr(dash + 2));
  if (!run || !device) return std::nullopt;
  return DeviceName{*run, *device};
}

Form read_form(std::string_view body) {
  Form form;
  std::vector<std::pair<int, DeviceName>> devices;  // by the number in the parameter's name
  while (!body.empty()) {
    const std::string_view pair = body.substr(0, body.find('&'));
    body.remove_prefix(std::min(body.size(), pair.size() + 1));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view name = pair.substr(0, equals);
    const std::string value = decoded(pair.substr(std::min(pair.size(), equals + 1)));
    if (name == "SignatureNonce") form.nonce = value;
    if (name == "AccessKeyId") form.key = value;
    if (name == "Timestamp") {
      const auto seconds = seconds_of(value);
      form.timestamp = seconds.value_or(0);
      form.is_whole &= seconds.has_value();
    }
    if (name.starts_with("DeviceName.")) {
      const auto index = number(name.substr(name.find('.') + 1));
      const auto device = device_name_from(value);
      form.is_whole &= index.has_value() && device.has_value();
      if (index && device) devices.emplace_back(*index, *device);
    }
  }
  std::sort(devices.begin(), devices.end());
  for (const auto& [index, device] : devices) form.devices.push_back(device);
  form.is_whole &= !form.nonce.empty() && !form.key.empty() && form.timestamp != 0 && !form.devices.empty();
  return form;
}

}  // namespace sluice::simulation
