// SPDX-License-Identifier: MIT
// The request parameters that sluice sets by itself. The job file's reader refuses them in call.parameters
// and the dialect leaves them out: a job that could set them could change who pays, or what is called on
// which devices.
#pragma once

#include <string_view>

namespace sluice {

/// Names are case-sensitive. Every name that begins with "Signature" or "DeviceName." is reserved too.
/// samples/job.schema.json excludes the same ones.
bool is_reserved_parameter(std::string_view name);

}  // namespace sluice
