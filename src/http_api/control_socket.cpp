// SPDX-License-Identifier: MIT
#include "http_api/control_socket.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace sluice {
namespace {

namespace fs = std::filesystem;

constexpr int backlog = 64;
constexpr time_t seconds_per_call = 15;

/// A socket's address holds 107 bytes of a path. Through the folder's descriptor only the file's own name
/// counts, and through the file's own descriptor nothing does.
std::optional<sockaddr_un> address_through(int descriptor, const std::string& name) {
  std::string path = fmt::format("/proc/self/fd/{}", descriptor);
  if (!name.empty()) path += "/" + name;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return std::nullopt;
  path.copy(address.sun_path, path.size());
  return address;
}

const sockaddr* plain(const sockaddr_un& address) { return reinterpret_cast<const sockaddr*>(&address); }

Error cannot(std::string_view what, const std::string& path, int error) {
  return {ErrorKind::storage,
          fmt::format("control socket: cannot {} {}: {}", what, path, std::strerror(error)),
          "The run goes on. It cannot be paused or canceled by another command, only by Ctrl-C here."};
}

/// What a dead owner has left is removed; anything else that stands there is somebody's.
Result<void> make_room(int folder, const std::string& name, const std::string& path) {
  struct stat found{};
  if (::fstatat(folder, name.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return {};
    return cannot("look at", path, errno);
  }
  if (!S_ISSOCK(found.st_mode)) {
    return Error{ErrorKind::refused, fmt::format("control socket: {} exists and is no socket", path),
                 "Move it away: without that name the run cannot be paused or canceled by another command."};
  }
  if (::unlinkat(folder, name.c_str(), 0) != 0 && errno != ENOENT) return cannot("replace", path, errno);
  return {};
}

/// The mode that the file is to have is taken from the socket, so there is no moment in which others may
/// connect.
int listen_at(int socket, const sockaddr_un& address) {
  if (::fchmod(socket, S_IRUSR | S_IWUSR) != 0) return errno;
  if (::bind(socket, plain(address), sizeof address) != 0) return errno;
  return ::listen(socket, backlog) == 0 ? 0 : errno;
}

void limit_calls(int socket) {
  const timeval limit{.tv_sec = seconds_per_call, .tv_usec = 0};
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

}  // namespace

OwnedDescriptor::~OwnedDescriptor() {
  if (is_open()) ::close(descriptor_);
}

ControlSocket::ControlSocket(OwnedDescriptor folder, std::string name, OwnedDescriptor socket)
    : folder_(std::move(folder)), name_(std::move(name)), socket_(std::move(socket)) {}

ControlSocket::~ControlSocket() {
  if (folder_.is_open()) ::unlinkat(folder_.get(), name_.c_str(), 0);
}

Result<ControlSocket> ControlSocket::listen(const std::string& path) {
  const fs::path whole{path};
  const std::string name = whole.filename().string();
  OwnedDescriptor folder{::open(whole.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (!folder.is_open()) return cannot("open the folder of", path, errno);
  const std::optional<sockaddr_un> address = address_through(folder.get(), name);
  if (!address) return cannot("listen at", path, ENAMETOOLONG);
  const Result<void> free = make_room(folder.get(), name, path);
  if (free.has_error()) return free.error();
  OwnedDescriptor socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!socket.is_open()) return cannot("make", path, errno);
  if (const int error = listen_at(socket.get(), *address)) return cannot("listen at", path, error);
  return ControlSocket{std::move(folder), name, std::move(socket)};
}

std::string control_socket_path(const std::string& store_path) {
  std::error_code error;
  const fs::path real = fs::weakly_canonical(fs::absolute(store_path), error);
  return (error ? store_path : real.string()) + ".sock";
}

std::optional<OwnedDescriptor> connect_to_control_socket(const std::string& path) {
  // By the file's own descriptor: what was looked at is what is connected to.
  const OwnedDescriptor file{::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)};
  struct stat found{};
  if (!file.is_open() || ::fstat(file.get(), &found) != 0 || !S_ISSOCK(found.st_mode)) return std::nullopt;
  // Somebody else's would answer whatever he likes.
  const bool is_trusted = found.st_uid == ::geteuid() || found.st_uid == 0 || ::geteuid() == 0;
  if (!is_trusted) return std::nullopt;
  const std::optional<sockaddr_un> address = address_through(file.get(), {});
  OwnedDescriptor socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!address || !socket.is_open()) return std::nullopt;
  limit_calls(socket.get());
  if (::connect(socket.get(), plain(*address), sizeof *address) != 0) return std::nullopt;
  return socket;
}

std::optional<SocketPeer> peer_of(int connected) {
  ucred found{};
  socklen_t size = sizeof found;
  if (::getsockopt(connected, SOL_SOCKET, SO_PEERCRED, &found, &size) != 0) return std::nullopt;
  return SocketPeer{found.uid, found.pid};
}

}  // namespace sluice
