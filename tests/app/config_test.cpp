// SPDX-License-Identifier: MIT
#include "app/config.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <map>

using namespace sluice;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

std::string message_of(const std::string& text) {
  const auto config = read_config("c.json", text);
  REQUIRE(config.has_error());
  CHECK(config.error().kind == ErrorKind::invalid_input);
  return config.error().message;
}

// Finds `line` as a whole line, so that a place such as "1:2" cannot be found within "1:23".
bool has_line(const std::string& message, const std::string& beginning) {
  return ("\n" + message).find("\n" + beginning) != std::string::npos;
}

}  // namespace

TEST_CASE("config: every key of a tenant arrives where it belongs") {
  const auto config = read_config("/etc/sluice/c.json", R"({
    // a comment
    "default_tenant": "prod", "store": "data/sluice.db",
    "tenants": {
      "prod": {"endpoint": "https://iot.example.com:8686/gate", "region": "cn-beijing", "rate": 2.5, "in_flight": 7,
               "action": "InvokeThingService", "version": "2019-01-01", "format": "XML",
               "credentials_file": "prod.key", "profile": "p1", "deny_file": "deny.csv", "ca_file": "/ca.pem",
               "timeouts": {"connect": "1s", "tls": "2s", "exchange": "3s", "idle": "400ms"},
               "codes": {"iot.some.Code": "rejected_devices", "Foo*": "throttled"}},
      "lab": {},
    },
  })");

  REQUIRE(config.has_value());
  CHECK(config->file == "/etc/sluice/c.json");
  CHECK(config->default_tenant == "prod");
  CHECK(config->store == "/etc/sluice/data/sluice.db");
  REQUIRE(config->tenants.size() == 2);
  const TenantConfig& prod = config->tenants.at("prod");
  CHECK(prod.name == "prod");
  CHECK(prod.endpoint == "https://iot.example.com:8686/gate");
  CHECK(prod.rate == 2.5);
  CHECK(prod.in_flight == 7);
  CHECK(prod.dialect == InvokeThingsDialect{.action = "InvokeThingService",
                                            .version = "2019-01-01",
                                            .region = "cn-beijing",
                                            .format = "XML",
                                            .target = "/gate",
                                            .extra_codes = {{"iot.some.Code", OutcomeKind::rejected_devices},
                                                            {"Foo*", OutcomeKind::throttled}}});
  CHECK(prod.credentials_file == "/etc/sluice/prod.key");
  CHECK(prod.profile == "p1");
  CHECK(prod.deny_file == "/etc/sluice/deny.csv");
  CHECK(prod.https.ca_file == "/ca.pem");
  CHECK(prod.https.connections_max == 7);
  CHECK(prod.https.connect_timeout == 1s);
  CHECK(prod.https.tls_timeout == 2s);
  CHECK(prod.https.exchange_timeout == 3s);
  CHECK(prod.https.idle_timeout == 400ms);
}

TEST_CASE("config: what is left out has the defaults of the design") {
  const auto config = read_config("c.json", R"({"tenants": {"lab": {}}})");

  REQUIRE(config.has_value());
  const TenantConfig& lab = config->tenants.at("lab");
  CHECK(lab.endpoint == "");
  CHECK(lab.rate == 10.0);
  CHECK(lab.in_flight == 32);
  CHECK(lab.dialect == InvokeThingsDialect{});
  CHECK(lab.credentials_file == "");
  CHECK(lab.https.exchange_timeout == 15s);
  CHECK(lab.https.connections_max == 32);
  CHECK(config->store == "");
}

TEST_CASE("config: without an endpoint the region names the cloud's own") {
  const auto config = read_config("c.json", R"({"tenants": {"sg": {"region": "ap-southeast-1"}}})");

  REQUIRE(config.has_value());
  CHECK(config->tenants.at("sg").endpoint == "https://iot.ap-southeast-1.aliyuncs.com");
  CHECK(config->tenants.at("sg").dialect.region == "ap-southeast-1");
}

TEST_CASE("config: the only tenant is the default one, of several none is") {
  CHECK(read_config("c", R"({"tenants": {"lab": {}}})")->default_tenant == "lab");
  CHECK(read_config("c", R"({"tenants": {"lab": {}, "prod": {}}})")->default_tenant == "");
  CHECK(read_config("c", "{}")->default_tenant == "");
}

TEST_CASE("config: all errors come at once, each with its place and what is expected") {
  const std::string message = message_of(R"({
  "default_tenent": "prod",
  "store": "~/sluice.db",
  "tenants": {
    "prod": {"rate": 0, "in_flight": "many", "format": "json", "endpoint": "http://iot.example.com",
             "timeouts": {"conect": "5s", "tls": "5 s"}, "rate": 3},
    "lab": [],
    "a b": {}
  }
})");

  CHECK(has_line(message, R"(c.json:2:3: default_tenent: unknown key; did you mean "default_tenant"?)"));
  CHECK(has_line(message, "c.json:3:12: store: "));
  CHECK(has_line(message, "c.json:5:22: tenants.prod.rate: 0 does not fit"));
  CHECK(has_line(message, "c.json:5:38: tenants.prod.in_flight: text where something else belongs"));
  CHECK(has_line(message,
                 "c.json:5:56: tenants.prod.format: \"json\" does not fit; expected \"JSON\" or \"XML\""));
  CHECK(has_line(message, "c.json:5:76: tenants.prod.endpoint: "));
  CHECK(
      has_line(message, "c.json:6:27: tenants.prod.timeouts.conect: unknown key; did you mean \"connect\"?"));
  CHECK(has_line(message, "c.json:6:50: tenants.prod.timeouts.tls: "));
  CHECK(has_line(message, "c.json:6:58: tenants.prod.rate: duplicate key"));
  CHECK(has_line(message, "c.json:7:12: tenants.lab: a list where a tenant belongs"));
  CHECK(has_line(message, "c.json:8:5: tenants.a b: not a tenant's name"));
  CHECK(std::count(message.begin(), message.end(), '\n') == 10);
}

TEST_CASE("config: codes need a pattern with its * at the end and an outcome that a code can have") {
  const std::string message = message_of(R"({"tenants": {"t": {"codes": {
    "iot.*.Code": "throttled",
    "A": "throtled",
    "B": "accepted",
    "C": "silent",
    "D": 1,
    "": "blocked"
  }}}})");

  CHECK(has_line(message, "c.json:2:5: tenants.t.codes.iot.*.Code: not a code"));
  CHECK(has_line(message,
                 "c.json:3:10: tenants.t.codes.A: \"throtled\" is no outcome that a code can have; "
                 "did you mean \"throttled\"?"));
  CHECK(has_line(message, "c.json:4:10: tenants.t.codes.B: "));
  CHECK(has_line(message, "c.json:5:10: tenants.t.codes.C: "));
  CHECK(has_line(message, "c.json:6:10: tenants.t.codes.D: a number where the name of an outcome belongs"));
  CHECK(has_line(message, "c.json:7:5: tenants.t.codes.: not a code"));
}

TEST_CASE("config: a default tenant that does not exist is an error with a suggestion") {
  CHECK(has_line(message_of(R"({"default_tenant": "prud", "tenants": {"prod": {}}})"),
                 "c.json:1:20: default_tenant: there is no tenant \"prud\"; did you mean \"prod\"?"));
  CHECK(has_line(message_of(R"({"default_tenant": "prod"})"),
                 "c.json:1:20: default_tenant: there is no tenant"));
}

TEST_CASE("config: text that is no JSON object is refused with its place") {
  CHECK(has_line(message_of("[]"), "c.json:1:1: "));
  CHECK(has_line(message_of("{\n  \"tenants\" {}\n}"), "c.json:2:"));
  CHECK(has_line(message_of(""), "c.json:1:1: "));
}

TEST_CASE("config: an absent default file is an empty configuration, an absent named one is an error") {
  const auto none = load_config("", "/nonexistent/sluice/config.json");
  REQUIRE(none.has_value());
  CHECK(none->tenants.empty());
  CHECK(none->file == "");
  CHECK(load_config("", "").has_value());

  const auto named = load_config("/nonexistent/c.json", "");
  REQUIRE(named.has_error());
  CHECK(named.error().kind == ErrorKind::not_found);

  const auto folder = load_config("", fs::temp_directory_path().string());
  REQUIRE(folder.has_error());
  CHECK(folder.error().kind == ErrorKind::invalid_input);
}

TEST_CASE("config: the default file follows the XDG folders") {
  const auto file_with = [](std::map<std::string, std::string> variables) {
    return default_config_file([variables](const char* name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      return found == variables.end() ? std::nullopt : std::optional{found->second};
    });
  };

  CHECK(file_with({{"XDG_CONFIG_HOME", "/x"}, {"HOME", "/h"}}) == "/x/sluice/config.json");
  CHECK(file_with({{"XDG_CONFIG_HOME", ""}, {"HOME", "/h"}}) == "/h/.config/sluice/config.json");
  CHECK(file_with({{"XDG_CONFIG_HOME", "relative"}, {"HOME", "/h"}}) == "/h/.config/sluice/config.json");
  CHECK(file_with({}) == "");
}

TEST_CASE("config: the sample is read without a finding and shows every key") {
  const auto config = load_config(SLUICE_SOURCE_DIR "/samples/config.json", "");

  REQUIRE(config.has_value());
  CHECK(config->default_tenant == "prod");
  CHECK(config->tenants.at("prod").endpoint == "https://iot.cn-shanghai.aliyuncs.com");
  CHECK(config->tenants.at("private-cloud").dialect.extra_codes.size() == 2);
  CHECK(config->tenants.at("private-cloud").https.ca_file == SLUICE_SOURCE_DIR
        "/samples/private-cloud-ca.pem");
}
