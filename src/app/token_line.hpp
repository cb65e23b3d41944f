// SPDX-License-Identifier: MIT
// The words that `sluice token` takes.
#pragma once

#include <CLI/CLI.hpp>
#include <string_view>

#include "app/token_options.hpp"

namespace sluice {

inline constexpr std::string_view token_examples =
    "  sluice token new dashboard --scope read\n"
    "  sluice token new ci --scope operate --expires 2027-01-31T00:00:00Z\n";

/// Adds the arguments and options to the verb.
void add_token_options(CLI::App& verb, TokenOptionsGiven& given);

}  // namespace sluice
