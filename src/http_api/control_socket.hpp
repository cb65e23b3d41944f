// SPDX-License-Identifier: MIT
// The socket through which the process that owns a store can be spoken to: a file beside the store, for its
// user alone. No symbolic link is ever followed at that name, and a path too long for a socket's address is
// no obstacle, only a file name is.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>

#include "sluice/core/result.hpp"

namespace sluice {

/// A descriptor that is closed when this goes.
class OwnedDescriptor {
 public:
  OwnedDescriptor() = default;
  explicit OwnedDescriptor(int descriptor) : descriptor_(descriptor) {}
  OwnedDescriptor(OwnedDescriptor&& other) noexcept : descriptor_(other.release()) {}
  OwnedDescriptor& operator=(OwnedDescriptor&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~OwnedDescriptor();

  bool is_open() const { return descriptor_ >= 0; }
  int get() const { return descriptor_; }
  int release() { return std::exchange(descriptor_, -1); }

 private:
  int descriptor_ = -1;
};

/// Listens as long as this lives; then the file is gone.
class ControlSocket {
 public:
  /// For the process that owns the store, and it alone: a socket that a dead owner has left is replaced.
  /// Refused: something else stands at that name, or the name is too long. Fails: `storage`.
  static Result<ControlSocket> listen(const std::string& path);
  ControlSocket(ControlSocket&&) = default;
  ControlSocket& operator=(ControlSocket&&) = delete;
  ~ControlSocket();

  /// The listening descriptor, for whoever accepts. It is his from then on.
  int release_descriptor() { return socket_.release(); }

 private:
  ControlSocket(OwnedDescriptor folder, std::string name, OwnedDescriptor socket);

  OwnedDescriptor folder_;
  std::string name_;
  OwnedDescriptor socket_;
};

/// Where the owner of a store listens. The path is the store's as a user gives it; links in it are followed,
/// as the store follows them.
std::string control_socket_path(const std::string& store_path);

/// Connected and blocking, every call on it bounded by a few seconds; absent: nobody listens there, or one
/// who is neither us nor root.
std::optional<OwnedDescriptor> connect_to_control_socket(const std::string& path);

struct SocketPeer {
  uid_t user = 0;
  pid_t process = 0;
};

/// Who is at the other end, as the kernel noted it when the connection was made.
std::optional<SocketPeer> peer_of(int connected);

}  // namespace sluice
