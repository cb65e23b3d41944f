// SPDX-License-Identifier: MIT
// One array of slots, sorted by hash. A hash's home is its share of the way through the array, so sorted
// order and order of homes are the same; a hash sits at its home or, if that is taken, further on with no
// free slot between (linear probing that keeps the order). The order is what lets the array grow in place:
// all hashes are pushed to its end and then dealt out from the front, so that old and new table never exist
// side by side. With 16 bytes a hash and growth by a fifth at a load of 0.85, that makes 18.8 to 22.6 bytes a
// device.
#include "jobfile/seen_devices.hpp"

#include <xxhash.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace sluice {
namespace {

constexpr std::size_t homes_at_first = 2048;
constexpr std::size_t slack = 64;

std::size_t load_max(std::size_t homes) { return homes * 85 / 100; }

// All zeros: nothing is here.
constexpr SeenDevices::Hash free_slot{};

std::size_t home_of(std::uint64_t high, std::size_t homes) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::size_t>((Wide{high} * homes) >> 64);
}

}  // namespace

void SeenDevices::Free::operator()(Hash* slots) const { std::free(slots); }

SeenDevices::SeenDevices(std::uint64_t seed) : seed_(seed), homes_(homes_at_first) {
  resize(homes_ + slack);
  std::fill_n(slots_.get(), slots_total_, free_slot);
}

SeenDevices::Hash SeenDevices::prepare(std::string_view name) const {
  const XXH128_hash_t xxh = XXH3_128bits_withSeed(name.data(), name.size(), seed_);
  Hash hash{xxh.high64, xxh.low64};
  // That a name has the hash which means "free" is as unlikely as a collision, and treated as one.
  if (hash == free_slot) hash.low = 1;
  __builtin_prefetch(slots_.get() + home_of(hash.high, homes_), 1);
  return hash;
}

bool SeenDevices::add(Hash hash) {
  if (devices_ >= load_max(homes_)) grow();
  const std::size_t at = place_of(hash);
  if (slots_.get()[at] == hash) return false;
  insert(at, hash);
  ++devices_;
  return true;
}

bool SeenDevices::contains(std::string_view name) const {
  const Hash hash = prepare(name);
  return slots_.get()[place_of(hash)] == hash;
}

std::size_t SeenDevices::place_of(Hash hash) const {
  const Hash* const slots = slots_.get();
  std::size_t at = home_of(hash.high, homes_);
  while (slots[at] != free_slot && slots[at] < hash) ++at;
  return at;
}

/// Makes room by moving what follows, up to the next free slot, one place on.
void SeenDevices::insert(std::size_t at, Hash hash) {
  std::size_t free = at;
  while (slots_.get()[free] != free_slot) ++free;
  if (free + 1 == slots_total_) {
    // The last slot stays free, so that every search ends.
    resize(slots_total_ + slack);
    std::fill_n(slots_.get() + slots_total_ - slack, slack, free_slot);
  }
  Hash* const slots = slots_.get();
  std::move_backward(slots + at, slots + free, slots + free + 1);
  slots[at] = hash;
}

/// How many slots the present hashes need, spread over that many homes.
std::size_t SeenDevices::slots_for(std::size_t homes) const {
  const Hash* const slots = slots_.get();
  std::size_t next = 0;
  for (std::size_t i = 0; i < slots_total_; ++i) {
    if (slots[i] != free_slot) next = std::max(next, home_of(slots[i].high, homes)) + 1;
  }
  return std::max(next, homes) + slack;
}

void SeenDevices::grow() {
  const std::size_t old_total = slots_total_;
  homes_ += homes_ / 5;
  resize(slots_for(homes_));

  Hash* const slots = slots_.get();
  std::size_t from = slots_total_;
  for (std::size_t i = old_total; i-- > 0;) {
    if (slots[i] != free_slot) slots[--from] = slots[i];
  }
  // What is dealt out never overtakes what is still to be dealt: slots_for() has made sure that all of it
  // fits.
  std::size_t to = 0;
  for (; from < slots_total_; ++from) {
    const Hash hash = slots[from];
    const std::size_t home = home_of(hash.high, homes_);
    while (to < home) slots[to++] = free_slot;
    slots[to++] = hash;
  }
  while (to < slots_total_) slots[to++] = free_slot;
}

/// A large block is moved by the C library without copying or holding it twice (mremap).
void SeenDevices::resize(std::size_t slots_total) {
  void* const moved = std::realloc(slots_.get(), slots_total * sizeof(Hash));
  if (!moved) throw std::bad_alloc();
  static_cast<void>(slots_.release());
  slots_.reset(static_cast<Hash*>(moved));
  slots_total_ = slots_total;
}

}  // namespace sluice
