// SPDX-License-Identifier: MIT
// A port of loopback for a program that has to be told which one to listen on.
#pragma once

#include <cstdint>

namespace sluice::tests {

/// Free now; nobody else on this machine is after it.
std::uint16_t free_port();

}  // namespace sluice::tests
