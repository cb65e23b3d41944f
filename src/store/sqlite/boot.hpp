// SPDX-License-Identifier: MIT
// Time since the machine was started, suspend included, and which start that was. It never jumps, so it can
// say across processes how long ago something was; across starts of the machine it says nothing.
#pragma once

#include <chrono>
#include <string>

namespace sluice {

/// Changes with every start of the machine; empty if the kernel does not say.
std::string boot_id();

std::chrono::nanoseconds time_since_boot();

}  // namespace sluice
