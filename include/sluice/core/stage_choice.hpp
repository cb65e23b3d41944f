// SPDX-License-Identifier: MIT
// Which devices make up the first stage, and so to which stage each device belongs. The same list, seed and
// columns give the same choice, on every machine.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/core/result.hpp"
#include "sluice/core/rollout.hpp"

namespace sluice {

/// A device's place in the draw: XXH3 (128 bits) of its name, with the seed. That two devices of a million
/// have the same one has a probability of 1.5e-27.
struct Draw {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  auto operator<=>(const Draw&) const = default;
};

Draw draw_of(std::uint64_t seed, std::string_view device);

/// The devices of a first stage that does not go by the order of the list.
class ChosenDevices {
 public:
  ChosenDevices() = default;
  ChosenDevices(std::uint64_t seed, std::vector<Draw> draws);

  bool contains(Draw draw) const;
  bool contains(std::string_view device) const { return contains(draw_of(seed_, device)); }
  /// Ascending.
  const std::vector<Draw>& draws() const { return draws_; }

 private:
  std::uint64_t seed_ = 0;
  std::vector<Draw> draws_;
};

/// Is shown every device of the run once, in the order of the list, and then chooses. Keeps 16 bytes a device
/// (none if the choice goes by the order of the list), and 100,000 values of columns at most.
class StageChooser {
 public:
  static constexpr std::size_t values_max = 100'000;

  /// @param stage the first one
  explicit StageChooser(const Stage& stage);

  /// @param values of the choice's columns, in their order; empty: a missing one, which counts as a value too
  void consider(std::string_view device, std::span<const std::string_view> values);

  /// Of each device that was considered, in the order of the list; empty for a choice by that order.
  const std::vector<Draw>& draws() const { return draws_; }

  /// Stratified: for each column in turn and each of its values in the order of their bytes that no chosen
  /// device has yet, the device with the lowest draw that has it; then those with the lowest draws of all.
  /// @param size how many, at most as many as were considered
  /// Fails (invalid_input) if the values of the columns need more devices than that, or if a named device is
  /// not in the run.
  Result<ChosenDevices> choose(std::int64_t size) const;

 private:
  /// A value of a column, and the device with the lowest draw of those that have it.
  struct Value {
    Draw draw;
    std::vector<std::size_t> values;  // of that device: for each column which of them
  };
  struct Column {
    std::map<std::string, std::size_t, std::less<>> indices;
    std::vector<Value> values;
  };

  void note_values(Draw draw, std::span<const std::string_view> values);
  Result<ChosenDevices> choose_named() const;
  std::vector<Draw> one_of_each_value() const;
  std::vector<Draw> filled_up(std::vector<Draw> chosen, std::size_t size) const;
  Error too_many_values() const;
  std::string columns_in_words() const;

  std::string stage_name_;
  StageChoice choice_;
  std::vector<Draw> draws_;
  std::vector<Column> columns_;
  std::size_t values_total_ = 0;
};

/// To which stage each device belongs, one after the other in the order of the list.
class StageWalk {
 public:
  /// @param sizes of the stages
  /// @param chosen the first stage's devices; null: it goes by the order of the list
  StageWalk(std::vector<std::int64_t> sizes, const ChosenDevices* chosen);

  /// The number of the stage, from 1. What is beyond the last stage belongs to it.
  int next(Draw draw);
  int next(std::string_view device);

 private:
  int next_by_order();

  const ChosenDevices* chosen_;
  std::vector<std::int64_t> left_;  // devices that each stage still takes
  std::size_t current_ = 0;
};

}  // namespace sluice
