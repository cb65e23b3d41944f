// SPDX-License-Identifier: MIT
#include "engine/chunk_builder.hpp"

namespace sluice {

void ChunkBuilder::add(int stage, std::size_t group, std::string_view device, std::vector<BuiltChunk>& done) {
  if (stage > newest_stage_) finish_passed(stage, done);
  BuiltChunk& chunk = open_[{stage, group}];
  if (chunk.devices == 0) {
    chunk.stage = stage;
    chunk.group = group;
    chunk.names.clear();
  }
  chunk.names.append(device).push_back('\n');
  if (++chunk.devices < chunk_size_) return;
  done.push_back(std::move(chunk));
  // The place in the map stays for the group's next device; most groups have one.
  chunk = {};
}

void ChunkBuilder::finish(std::vector<BuiltChunk>& done) {
  for (auto& [key, chunk] : open_) {
    if (chunk.devices > 0) done.push_back(std::move(chunk));
  }
  open_.clear();
}

/// The stages before this one, of which nothing more can come.
void ChunkBuilder::finish_passed(int stage, std::vector<BuiltChunk>& done) {
  newest_stage_ = stage;
  for (auto at = open_.begin(); at != open_.end() && at->first.first < stage;) {
    if (at->first.first == 1 && is_first_scattered_) {
      ++at;
      continue;
    }
    if (at->second.devices > 0) done.push_back(std::move(at->second));
    at = open_.erase(at);
  }
}

}  // namespace sluice
