// SPDX-License-Identifier: MIT
#include "app/confirmation.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "app/display_text.hpp"
#include "app/say.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

constexpr std::size_t answer_bytes_max = 100;

/// Up to the line's end; what follows stays for the shell.
std::string read_answer() {
  std::string answer;
  for (char c = 0; answer.size() < answer_bytes_max;) {
    const ssize_t bytes = ::read(STDIN_FILENO, &c, 1);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes <= 0 || c == '\n') break;
    answer += c;
  }
  return answer;
}

}  // namespace

bool needs_confirmation(const Job& job, const SendOptions& send, std::int64_t devices) {
  const bool is_staged = !job.rollout.stages.empty() || job.rollout.is_unstaged_on_purpose;
  const bool is_said = send.expected_devices.has_value() || send.says_yes || !send.plan_file.empty();
  return devices > unconfirmed_devices_max && !is_staged && !is_said;
}

bool is_confirmed_by(std::string_view line, std::int64_t devices) {
  const std::size_t first = line.find_first_not_of(" \t\r");
  if (first == line.npos) return false;
  line = line.substr(first, line.find_last_not_of(" \t\r") + 1 - first);
  return line == grouped(devices) || line == fmt::format("{}", devices);
}

Result<void> confirm_devices(std::int64_t devices, const SendOptions& send, const std::string& command) {
  const bool can_ask =
      send.devices_file != "-" && ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1;
  if (can_ask) {
    say(fmt::format("This sends to {} at once, without stages. To go on, type their number: ",
                    counted(devices, "device")));
    if (is_confirmed_by(read_answer(), devices)) return {};
  }
  return Error{
      ErrorKind::refused,
      fmt::format("{}the job has {} and no \"stages\": so many at once must be confirmed",
                  can_ask ? "not the number of devices: " : "", counted(devices, "device")),
      fmt::format("Nothing was sent. If that is right: {} --expect-devices {}", printable(command), devices)};
}

}  // namespace sluice
