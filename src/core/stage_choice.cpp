// SPDX-License-Identifier: MIT
#include "sluice/core/stage_choice.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

using Kind = StageChoice::Kind;

constexpr std::size_t missing_shown_max = 10;

}  // namespace

Draw draw_of(std::uint64_t seed, std::string_view device) {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(device.data(), device.size(), seed);
  return {hash.high64, hash.low64};
}

ChosenDevices::ChosenDevices(std::uint64_t seed, std::vector<Draw> draws)
    : seed_(seed), draws_(std::move(draws)) {
  std::sort(draws_.begin(), draws_.end());
  draws_.erase(std::unique(draws_.begin(), draws_.end()), draws_.end());
}

bool ChosenDevices::contains(Draw draw) const {
  return std::binary_search(draws_.begin(), draws_.end(), draw);
}

StageChooser::StageChooser(const Stage& stage)
    : stage_name_(stage.name), choice_(stage.choice), columns_(stage.choice.columns.size()) {}

void StageChooser::consider(std::string_view device, std::span<const std::string_view> values) {
  if (choice_.kind == Kind::first) return;
  const Draw draw = draw_of(choice_.seed, device);
  draws_.push_back(draw);
  if (choice_.kind == Kind::stratify) note_values(draw, values);
}

void StageChooser::note_values(Draw draw, std::span<const std::string_view> values) {
  // So many are an error already, and need not be told apart any more.
  if (values_total_ > values_max) return;
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    Column& column = columns_[i];
    auto known = column.indices.find(values[i]);
    if (known == column.indices.end()) {
      known = column.indices.emplace(std::string(values[i]), column.values.size()).first;
      column.values.push_back({.draw = {~std::uint64_t{0}, ~std::uint64_t{0}}, .values = {}});
      ++values_total_;
    }
    indices.push_back(known->second);
  }
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    Value& value = columns_[i].values[indices[i]];
    if (draw < value.draw) value = {draw, indices};
  }
}

Result<ChosenDevices> StageChooser::choose(std::int64_t size) const {
  if (choice_.kind == Kind::named) return choose_named();
  std::vector<Draw> chosen;
  const auto wanted = static_cast<std::size_t>(size);
  if (choice_.kind == Kind::stratify) {
    if (values_total_ > values_max) return too_many_values();
    chosen = one_of_each_value();
    if (chosen.size() > wanted) {
      return Error{ErrorKind::invalid_input,
                   fmt::format("stage {}: {} devices are too few for each of the {} values of {} to come at "
                               "least once; expected at least {}",
                               stage_name_, size, values_total_, columns_in_words(), chosen.size()),
                   "Give the stage more devices, or name fewer columns."};
    }
  }
  return ChosenDevices(choice_.seed, filled_up(std::move(chosen), wanted));
}

Result<ChosenDevices> StageChooser::choose_named() const {
  std::vector<Draw> present = draws_;
  std::sort(present.begin(), present.end());
  std::vector<Draw> chosen;
  std::vector<std::string> missing;
  for (const std::string& device : choice_.devices) {
    chosen.push_back(draw_of(choice_.seed, device));
    if (!std::binary_search(present.begin(), present.end(), chosen.back())) missing.push_back(device);
  }
  if (missing.empty()) return ChosenDevices(choice_.seed, std::move(chosen));
  std::string names;
  for (std::size_t i = 0; i < std::min(missing.size(), missing_shown_max); ++i) {
    names += (i == 0 ? "" : ", ") + missing[i];
  }
  if (missing.size() > missing_shown_max)
    names += fmt::format(" and {} more", missing.size() - missing_shown_max);
  return Error{ErrorKind::invalid_input,
               fmt::format("stage {}: {} of its {} named devices {} not in the run: {}", stage_name_,
                           missing.size(), choice_.devices.size(), missing.size() == 1 ? "is" : "are", names),
               "Name devices of the list that no condition and no other list leaves out."};
}

std::vector<Draw> StageChooser::one_of_each_value() const {
  std::vector<std::vector<bool>> is_covered;
  for (const Column& column : columns_) is_covered.emplace_back(column.values.size(), false);
  std::vector<Draw> chosen;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    for (const auto& [text, index] : columns_[i].indices) {
      if (is_covered[i][index]) continue;
      const Value& value = columns_[i].values[index];
      chosen.push_back(value.draw);
      for (std::size_t j = 0; j < columns_.size(); ++j) is_covered[j][value.values[j]] = true;
    }
  }
  return chosen;
}

std::vector<Draw> StageChooser::filled_up(std::vector<Draw> chosen, std::size_t size) const {
  std::vector<Draw> lowest = draws_;
  const std::size_t enough = std::min(size, lowest.size());
  // No more than `size` are needed, however many of them are chosen already.
  std::nth_element(lowest.begin(), lowest.begin() + static_cast<std::ptrdiff_t>(enough), lowest.end());
  lowest.resize(enough);
  std::sort(lowest.begin(), lowest.end());
  std::sort(chosen.begin(), chosen.end());
  const std::vector<Draw> already = chosen;
  for (const Draw draw : lowest) {
    if (chosen.size() >= size) break;
    if (!std::binary_search(already.begin(), already.end(), draw)) chosen.push_back(draw);
  }
  return chosen;
}

Error StageChooser::too_many_values() const {
  return Error{
      ErrorKind::invalid_input,
      fmt::format("stage {}: {} has more than {} values; expected columns of few values, such as the "
                  "site or the hardware",
                  stage_name_, columns_in_words(), values_max),
      "Name other columns."};
}

std::string StageChooser::columns_in_words() const {
  return fmt::format("{}", fmt::join(choice_.columns, ", "));
}

StageWalk::StageWalk(std::vector<std::int64_t> sizes, const ChosenDevices* chosen)
    : chosen_(chosen), left_(std::move(sizes)), current_(chosen ? 1 : 0) {}

int StageWalk::next(Draw draw) {
  if (chosen_ && chosen_->contains(draw)) return 1;
  return next_by_order();
}

int StageWalk::next(std::string_view device) {
  if (chosen_ && chosen_->contains(device)) return 1;
  return next_by_order();
}

int StageWalk::next_by_order() {
  while (current_ + 1 < left_.size() && left_[current_] == 0) ++current_;
  if (current_ < left_.size()) --left_[current_];
  return static_cast<int>(std::min(current_ + 1, left_.size()));
}

}  // namespace sluice
