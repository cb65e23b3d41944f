// SPDX-License-Identifier: MIT
// A run as a map of letters, and what stays the same told as runs of equal values.
#include "http_api/resources/chunk_map.hpp"

#include <doctest/doctest.h>

namespace sluice::tests {

TEST_CASE("chunk map: each state has its letter, and a presumed success is not an accepted one") {
  ChunkMap map;
  for (const ChunkState state : {ChunkState::pending, ChunkState::in_flight, ChunkState::failed,
                                 ChunkState::in_doubt, ChunkState::canceled}) {
    map.add({.state = state});
  }
  map.add({.state = ChunkState::succeeded, .evidence = Evidence::confirmed});
  map.add({.state = ChunkState::succeeded, .evidence = Evidence::presumed});

  CHECK(map.states() == "pifdcau");
  CHECK(map.chunks() == 7);
}

TEST_CASE("chunk map: ids that follow each other, and stages and sizes that are equal, are told once") {
  ChunkMap map;
  map.add({.id = ChunkId{5}, .stage = 1, .devices = 100});
  map.add({.id = ChunkId{6}, .stage = 2, .devices = 100});
  map.add({.id = ChunkId{9}, .stage = 2, .devices = 50});
  map.add({.id = ChunkId{8}, .stage = 2, .devices = 50});

  CHECK(map.ids() == RunLengths{{5, 2}, {9, 1}, {8, 1}});
  CHECK(map.stages() == RunLengths{{1, 1}, {2, 3}});
  CHECK(map.devices() == RunLengths{{100, 2}, {50, 2}});
}

TEST_CASE("chunk map: what stays the same is told only to who asks for it") {
  ChunkMap map;
  map.add({.id = ChunkId{1}, .devices = 3});

  CHECK(chunk_map_json(RunId{7}, map, false) ==
        "{\"schema_version\":1,\"run\":7,\"chunks\":1,\"states\":\"p\"}\n");
  CHECK(chunk_map_json(RunId{7}, map, true) ==
        "{\"schema_version\":1,\"run\":7,\"chunks\":1,\"states\":\"p\","
        "\"ids\":[[1,1]],\"stages\":[[1,1]],\"devices\":[[3,1]]}\n");
}

}  // namespace sluice::tests
