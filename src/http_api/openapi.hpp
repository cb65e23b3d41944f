// SPDX-License-Identifier: MIT
// The description of the API, OpenAPI 3.1. It is written in parts, openapi/*.json, each with the paths and
// schemas of one group of routes; whoever adds a group adds a file.
#pragma once

#include <string>
#include <vector>

#include "http_api/router.hpp"

namespace sluice {

/// The files, as they were when the program was built.
std::vector<std::string> openapi_parts();

/// All parts as one document. Throws, which nobody catches, if one is no JSON or two say something of the
/// same path or schema: that is a mistake of ours, and the tests find it.
std::string openapi_document();

/// GET /api/v1/openapi.json
Route openapi_route();

}  // namespace sluice
