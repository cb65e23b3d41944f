// SPDX-License-Identifier: MIT
#include "app/doctor_line.hpp"

namespace sluice {

void add_doctor_options(CLI::App& verb, DoctorOptionsGiven& given) {
  verb.add_option("--tenant", given.tenant, "Only this cloud account, as the configuration calls it")
      ->type_name("NAME");
}

}  // namespace sluice
