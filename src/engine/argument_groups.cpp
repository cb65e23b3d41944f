// SPDX-License-Identifier: MIT
#include "engine/argument_groups.hpp"

#include <fmt/format.h>
#include <sys/random.h>
#include <xxhash.h>

namespace sluice {
namespace {

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  // Cannot fail for so few bytes; if it did, a seed of 0 would still be right, only foreseeable.
  static_cast<void>(::getrandom(&seed, sizeof seed, 0));
  return seed;
}

XXH128_hash_t hash_of(std::string_view text, std::uint64_t seed) {
  return XXH3_128bits_withSeed(text.data(), text.size(), seed);
}

}  // namespace

ArgumentGroups::ArgumentGroups() : seed_(random_seed()) {}

Result<std::size_t> ArgumentGroups::group_of(const Target& target) {
  const XXH128_hash_t args = hash_of(target.args, seed_);
  const XXH128_hash_t compensate = hash_of(target.compensate_args, seed_);
  const Key key{args.high64, args.low64, compensate.high64, compensate.low64};
  const auto [known, is_new] = groups_.try_emplace(key, groups_.size());
  if (groups_.size() <= groups_max) return known->second;
  return Error{
      ErrorKind::invalid_input,
      fmt::format("more than {} different arguments; expected devices to share them, because each one "
                  "is at least one request",
                  groups_max),
      "Leave columns that are different for each device out of the arguments."};
}

}  // namespace sluice
