// SPDX-License-Identifier: MIT
#include "app/settings.hpp"

#include <doctest/doctest.h>

#include <map>

#include "app/option_values.hpp"

using namespace sluice;

namespace {

Environment environment_of(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

Result<TenantSetup> setup_with(std::map<std::string, std::string> variables, SendOptions options = {}) {
  if (!variables.contains("SLUICE_ENDPOINT") && options.endpoint.empty()) {
    variables["SLUICE_ENDPOINT"] = "https://iot.example.com";
  }
  return tenant_setup(options, environment_of(std::move(variables)), Config{}, Job{});
}

}  // namespace

TEST_CASE("settings: the environment's numbers are taken as a whole, or refused by the variable's name") {
  CHECK(setup_with({{"SLUICE_IN_FLIGHT", "3"}})->in_flight == 3);
  CHECK(setup_with({{"SLUICE_IN_FLIGHT", "1024"}})->in_flight == 1024);
  CHECK(setup_with({{"SLUICE_RATE", "0.5"}})->rate == 0.5);

  for (const char* text : {"3.5", "1025", "0", "-1", "3x", "1e400", "inf", "nan"}) {
    CAPTURE(text);
    const auto setup = setup_with({{"SLUICE_IN_FLIGHT", text}});
    REQUIRE(setup.has_error());
    CHECK(setup.error().kind == ErrorKind::usage);
    CHECK(setup.error().message ==
          std::string{"SLUICE_IN_FLIGHT="} + text + ": expected a whole number between 1 and 1024");
  }
}

TEST_CASE("settings: rates have the same limits wherever they are given") {
  for (const char* text : {"0.0001", "0", "-1", "100001", "1e400", "inf", "nan", "fast", "3 "}) {
    CAPTURE(text);
    const auto setup = setup_with({{"SLUICE_RATE", text}});
    REQUIRE(setup.has_error());
    CHECK(setup.error().message ==
          std::string{"SLUICE_RATE="} + text + ": expected a number between 0.001 and 100000");
  }
}

TEST_CASE("settings: an option's number wins over a variable that is no number") {
  SendOptions options;
  options.in_flight = 4;
  options.rate = 2;

  const auto setup = setup_with({{"SLUICE_IN_FLIGHT", "x"}, {"SLUICE_RATE", "x"}}, options);

  REQUIRE(setup.has_value());
  CHECK(setup->in_flight == 4);
  CHECK(setup->rate == 2);
}

TEST_CASE("settings: a bad endpoint is wrong use if it was said to the command, else bad configuration") {
  SendOptions options;
  options.endpoint = "http://iot.example.com";
  const auto by_option = setup_with({}, options);
  REQUIRE(by_option.has_error());
  CHECK(by_option.error().kind == ErrorKind::usage);
  CHECK(by_option.error().message.starts_with("--endpoint: "));

  const auto by_variable = setup_with({{"SLUICE_ENDPOINT", "ftp://iot.example.com"}});
  REQUIRE(by_variable.has_error());
  CHECK(by_variable.error().kind == ErrorKind::usage);
  CHECK(by_variable.error().message.starts_with("SLUICE_ENDPOINT: "));

  Config config;
  config.tenants["prod"] = {.name = "prod", .endpoint = "http://iot.example.com"};
  config.default_tenant = "prod";
  const auto configured = tenant_setup({}, environment_of({}), config, Job{});
  REQUIRE(configured.has_error());
  CHECK(configured.error().kind == ErrorKind::invalid_input);
}

TEST_CASE("settings: hostile text in a number's place harms no terminal") {
  const auto error = number_between("--rate \x1b[2J", "\x1b[2J", 1, 2);

  REQUIRE(error.has_error());
  CHECK(error.error().message.find('\x1b') == std::string::npos);
}
