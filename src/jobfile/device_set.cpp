// SPDX-License-Identifier: MIT
#include "sluice/jobfile/device_set.hpp"

#include <string>
#include <utility>

#include "jobfile/seen_devices.hpp"

namespace sluice {
namespace {

constexpr std::size_t names_at_once = 1000;
// Nobody gains from names that collide in here: a device that is wrongly left out is one of theirs.
constexpr std::uint64_t seed = 0;

}  // namespace

class DeviceSet::Impl {
 public:
  SeenDevices devices{seed};
};

Result<DeviceSet> DeviceSet::read(DeviceSource source) {
  source.may_be_empty = true;
  auto list = DeviceList::open(std::move(source));
  if (!list) return list.error();
  auto impl = std::make_unique<Impl>();
  std::string names;
  for (;;) {
    names.clear();
    const auto count = list->read(names_at_once, names);
    if (!count) return count.error();
    if (*count == 0) return DeviceSet(std::move(impl));
    for (std::string_view rest = names; !rest.empty();) {
      const std::size_t end = rest.find('\n');
      impl->devices.add(rest.substr(0, end));
      rest.remove_prefix(end + 1);
    }
  }
}

DeviceSet::DeviceSet(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DeviceSet::DeviceSet(DeviceSet&&) noexcept = default;
DeviceSet& DeviceSet::operator=(DeviceSet&&) noexcept = default;
DeviceSet::~DeviceSet() = default;

bool DeviceSet::contains(std::string_view device) const { return impl_->devices.contains(device); }
std::size_t DeviceSet::size() const { return impl_->devices.devices(); }

}  // namespace sluice
