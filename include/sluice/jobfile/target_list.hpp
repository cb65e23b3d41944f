// SPDX-License-Identifier: MIT
// The devices that a run is for, one after the other: a device list without those that are left out, each
// with what it is sent. Streamed; read twice, because stages need the number of devices before the first is
// placed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/core/ids.hpp"
#include "sluice/core/result.hpp"
#include "sluice/jobfile/device_list.hpp"
#include "sluice/jobfile/device_record.hpp"
#include "sluice/jobfile/device_set.hpp"
#include "sluice/jobfile/taken_devices.hpp"
#include "sluice/jobfile/target_rules.hpp"

namespace sluice {

struct TargetSource {
  DeviceSource list;
  TargetRules rules;
  std::shared_ptr<const DeviceSet> excluded;  ///< by the job; null: none
  std::shared_ptr<const DeviceSet> denied;    ///< by the tenant; null: none
  std::shared_ptr<const TakenDevices> taken;  ///< by unfinished runs; null: none
};

/// Valid until the next one is asked for.
struct Target {
  std::string_view name;
  std::span<const std::string_view> strata;  ///< what it has in the columns of `stratify_by`; empty: missing
  std::string_view args;                     ///< rendered, if the rules have arguments; else empty
  std::string_view compensate_args;          ///< the same; empty without a compensation
};

struct TakenExample {
  std::string device;
  RunId run;

  bool operator==(const TakenExample&) const = default;
};

/// How the devices of the list were dealt with. What is left out for several reasons counts for the first of
/// them, in this order.
struct TargetCounts {
  std::int64_t devices = 0;     ///< those that are meant
  std::int64_t duplicates = 0;  ///< names that came before
  std::int64_t unmatched = 0;   ///< the condition does not hold for them
  std::int64_t excluded = 0;
  std::int64_t denied = 0;
  std::int64_t taken = 0;
  std::vector<TakenExample> taken_examples;  ///< the first three

  bool operator==(const TargetCounts&) const = default;
};

class TargetList {
 public:
  static Result<TargetList> open(TargetSource source);

  TargetList(TargetList&&) noexcept;
  TargetList& operator=(TargetList&&) noexcept;
  ~TargetList();

  /// Absent: the end. Fails as DeviceList::next() does, and (invalid_input) for devices without a value that
  /// their arguments need: up to ten of them at once, each with file:line and column.
  Result<std::optional<Target>> next();

  /// Of what has been read so far.
  const TargetCounts& counts() const;
  const TargetRules& rules() const;

  /// Starts again from the first device; all counts are 0 again.
  Result<void> rewind();

 private:
  class Impl;
  explicit TargetList(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice
