// SPDX-License-Identifier: MIT
// The words that `sluice doctor` takes.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>

namespace sluice {

struct DoctorOptionsGiven {
  std::string tenant;  ///< only this one; empty: all of the configuration
};

inline constexpr std::string_view doctor_examples =
    "  sluice doctor\n"
    "  sluice doctor --tenant prod --output json\n";

void add_doctor_options(CLI::App& verb, DoctorOptionsGiven& given);

}  // namespace sluice
