// SPDX-License-Identifier: MIT
#include "app/doctor_command.hpp"

#include "app/examination.hpp"
#include "app/exit_codes.hpp"
#include "app/standard_output.hpp"

namespace sluice {

ExitCode doctor_command(const CommonOptions& common, const DoctorOptionsGiven& given) {
  const DoctorReport report = examine(common, given.tenant, process_environment());
  print(common.wants_json() ? doctor_json(report) : doctor_text(report));
  return worst_of(report.findings) == FindingLevel::problem ? exit_codes::refused : exit_codes::all_accepted;
}

}  // namespace sluice
