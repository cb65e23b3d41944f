// SPDX-License-Identifier: MIT
// Which code of the cloud means which outcome: data, not code. A tenant's configuration can put rows in
// front.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/core/outcome.hpp"

namespace sluice {

/// A rule for a code, compared without regard to case. A prefix ends in '*': "Throttling*".
struct CodeRule {
  std::string pattern;
  OutcomeKind kind;

  bool operator==(const CodeRule&) const = default;
};

/// The built-in table for the gateway's and the IoT platform's codes, most specific first.
std::span<const CodeRule> built_in_code_rules();

/// The first rule that matches, `extra` before the built-in ones; absent: an unknown code.
std::optional<OutcomeKind> outcome_of_code(std::string_view code, std::span<const CodeRule> extra);

}  // namespace sluice
