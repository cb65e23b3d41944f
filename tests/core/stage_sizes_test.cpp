// SPDX-License-Identifier: MIT
#include "sluice/core/stage_sizes.hpp"

#include <doctest/doctest.h>

#include <numeric>

using namespace sluice;

namespace {

Stage of_devices(std::int64_t devices) {
  Stage stage;
  stage.devices = devices;
  return stage;
}

Stage up_to(std::int64_t hundredths) {
  Stage stage;
  stage.percent = Percent{hundredths};
  return stage;
}

using Sizes = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("stage sizes: a run without stages is one") { CHECK(stage_sizes({}, 5) == Sizes{5}); }

TEST_CASE("stage sizes: devices are that many more, a percentage includes what came before") {
  CHECK(stage_sizes({of_devices(20), up_to(1000), up_to(10000)}, 1000) == Sizes{20, 80, 900});
  CHECK(stage_sizes({of_devices(20), of_devices(30), up_to(10000)}, 1000) == Sizes{20, 30, 950});
  CHECK(stage_sizes({of_devices(10), up_to(100), up_to(1000), up_to(5000), up_to(10000)}, 50'000) ==
        Sizes{10, 490, 4'500, 20'000, 25'000});
}

TEST_CASE("stage sizes: a percentage is rounded up to whole devices") {
  CHECK(stage_sizes({up_to(100), up_to(10000)}, 101) == Sizes{2, 99});
  CHECK(stage_sizes({up_to(100), up_to(10000)}, 100) == Sizes{1, 99});
  CHECK(stage_sizes({up_to(250), up_to(10000)}, 81) == Sizes{3, 78});  // 2.025
  CHECK(stage_sizes({up_to(1), up_to(10000)}, 1) == Sizes{1, 0});
}

TEST_CASE("stage sizes: no stage has more than the run has left, and a later one may be empty") {
  CHECK(stage_sizes({of_devices(20), up_to(1000), up_to(10000)}, 15) == Sizes{15, 0, 0});
  CHECK(stage_sizes({of_devices(20), up_to(1000), up_to(10000)}, 100) == Sizes{20, 0, 80});
  CHECK(stage_sizes({of_devices(INT64_MAX), of_devices(INT64_MAX)}, 7) == Sizes{7, 0});
}

TEST_CASE("stage sizes: stages that do not reach all devices leave some out") {
  CHECK(stage_sizes({of_devices(2), of_devices(3)}, 10) == Sizes{2, 3});
}

TEST_CASE("stage sizes: named devices are as many as are named, each counted once") {
  Stage named;
  named.choice = {.kind = StageChoice::Kind::named, .devices = {"dev-1", "dev-2", "dev-1"}};

  CHECK(stage_sizes({named, up_to(10000)}, 10) == Sizes{2, 8});
}

TEST_CASE("stage sizes: the largest run there can be does not overflow") {
  const Sizes sizes = stage_sizes({up_to(3333), up_to(10000)}, INT64_MAX);

  CHECK(sizes[0] == 3'074'149'899'883'696'777);  // ceil((2^63 - 1) * 0.3333)
  CHECK(sizes[0] + sizes[1] == INT64_MAX);
}
