// SPDX-License-Identifier: MIT
// The dashboard's page and what belongs to it, as they were when the program was built (src/dashboard). They
// tell nothing of anybody, so nobody is asked who he is; what the page shows, it asks the API for.
//
//   GET /                    the page
//   GET /dashboard/{file}    its scripts and styles
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "http_api/router.hpp"

namespace sluice {

struct DashboardFile {
  std::string_view name;  ///< without a folder
  std::string_view content;
};

std::span<const DashboardFile> dashboard_files();

std::vector<Route> dashboard_routes();

}  // namespace sluice
