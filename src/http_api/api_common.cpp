// SPDX-License-Identifier: MIT
#include "http_api/api_common.hpp"

#include <fmt/format.h>

namespace sluice {

std::string ApiCommon::next_instance() { return fmt::format("{}-{}", boot, ++answers); }

void ApiCommon::tell(const ApiIncident& incident) const {
  if (surroundings.tell) surroundings.tell(incident);
}

}  // namespace sluice
