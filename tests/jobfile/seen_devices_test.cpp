// SPDX-License-Identifier: MIT
#include "jobfile/seen_devices.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <string>
#include <unordered_set>

using namespace sluice;

TEST_CASE("seen devices: a name is new once") {
  SeenDevices seen(7);

  CHECK(seen.add("dev-1"));
  CHECK(seen.add("dev-2"));
  CHECK_FALSE(seen.add("dev-1"));
  CHECK(seen.devices() == 2);
}

TEST_CASE("seen devices: agrees with a set of strings on random names, whatever the seed") {
  const std::uint64_t test_seed = std::random_device{}();
  CAPTURE(test_seed);
  std::mt19937_64 random(test_seed);
  for (int round = 0; round < 5; ++round) {
    SeenDevices seen(random());
    std::unordered_set<std::string> expected;
    std::size_t disagreements = 0;
    for (int i = 0; i < 40'000; ++i) {
      const std::string name = fmt::format("d{}", random() % 30'000);
      if (seen.add(name) != expected.insert(name).second) ++disagreements;
    }
    CHECK(disagreements == 0);
    CHECK(seen.devices() == expected.size());
  }
}

TEST_CASE("seen devices: never takes more than 24 bytes a device or 64 KiB, and forgets none while growing") {
  SeenDevices seen(11);
  std::size_t over = 0;
  std::size_t wrong = 0;

  for (std::size_t i = 1; i <= 2'000'000; ++i) {
    if (!seen.add(fmt::format_int(i).c_str())) ++wrong;
    if (seen.bytes() > std::max<std::size_t>(64 * 1024, 24 * i)) ++over;
  }
  for (std::size_t i = 1; i <= 2'000'000; i += 7) {
    if (seen.add(fmt::format_int(i).c_str())) ++wrong;
  }

  CHECK(over == 0);
  CHECK(wrong == 0);
  CHECK(seen.devices() == 2'000'000);
}

TEST_CASE("seen devices: hashes that all belong at the end of the table are kept apart all the same") {
  SeenDevices seen(0);
  constexpr std::uint64_t last = ~std::uint64_t{0};

  std::size_t wrong = 0;
  for (std::uint64_t i = 5000; i-- > 0;) wrong += seen.add(SeenDevices::Hash{last, i + 1}) ? 0 : 1;
  for (std::uint64_t i = 0; i < 5000; ++i) wrong += seen.add(SeenDevices::Hash{last, i + 1}) ? 1 : 0;

  CHECK(wrong == 0);
  CHECK(seen.devices() == 5000);
}

TEST_CASE("seen devices: hashes that all belong at the start of the table are kept apart all the same") {
  SeenDevices seen(0);

  std::size_t wrong = 0;
  for (std::uint64_t i = 0; i < 5000; ++i) wrong += seen.add(SeenDevices::Hash{0, i + 1}) ? 0 : 1;
  for (std::uint64_t i = 0; i < 5000; ++i) wrong += seen.add(SeenDevices::Hash{0, i + 1}) ? 1 : 0;

  CHECK(wrong == 0);
}
