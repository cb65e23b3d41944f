// SPDX-License-Identifier: MIT
// What `sluice doctor` prints.
#pragma once

#include <string>
#include <vector>

#include "app/doctor_findings.hpp"
#include "app/setting_origins.hpp"

namespace sluice {

struct DoctorReport {
  std::vector<DoctorFinding> findings;
  std::vector<SettingOrigin> settings;
};

std::string doctor_text(const DoctorReport& report);
std::string doctor_json(const DoctorReport& report);

}  // namespace sluice
