// SPDX-License-Identifier: MIT
#include "sluice/core/doubt_rules.hpp"

#include <string>

namespace sluice {
namespace {

std::string devices_in_doubt(std::int64_t devices) {
  return std::to_string(devices) + (devices == 1 ? " device" : " devices") + " in doubt";
}

Error refused(const DoubtInQuestion& question, const std::string& what, const std::string& hint) {
  return {ErrorKind::refused, "run " + std::to_string(question.run.value) + " " + what, hint};
}

}  // namespace

Result<void> check_verdict(DoubtVerdict verdict, const DoubtInQuestion& question) {
  const std::string id = std::to_string(question.run.value);
  if (question.devices == 0) {
    return refused(question, "has no device in doubt",
                   "What was decided before: sluice doubt list " + id + " --decided");
  }
  if (verdict == DoubtVerdict::resend && question.control == RunControl::canceled) {
    return refused(question, "was canceled, so nothing of it is sent any more",
                   "Accept the doubt, or take the devices for another run: sluice results " + id +
                       " --state in_doubt --output txt");
  }
  const std::string expect = "Repeat the command with --expect-devices " + std::to_string(question.devices) +
                             " if that is what you mean.";
  if (question.expected_devices && *question.expected_devices != question.devices) {
    return refused(question,
                   "has " + devices_in_doubt(question.devices) + " here, but " +
                       std::to_string(*question.expected_devices) + " were expected",
                   expect);
  }
  if (verdict == DoubtVerdict::resend && !question.expected_devices) {
    return refused(question,
                   "has " + devices_in_doubt(question.devices) +
                       ", and those that did get the command would get it a second time",
                   expect);
  }
  return {};
}

Transition resolve(DoubtVerdict verdict, UtcTime now) {
  if (verdict == DoubtVerdict::resend) return {.state = ChunkState::pending, .due_at = now};
  return {.state = ChunkState::succeeded, .evidence = Evidence::presumed, .due_at = now};
}

}  // namespace sluice
