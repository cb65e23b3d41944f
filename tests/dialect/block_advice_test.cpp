// SPDX-License-Identifier: MIT
#include "sluice/dialect/block_advice.hpp"

#include <doctest/doctest.h>

#include <string>

#include "sluice/dialect/outcome_codes.hpp"

using namespace sluice;

TEST_CASE("block advice: there is some for every built-in code that blocks, and for none that does not") {
  for (const CodeRule& rule : built_in_code_rules()) {
    CAPTURE(rule.pattern);
    std::string code = rule.pattern;
    if (code.ends_with('*')) code.back() = 'X';
    CHECK(advice_on_block(code).empty() == (rule.kind != OutcomeKind::blocked));
  }
}

TEST_CASE("block advice: each code is answered by what can be wrong, not by all that can be") {
  CHECK(advice_on_block("signaturedoesnotmatch") == "check the access key");
  CHECK(advice_on_block("Forbidden.RAM") == "check the permissions of the access key");
  CHECK(advice_on_block("iot.system.BillIsOverDue") == "check the account's bill");
  CHECK(advice_on_block("http_302").find("--endpoint") != std::string_view::npos);
  CHECK(advice_on_block("certificate").find("--ca-file") != std::string_view::npos);
}

TEST_CASE("block advice: of a code that nobody knows nothing is said") {
  CHECK(advice_on_block("").empty());
  CHECK(advice_on_block("Tenant.Asleep").empty());
  CHECK(advice_on_block("http_503").empty());
}
