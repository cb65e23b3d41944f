// SPDX-License-Identifier: MIT
#include "app/start_settings.hpp"

#include <doctest/doctest.h>

using namespace sluice;

namespace {

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("start settings: what a reload puts in force does not wait for a restart") {
  const Config began_with;
  Config renewed;
  renewed.tenants["north"] = {.name = "north"};
  renewed.api.tokens_file = "tokens";
  renewed.api.anonymous_reads = true;
  renewed.log.level = LogLevel::debug;
  renewed.jobs_folder = "jobs";

  CHECK(settings_for_next_start(began_with, renewed) == Names{});
}

TEST_CASE("start settings: a door, a name, a limit, a format and the store are as they were at the start") {
  const Config began_with;
  Config renewed;
  renewed.store = "other.db";
  renewed.api.listen.push_back({.address = "127.0.0.1", .port = 8080});
  renewed.api.hosts.emplace_back("sluice.example.com:8080");
  renewed.api.upload_bytes_max = 1;
  renewed.log.format = LogFormat::json;

  CHECK(settings_for_next_start(began_with, renewed) ==
        Names{"store", "api.listen", "api.hosts", "api.upload_bytes_max", "log.format"});
}
