// SPDX-License-Identifier: MIT
// Which devices are sent the very same arguments: they can share a chunk.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>

#include "sluice/core/result.hpp"
#include "sluice/jobfile/target_list.hpp"

namespace sluice {

/// Numbers the groups in the order in which they come. Keeps hashes, not texts: 128 bits of each part, with a
/// seed that nobody can foresee, so that no list can be made in which two arguments look alike.
class ArgumentGroups {
 public:
  static constexpr std::size_t groups_max = 100'000;

  ArgumentGroups();

  /// The group's number, from 0. Fails (invalid_input) for more than groups_max of them.
  Result<std::size_t> group_of(const Target& target);
  std::size_t size() const { return groups_.size(); }

 private:
  using Key = std::array<std::uint64_t, 4>;
  struct Hash {
    std::size_t operator()(const Key& key) const { return static_cast<std::size_t>(key[0] ^ key[2]); }
  };

  std::uint64_t seed_;
  std::unordered_map<Key, std::size_t, Hash> groups_;
};

}  // namespace sluice
