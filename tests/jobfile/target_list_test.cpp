// SPDX-License-Identifier: MIT
#include "sluice/jobfile/target_list.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <memory>
#include <string>

#include "jobfile/scratch_folder.hpp"

using namespace sluice;

namespace {

TargetRules rules_of(const std::string& args, const std::string& where = "") {
  const std::string targets = where.empty() ? "{}" : "{\"where\": \"" + where + "\"}";
  auto rules = read_target_rules(
      "j.json",
      "{\"name\": \"n\", \"targets\": " + targets + ",\n\"call\": {\"product_key\": \"p\", \"identifier\": " +
          "\"i\", \"args\": " + args + "}, \"params\": {\"v\": {\"type\": \"integer\", \"default\": 7}}}",
      {});
  REQUIRE_MESSAGE(rules.has_value(), (rules ? "" : rules.error().message));
  return *std::move(rules);
}

TargetList open(TargetSource source) {
  auto list = TargetList::open(std::move(source));
  REQUIRE_MESSAGE(list.has_value(), (list ? "" : list.error().message));
  return *std::move(list);
}

/// "dev-1 {args} column", a line for each; in place of the rest the error, if there is one.
std::string all_of(TargetList& list) {
  std::string all;
  for (;;) {
    const auto target = list.next();
    if (!target) return all + target.error().message;
    if (!*target) return all;
    all += (*target)->name;
    if (!(*target)->args.empty()) all += fmt::format(" {}", (*target)->args);
    for (const std::string_view stratum : (*target)->strata) all += fmt::format(" <{}>", stratum);
    all += "\n";
  }
}

std::shared_ptr<const DeviceSet> set_of(std::vector<std::string> names) {
  auto set = DeviceSet::read({.names = std::move(names)});
  REQUIRE(set.has_value());
  return std::make_shared<const DeviceSet>(*std::move(set));
}

constexpr const char* fleet = "device,site,fw\ndev-1,a,2.9\ndev-2,b,2.10\ndev-3,,3\ndev-1,b,1\ndev-4,b,2.9\n";

}  // namespace

TEST_CASE("target list: without rules it is the device list") {
  const ScratchFolder folder;
  TargetList list = open({.list = {.path = folder.write("f.csv", fleet)}});

  CHECK(all_of(list) == "dev-1\ndev-2\ndev-3\ndev-4\n");
  CHECK(list.counts() == TargetCounts{.devices = 4, .duplicates = 1});
}

TEST_CASE("target list: only devices for which the condition holds are meant") {
  const ScratchFolder folder;
  TargetList list = open(
      {.list = {.path = folder.write("f.csv", fleet)}, .rules = rules_of("{}", "site = 'b' and fw > '2.9'")});

  CHECK(all_of(list) == "dev-2\n");
  CHECK(list.counts() == TargetCounts{.devices = 1, .duplicates = 1, .unmatched = 3});
}

TEST_CASE("target list: what is left out counts once, for the first reason") {
  const ScratchFolder folder;
  auto taken = std::make_shared<TakenDevices>();
  for (const char* name : {"dev-2", "dev-3", "dev-4"}) taken->add(RunId{9}, name);
  taken->add(RunId{5}, "dev-4");
  taken->complete();
  TargetList list = open({.list = {.path = folder.write("f.csv", fleet)},
                          .rules = rules_of("{}", "not site = 'a'"),
                          .excluded = set_of({"dev-1", "dev-2"}),
                          .denied = set_of({"dev-2", "dev-3"}),
                          .taken = taken});

  CHECK(all_of(list).empty());
  CHECK(list.counts() == TargetCounts{.duplicates = 1,
                                      .unmatched = 1,
                                      .excluded = 1,
                                      .denied = 1,
                                      .taken = 1,
                                      .taken_examples = {{"dev-4", RunId{5}}}});
}

TEST_CASE("target list: three examples of taken devices are kept") {
  auto taken = std::make_shared<TakenDevices>();
  std::vector<std::string> names;
  for (int i = 1; i <= 5; ++i) names.push_back(fmt::format("dev-{}", i));
  for (const std::string& name : names) taken->add(RunId{3}, name);
  taken->complete();
  TargetList list = open({.list = {.names = names}, .taken = taken});

  CHECK(all_of(list).empty());
  CHECK(list.counts().taken == 5);
  CHECK(list.counts().taken_examples ==
        std::vector<TakenExample>{{"dev-1", RunId{3}}, {"dev-2", RunId{3}}, {"dev-3", RunId{3}}});
}

TEST_CASE("target list: each device has its own arguments, and its values in the strata's columns") {
  const ScratchFolder folder;
  TargetRules rules = rules_of(R"({"u": "x/${column.fw}", "v": "${param.v}"})", "site = 'b'");
  rules.stratify_by = {{"site", "here"}, {"device", "here"}};
  TargetList list = open({.list = {.path = folder.write("f.csv", fleet)}, .rules = rules});
  const std::string expected =
      "dev-2 {\"u\": \"x/2.10\", \"v\": 7} <b> <dev-2>\ndev-4 {\"u\": \"x/2.9\", \"v\": 7} <b> <dev-4>\n";

  CHECK(all_of(list) == expected);
  REQUIRE(list.rewind().has_value());
  CHECK(all_of(list) == expected);
  CHECK(list.counts().devices == 2);
}

TEST_CASE("target list: params alone need no column, not even of a list without any") {
  TargetList list = open({.list = {.names = {"dev-1"}}, .rules = rules_of(R"({"v": "${param.v}"})")});

  CHECK(all_of(list) == "dev-1 {\"v\": 7}\n");
}

TEST_CASE("target list: devices without a value that they need are told with file, line and column") {
  const ScratchFolder folder;
  const std::string path = folder.write("f.csv", "device,site\ndev-1,a\ndev-2,\ndev-3,\ndev-2,\ndev-4,b\n");
  TargetList list = open({.list = {.path = path},
                          .rules = rules_of(R"({"s": "${column.site}"})"),
                          .excluded = set_of({"dev-3"})});

  CHECK(all_of(list) == "dev-1 {\"s\": \"a\"}\n" + path +
                            ":3: column \"site\": is empty or missing; needed at j.json:2:64: call.args");
}

TEST_CASE("target list: of many devices without a value ten are told") {
  const ScratchFolder folder;
  std::string rows = "device,site\n";
  for (int i = 1000; i < 1030; ++i) rows += fmt::format("dev-{},\n", i);
  TargetList list =
      open({.list = {.path = folder.write("f.csv", rows)}, .rules = rules_of(R"({"s": "${column.site}"})")});

  const std::string message = all_of(list);
  CHECK(std::count(message.begin(), message.end(), '\n') == 10);
  CHECK(message.ends_with("\n… and more"));
}

TEST_CASE("target list: a device that is left out needs no values") {
  const ScratchFolder folder;
  TargetList list = open({.list = {.path = folder.write("f.csv", fleet)},
                          .rules = rules_of(R"({"s": "${column.site}"})", "site glob '*'")});

  CHECK(all_of(list) == "dev-1 {\"s\": \"a\"}\ndev-2 {\"s\": \"b\"}\ndev-4 {\"s\": \"b\"}\n");
}

TEST_CASE("device set: a list of devices, which may be empty") {
  const ScratchFolder folder;
  const auto names = DeviceSet::read({.path = folder.write("d.csv", fleet)});
  REQUIRE(names.has_value());
  CHECK(names->size() == 4);
  CHECK(names->contains("dev-3"));
  CHECK_FALSE(names->contains("dev-5"));

  const auto none = DeviceSet::read({.path = folder.write("d.txt", "# nobody yet\n")});
  REQUIRE(none.has_value());
  CHECK(none->size() == 0);
  CHECK_FALSE(none->contains("dev-1"));

  const auto bad = DeviceSet::read({.path = folder.write("bad.txt", "a b\n")});
  REQUIRE(bad.has_error());
  CHECK(bad.error().message.find("bad.txt:1: \"a b\" is not a device name") != std::string::npos);
}
