// SPDX-License-Identifier: MIT
#include "app/send_command_text.hpp"

#include <fmt/format.h>

#include "app/foreground_run.hpp"
#include "app/run_report.hpp"

namespace sluice {

std::string send_command_text(std::string_view verb, const CommonOptions& common, const SendOptions& send) {
  std::string command = fmt::format("sluice {}", verb) + option_text("", send.job_file);
  command += option_text("--devices", send.devices_file) + option_text("--column", send.column);
  for (const ParameterSetting& setting : send.settings)
    command += option_text("--set", setting.name + "=" + setting.value);
  command += option_text("--plan", send.plan_file);
  if (send.expected_devices) command += fmt::format(" --expect-devices {}", *send.expected_devices);
  command += option_text("--endpoint", send.endpoint) + option_text("--tenant", send.tenant);
  if (send.rate) command += fmt::format(" --rate {}", *send.rate);
  return command + again_options(common, send);
}

}  // namespace sluice
