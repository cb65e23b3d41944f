// SPDX-License-Identifier: MIT
// Devices → chunks: each holds devices of one stage and one group of arguments, and is full but for the last
// one of them.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

struct BuiltChunk {
  int stage = 1;
  std::size_t group = 0;
  std::size_t devices = 0;
  std::string names;  ///< each followed by '\n'

  bool operator==(const BuiltChunk&) const = default;
};

/// Holds at most one chunk that is not full for each group of the stages that are being filled: those that
/// the list has passed are given out at once.
class ChunkBuilder {
 public:
  /// @param is_first_scattered the first stage's devices may come anywhere in the list, not only at its begin
  ChunkBuilder(std::size_t chunk_size, bool is_first_scattered)
      : chunk_size_(chunk_size), is_first_scattered_(is_first_scattered) {}

  /// Appends to `done` what has become complete.
  void add(int stage, std::size_t group, std::string_view device, std::vector<BuiltChunk>& done);
  /// Appends the rest, in the order of stages and groups.
  void finish(std::vector<BuiltChunk>& done);

 private:
  using Key = std::pair<int, std::size_t>;  // stage, group

  void finish_passed(int stage, std::vector<BuiltChunk>& done);

  std::size_t chunk_size_;
  bool is_first_scattered_;
  int newest_stage_ = 1;
  std::map<Key, BuiltChunk> open_;
};

}  // namespace sluice
