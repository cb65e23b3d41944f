// SPDX-License-Identifier: MIT
#include "sluice/core/stage_choice.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

using namespace sluice;

namespace {

using Kind = StageChoice::Kind;

struct Row {
  std::string name;
  std::vector<std::string> values;
};

std::string device(int number) { return fmt::format("dev-{:04}", number); }

std::vector<Row> fleet(int devices) {
  std::vector<Row> rows;
  for (int i = 0; i < devices; ++i) rows.push_back({device(i), {}});
  return rows;
}

StageChooser chooser_of(const StageChoice& choice, const std::vector<Row>& rows) {
  Stage stage;
  stage.name = "canary";
  stage.choice = choice;
  StageChooser chooser(stage);
  for (const Row& row : rows) {
    const std::vector<std::string_view> values(row.values.begin(), row.values.end());
    chooser.consider(row.name, values);
  }
  return chooser;
}

std::set<std::string> chosen(const StageChoice& choice, const std::vector<Row>& rows, std::int64_t size) {
  const auto devices = chooser_of(choice, rows).choose(size);
  REQUIRE_MESSAGE(devices.has_value(), (devices ? "" : devices.error().message));
  std::set<std::string> names;
  for (const Row& row : rows) {
    if (devices->contains(row.name)) names.insert(row.name);
  }
  CHECK(names.size() == devices->draws().size());
  return names;
}

Error refusal(const StageChoice& choice, const std::vector<Row>& rows, std::int64_t size) {
  const auto devices = chooser_of(choice, rows).choose(size);
  REQUIRE(devices.has_error());
  CHECK(devices.error().kind == ErrorKind::invalid_input);
  return devices.error();
}

/// The names with the lowest draws, found by sorting all of them.
std::set<std::string> lowest(std::uint64_t seed, std::vector<Row> rows, std::size_t size) {
  std::sort(rows.begin(), rows.end(),
            [seed](const Row& a, const Row& b) { return draw_of(seed, a.name) < draw_of(seed, b.name); });
  std::set<std::string> names;
  for (std::size_t i = 0; i < size; ++i) names.insert(rows[i].name);
  return names;
}

}  // namespace

TEST_CASE("stage choice: a draw is XXH3 with 128 bits, as its authors publish it") {
  CHECK(draw_of(0, "") == Draw{0x99aa06d3014798d8, 0x6001c324468d497f});
}

TEST_CASE("stage choice: a shuffle takes the lowest draws, and another seed others") {
  const std::vector<Row> rows = fleet(1000);

  const auto first = chosen({.kind = Kind::shuffle, .seed = 7}, rows, 20);

  CHECK(first == lowest(7, rows, 20));
  CHECK(first != chosen({.kind = Kind::shuffle, .seed = 8}, rows, 20));
  CHECK(chosen({.kind = Kind::shuffle}, rows, 0).empty());
  CHECK(chosen({.kind = Kind::shuffle}, rows, 1000).size() == 1000);
}

TEST_CASE("stage choice: the order of the list makes no difference to a draw") {
  std::vector<Row> rows = fleet(1000);
  const auto first = chosen({.kind = Kind::shuffle}, rows, 20);

  std::reverse(rows.begin(), rows.end());

  CHECK(chosen({.kind = Kind::shuffle}, rows, 20) == first);
}

TEST_CASE("stage choice: stratified, every value of every column comes at least once") {
  std::vector<Row> rows = fleet(1000);
  for (int i = 0; i < 1000; ++i) {
    // Nine sites, one of them with a single device; three kinds of hardware; one device without any.
    rows[static_cast<std::size_t>(i)].values = {i == 500 ? "island" : fmt::format("site-{}", i % 8),
                                                i == 77 ? "" : fmt::format("v{}", i % 3)};
  }

  const auto names = chosen({.kind = Kind::stratify, .columns = {"site", "hw"}}, rows, 20);

  std::set<std::string> sites;
  std::set<std::string> hardware;
  for (const Row& row : rows) {
    if (!names.contains(row.name)) continue;
    sites.insert(row.values[0]);
    hardware.insert(row.values[1]);
  }
  CHECK(names.size() == 20);
  CHECK(sites.size() == 9);
  CHECK(hardware == std::set<std::string>{"", "v0", "v1", "v2"});
  CHECK(names == chosen({.kind = Kind::stratify, .columns = {"site", "hw"}}, rows, 20));
}

TEST_CASE("stage choice: of each value the lowest draw is taken, then the lowest draws of all") {
  std::vector<Row> rows = fleet(100);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i].values = {i < 90 ? "a" : "b"};
  const std::vector<Row> a(rows.begin(), rows.begin() + 90);
  const std::vector<Row> b(rows.begin() + 90, rows.end());
  std::set<std::string> expected = lowest(1, a, 1);
  expected.merge(lowest(1, b, 1));

  CHECK(chosen({.kind = Kind::stratify, .columns = {"c"}}, rows, 2) == expected);

  const auto ten = chosen({.kind = Kind::stratify, .columns = {"c"}}, rows, 10);
  CHECK(std::includes(ten.begin(), ten.end(), expected.begin(), expected.end()));
  const auto nine_lowest = lowest(1, rows, 9);
  CHECK(std::includes(ten.begin(), ten.end(), nine_lowest.begin(), nine_lowest.end()));
}

TEST_CASE("stage choice: one device may stand for values of several columns") {
  // The only "x" is also the only "y".
  std::vector<Row> rows = fleet(10);
  for (Row& row : rows) row.values = {"a", "b"};
  rows[3].values = {"x", "y"};

  CHECK(chosen({.kind = Kind::stratify, .columns = {"c", "d"}}, rows, 2).contains(device(3)));
}

TEST_CASE("stage choice: a stage too small for all values is refused with their number") {
  std::vector<Row> rows = fleet(10);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i].values = {fmt::format("{}", i % 4)};

  CHECK(
      refusal({.kind = Kind::stratify, .columns = {"site"}}, rows, 3).message ==
      "stage canary: 3 devices are too few for each of the 4 values of site to come at least once; expected "
      "at least 4");
}

TEST_CASE("stage choice: a column with a value for each device is refused before memory is full of them") {
  std::vector<Row> rows = fleet(100'050);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i].values = {fmt::format("{}", i)};

  CHECK(refusal({.kind = Kind::stratify, .columns = {"serial"}}, rows, 10)
            .message.starts_with("stage canary: serial has more than 100000 values"));
}

TEST_CASE("stage choice: named devices are exactly those, and each must be in the run") {
  const std::vector<Row> rows = fleet(20);

  CHECK(chosen({.kind = Kind::named, .devices = {device(3), device(1)}}, rows, 2) ==
        std::set<std::string>{device(1), device(3)});

  CHECK(refusal({.kind = Kind::named, .devices = {device(3), "dev-x"}}, rows, 2).message ==
        "stage canary: 1 of its 2 named devices is not in the run: dev-x");
  StageChoice many{.kind = Kind::named};
  for (int i = 15; i < 32; ++i) many.devices.push_back(device(i));
  CHECK(
      refusal(many, rows, 17).message ==
      "stage canary: 12 of its 17 named devices are not in the run: dev-0020, dev-0021, dev-0022, dev-0023, "
      "dev-0024, dev-0025, dev-0026, dev-0027, dev-0028, dev-0029 and 2 more");
}

TEST_CASE("stage walk: by the order of the list, and empty stages are passed over") {
  StageWalk walk({2, 0, 1}, nullptr);

  CHECK(walk.next("dev-1") == 1);
  CHECK(walk.next("dev-2") == 1);
  CHECK(walk.next("dev-3") == 3);
}

TEST_CASE("stage walk: the chosen are in the first stage, the others follow by the order of the list") {
  const ChosenDevices chosen_ones(5, {draw_of(5, "dev-3"), draw_of(5, "dev-1")});
  StageWalk walk({2, 1, 2}, &chosen_ones);

  std::vector<int> stages;
  for (const char* name : {"dev-1", "dev-2", "dev-3", "dev-4", "dev-5"}) stages.push_back(walk.next(name));

  CHECK(stages == std::vector<int>{1, 2, 1, 3, 3});
}
