// SPDX-License-Identifier: MIT
// Looks at everything that a rollout rests on: store, configuration, accounts, endpoints. Changes nothing.
#pragma once

#include <string>

#include "app/doctor_report.hpp"
#include "app/options.hpp"
#include "app/settings.hpp"

namespace sluice {

/// Blocking, for as long as it takes to read the store and to hear from every endpoint. What cannot be looked
/// at is a finding, too. @param tenant only this one's account; empty: all that are configured
DoctorReport examine(const CommonOptions& common, const std::string& tenant, const Environment& environment);

}  // namespace sluice
