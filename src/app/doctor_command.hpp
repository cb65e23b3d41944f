// SPDX-License-Identifier: MIT
// The verb that looks at everything a rollout rests on: doctor.
#pragma once

#include "app/commands.hpp"
#include "app/doctor_line.hpp"
#include "app/options.hpp"

namespace sluice {

/// Changes nothing and sends no command. 0 if there is no problem, else 6; warnings are none.
ExitCode doctor_command(const CommonOptions& common, const DoctorOptionsGiven& given);

}  // namespace sluice
