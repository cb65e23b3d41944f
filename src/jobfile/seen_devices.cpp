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
#include <cstring>
#include <new>

namespace sluice {
namespace {

constexpr std::size_t homes_at_first = 2048;
constexpr std::size_t slack = 64;

std::size_t load_max(std::size_t homes) { return homes * 85 / 100; }

std::size_t home_of(std::uint64_t high, std::size_t homes) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::size_t>((Wide{high} * homes) >> 64);
}

}  // namespace

void SeenDevices::Free::operator()(Slot* slots) const { std::free(slots); }

SeenDevices::SeenDevices(std::uint64_t seed) : seed_(seed), homes_(homes_at_first) {
  resize(homes_ + slack);
  std::fill_n(slots_.get(), slots_total_, Slot{});
}

SeenDevices::Slot SeenDevices::slot_of(std::string_view name) const {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(name.data(), name.size(), seed_);
  // All zeros means free. That a name has this hash is as unlikely as a collision, and treated as one.
  if (hash.high64 == 0 && hash.low64 == 0) return {0, 1};
  return {hash.high64, hash.low64};
}

bool SeenDevices::add(std::string_view name) {
  const Slot slot = slot_of(name);
  if (devices_ >= load_max(homes_)) grow();
  std::size_t at = home_of(slot.high, homes_);
  while (!slots_[at].is_free() && slots_[at] < slot) ++at;
  if (slots_[at] == slot) return false;
  insert(at, slot);
  ++devices_;
  return true;
}

/// Makes room by moving what follows, up to the next free slot, one place on.
void SeenDevices::insert(std::size_t at, Slot slot) {
  std::size_t free = at;
  while (!slots_[free].is_free()) ++free;
  if (free + 1 == slots_total_) {
    // The last slot stays free, so that every search ends. The new one is too.
    resize(slots_total_ + slack);
    std::fill_n(slots_.get() + slots_total_ - slack, slack, Slot{});
  }
  std::move_backward(slots_.get() + at, slots_.get() + free, slots_.get() + free + 1);
  slots_[at] = slot;
}

/// How many slots the present hashes need, spread over that many homes.
std::size_t SeenDevices::slots_for(std::size_t homes) const {
  std::size_t next = 0;
  for (std::size_t i = 0; i < slots_total_; ++i) {
    if (!slots_[i].is_free()) next = std::max(next, home_of(slots_[i].high, homes)) + 1;
  }
  return std::max(next, homes) + slack;
}

void SeenDevices::grow() {
  const std::size_t old_total = slots_total_;
  homes_ += homes_ / 5;
  resize(slots_for(homes_));

  std::size_t from = slots_total_;
  for (std::size_t i = old_total; i-- > 0;) {
    if (!slots_[i].is_free()) slots_[--from] = slots_[i];
  }
  // What is dealt out never overtakes what is still to be dealt: slots_for() has made sure that all of it
  // fits.
  std::size_t to = 0;
  for (; from < slots_total_; ++from) {
    const Slot slot = slots_[from];
    const std::size_t home = home_of(slot.high, homes_);
    while (to < home) slots_[to++] = Slot{};
    slots_[to++] = slot;
  }
  while (to < slots_total_) slots_[to++] = Slot{};
}

/// A large block is moved by the C library without copying or holding it twice (mremap).
void SeenDevices::resize(std::size_t slots_total) {
  void* const moved = std::realloc(slots_.get(), slots_total * sizeof(Slot));
  if (!moved) throw std::bad_alloc();
  static_cast<void>(slots_.release());
  slots_.reset(static_cast<Slot*>(moved));
  slots_total_ = slots_total;
}

}  // namespace sluice
