// SPDX-License-Identifier: MIT
#include "engine/pace_report.hpp"

#include <cmath>
#include <utility>

namespace sluice {
namespace {

constexpr double rate_step = 0.01;  // of the limit
constexpr double others_step = 0.05;

}  // namespace

void PaceReport::tell(double rate, double others_use) {
  const bool is_back = rate == limit_ && rate_ != limit_;
  if (is_back || std::abs(rate - rate_) > rate_step * limit_) observer_.rate_changed(rate_ = rate);
  const bool are_gone = others_use == 0 && others_use_ != 0;
  if (are_gone || std::abs(others_use - others_use_) > others_step) {
    observer_.others_use(others_use_ = others_use);
  }
}

void PaceReport::tell_whether_store_is_held(bool is_held) {
  if (std::exchange(is_store_held_, is_held) != is_held) observer_.store_held(is_held);
}

void PaceReport::tell_whether_retries_are_held(bool are_held) {
  if (std::exchange(are_retries_held_, are_held) != are_held) observer_.retries_held(are_held);
}

}  // namespace sluice
