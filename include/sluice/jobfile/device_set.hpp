// SPDX-License-Identifier: MIT
// The devices of a list, to be asked about one at a time: those that a job leaves out, or that nobody of a
// tenant may send to. At most 24 bytes a device.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "sluice/core/result.hpp"
#include "sluice/jobfile/device_list.hpp"

namespace sluice {

class DeviceSet {
 public:
  /// Fails with the list's own errors. An empty list is an empty set.
  static Result<DeviceSet> read(DeviceSource source);

  DeviceSet(DeviceSet&&) noexcept;
  DeviceSet& operator=(DeviceSet&&) noexcept;
  ~DeviceSet();

  bool contains(std::string_view device) const;
  std::size_t size() const;

 private:
  class Impl;
  explicit DeviceSet(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice
