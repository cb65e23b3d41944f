// SPDX-License-Identifier: MIT
#include "app/watched_deny_list.hpp"

#include <fmt/format.h>

#include <utility>

#include "app/say.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

bool is_same(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
         a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

}  // namespace

void say_of_deny_list(const Error& why) {
  say(fmt::format("warning: the deny list as it was stays in force: {}\n", printable(why.message, 512)));
}

// The file may have changed since it was read, so the first look reads it again.
WatchedDenyList::WatchedDenyList(std::string file, std::shared_ptr<const DeviceSet> read, TellOfDenyList tell)
    : file_(std::move(file)), list_(std::move(read)), tell_(std::move(tell)) {}

bool WatchedDenyList::denies(std::string_view device) {
  if (!file_.empty()) look();
  return list_ && list_->contains(device);
}

void WatchedDenyList::look() {
  struct stat now{};
  const bool is_there = ::stat(file_.c_str(), &now) == 0;
  if (is_there && is_same(now, seen_)) return;
  Result<DeviceSet> read = DeviceSet::read({.names = {}, .path = file_, .column = {}});
  if (read.has_value()) {
    list_ = std::make_shared<const DeviceSet>(std::move(*read));
    seen_ = now;
    is_told_ = false;
    return;
  }
  if (std::exchange(is_told_, true)) return;
  tell_(read.error());
}

}  // namespace sluice
