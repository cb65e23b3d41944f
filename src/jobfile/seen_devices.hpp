// SPDX-License-Identifier: MIT
// Which device names have come before: the only thing that grows with a device list, by at most 24 bytes a
// device.
//
// Not the names are kept but 128 bits of hash (XXH3, with a random seed). Among a million names that makes
// two different ones look alike with a probability of 1e6² / 2^129 ≈ 1.5e-27, among a thousand
// million 1.5e-21: far less likely than a broken memory chip, so a match counts as the same name. The seed
// keeps anybody from preparing a list of colliding names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace sluice {

class SeenDevices {
 public:
  /// What is kept of a name.
  struct Hash {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    auto operator<=>(const Hash&) const = default;
  };

  explicit SeenDevices(std::uint64_t seed);

  /// The hash of a name that is going to be added soon. Asks for the memory that add() will look at, so that
  /// the wait for it overlaps with reading the next names: most of the time goes there.
  Hash prepare(std::string_view name) const;

  /// @return whether this is the first time that this name is added
  bool add(Hash hash);
  bool add(std::string_view name) { return add(prepare(name)); }

  bool contains(std::string_view name) const;

  std::size_t devices() const { return devices_; }
  /// Memory in use, never more at any time before: at most 64 KiB or 24 bytes a device, whichever is more.
  std::size_t bytes() const { return slots_total_ * sizeof(Hash); }

 private:
  struct Free {
    void operator()(Hash* slots) const;
  };

  /// Where the hash is, or would have to be put.
  std::size_t place_of(Hash hash) const;
  void insert(std::size_t at, Hash hash);
  void grow();
  std::size_t slots_for(std::size_t homes) const;
  void resize(std::size_t slots_total);

  std::uint64_t seed_;
  std::size_t devices_ = 0;
  std::size_t homes_ = 0;        // slots at which a hash may have its home
  std::size_t slots_total_ = 0;  // a few more than homes, for what is pushed off the end; the last stays free
  std::unique_ptr<Hash, Free> slots_;
};

}  // namespace sluice
