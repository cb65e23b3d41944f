// SPDX-License-Identifier: MIT
#include "app/setting_origins.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

using namespace sluice;

namespace {

constexpr std::string_view text = R"({
  "store": "/var/sluice.db",
  "api": {"listen": ["127.0.0.1:8080"], "hosts": ["sluice.example.com:8080"], "anonymous": "read"},
  "log": {"level": "warning"},
  "keep": {"runs_for": "30d"},
  "tenants": {"prod": {"endpoint": "https://iot.example.com", "rate": 10, "timeouts": {"tls": "3s"}}}
})";

using Variables = std::map<std::string, std::string>;

Environment environment_of(Variables variables) {
  return [variables = std::move(variables)](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

/// "value from origin"
std::string found(const std::vector<SettingOrigin>& origins, std::string_view name) {
  const auto origin = std::ranges::find(origins, name, &SettingOrigin::name);
  REQUIRE(origin != origins.end());
  return origin->value + " from " + origin->origin;
}

std::vector<SettingOrigin> common(const CommonOptions& options, const Variables& variables) {
  const auto document = JsonDocument::parse("/etc/c.json", std::string{text});
  const auto config = read_config("/etc/c.json", std::string{text});
  return common_origins(options, environment_of(variables), *config, document->root());
}

std::vector<SettingOrigin> of_prod(const Variables& variables) {
  const auto document = JsonDocument::parse("/etc/c.json", std::string{text});
  const auto config = read_config("/etc/c.json", std::string{text});
  const Environment environment = environment_of(variables);
  const auto setup = tenant_setup({.tenant = "prod"}, environment, *config, Job{});
  REQUIRE(setup.has_value());
  return tenant_origins(*setup, environment, document->root());
}

}  // namespace

TEST_CASE("setting origins: an option comes before a variable, that before the file, that before a default") {
  CHECK(found(common({.store = "/o.db"}, {{"SLUICE_STORE", "/v.db"}}), "store") == "/o.db from --store");
  CHECK(found(common({}, {{"SLUICE_STORE", "/v.db"}}), "store") == "/v.db from SLUICE_STORE");
  CHECK(found(common({}, {}), "store") == "/var/sluice.db from file");
  CHECK(found(common({}, {}), "keep.runs_for") == "30d from file");
  CHECK(found(common({}, {}), "keep.bytes_max") == "10737418240 from default");
  CHECK(found(common({.config = "/etc/c.json"}, {}), "config") == "/etc/c.json from --config");
  CHECK(found(common({}, {{"SLUICE_TENANT", "x"}}), "default_tenant") == "x from SLUICE_TENANT");
}

TEST_CASE("setting origins: no key of the daemon's sections is left out") {
  CHECK(found(common({}, {}), "api.listen") == "127.0.0.1:8080 from file");
  CHECK(found(common({}, {}), "api.hosts") == "sluice.example.com:8080 from file");
  CHECK(found(common({}, {}), "api.anonymous") == "read from file");
  CHECK(found(common({}, {}), "api.tls.certificate") == " from default");
  CHECK(found(common({}, {}), "api.tls.key") == " from default");
  CHECK(found(common({}, {}), "api.tokens_file") == " from default");
  CHECK(found(common({}, {}), "api.upload_bytes_max") == "268435456 from default");
  CHECK(found(common({}, {}), "log.format") == "auto from default");
  CHECK(found(common({}, {}), "log.level") == "warning from file");
}

TEST_CASE("setting origins: what the file says is the file's, even where it says what the default is") {
  CHECK(found(of_prod({}), "rate") == "10 from file");
  CHECK(found(of_prod({}), "in_flight") == "32 from default");
  CHECK(found(of_prod({}), "timeouts.tls") == "3000ms from file");
  CHECK(found(of_prod({}), "timeouts.connect") == "5000ms from default");
}

TEST_CASE("setting origins: the cloud's own variables do not win over the file, ours do") {
  CHECK(found(of_prod({{"ALIBABA_CLOUD_ENDPOINT", "https://other"}}), "endpoint") ==
        "https://iot.example.com from file");
  CHECK(found(of_prod({{"SLUICE_ENDPOINT", "https://other"}}), "endpoint") ==
        "https://other from SLUICE_ENDPOINT");
  CHECK(found(of_prod({{"SLUICE_RATE", "4"}}), "rate") == "4 from SLUICE_RATE");
}
