// SPDX-License-Identifier: MIT
#include "engine/chunk_builder.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

using namespace sluice;

namespace {

/// "1/0 a b", a line for each chunk: stage, group and names; "--" where the list ended.
std::string built(ChunkBuilder builder,
                  const std::vector<std::tuple<int, std::size_t, std::string>>& devices) {
  std::vector<BuiltChunk> done;
  for (const auto& [stage, group, name] : devices) builder.add(stage, group, name, done);
  const std::size_t at_end = done.size();
  builder.finish(done);
  std::string text;
  for (std::size_t i = 0; i < done.size(); ++i) {
    if (i == at_end) text += "--\n";
    std::string names = done[i].names;
    for (char& c : names) c = c == '\n' ? ' ' : c;
    names.pop_back();
    text += fmt::format("{}/{} {}\n", done[i].stage, done[i].group, names);
    CHECK(done[i].devices == static_cast<std::size_t>(std::count(names.begin(), names.end(), ' ')) + 1);
  }
  return text;
}

}  // namespace

TEST_CASE("chunk builder: chunks are full but for the last one") {
  CHECK(built(ChunkBuilder(2, false), {{1, 0, "a"}, {1, 0, "b"}, {1, 0, "c"}, {1, 0, "d"}, {1, 0, "e"}}) ==
        "1/0 a b\n1/0 c d\n--\n1/0 e\n");
}

TEST_CASE("chunk builder: devices of one group share a chunk wherever they stand in the list") {
  CHECK(built(ChunkBuilder(2, false), {{1, 0, "a"}, {1, 1, "b"}, {1, 0, "c"}, {1, 1, "d"}, {1, 2, "e"}}) ==
        "1/0 a c\n1/1 b d\n--\n1/2 e\n");
}

TEST_CASE("chunk builder: a stage that the list has passed is given out at once") {
  CHECK(built(ChunkBuilder(2, false), {{1, 0, "a"}, {1, 1, "b"}, {2, 0, "c"}, {3, 0, "d"}}) ==
        "1/0 a\n1/1 b\n2/0 c\n--\n3/0 d\n");
}

TEST_CASE("chunk builder: a first stage that is scattered over the list stays open to its end") {
  CHECK(built(ChunkBuilder(2, true), {{2, 0, "a"}, {1, 0, "b"}, {3, 0, "c"}, {1, 0, "d"}, {1, 0, "e"}}) ==
        "2/0 a\n1/0 b d\n--\n1/0 e\n3/0 c\n");
}
