// SPDX-License-Identifier: MIT
#include "app/folder_watch.hpp"

#include <fmt/format.h>
#include <sys/inotify.h>

#include <boost/asio/buffer.hpp>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <system_error>
#include <utility>

#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

// A copy of many files is looked at once, when it is over.
constexpr std::chrono::milliseconds calm_time{200};

// Not IN_MODIFY: a file that is still being written is nobody's business yet.
constexpr std::uint32_t changes = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB |
                                  IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

Error unwatchable(const std::string& folder, int number) {
  return {ErrorKind::unexpected,
          fmt::format("folder {} cannot be watched: {}", printable(folder, 256),
                      std::generic_category().message(number)),
          "Its files are looked at once a minute all the same."};
}

}  // namespace

FolderWatch::FolderWatch(boost::asio::any_io_executor loop, std::function<void()> changed)
    : changed_(std::move(changed)), events_(loop), calm_(loop) {}

Result<void> FolderWatch::watch(const std::string& folder) {
  stop();
  const int descriptor = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (descriptor < 0) return unwatchable(folder, errno);
  events_.assign(descriptor);
  if (::inotify_add_watch(descriptor, folder.c_str(), changes) < 0) {
    const int number = errno;
    stop();
    return unwatchable(folder, number);
  }
  read();
  return {};
}

void FolderWatch::stop() {
  boost::system::error_code ignored;
  events_.close(ignored);
  calm_.cancel();
  is_telling_ = false;
}

void FolderWatch::read() {
  events_.async_read_some(boost::asio::buffer(buffer_),
                          [this](const boost::system::error_code& problem, std::size_t) {
                            if (problem) return;
                            tell_soon();
                            read();
                          });
}

void FolderWatch::tell_soon() {
  if (std::exchange(is_telling_, true)) return;
  calm_.expires_after(calm_time);
  calm_.async_wait([this](const boost::system::error_code& problem) {
    if (problem) return;
    is_telling_ = false;
    changed_();
  });
}

}  // namespace sluice
