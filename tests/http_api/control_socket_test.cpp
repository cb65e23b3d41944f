// SPDX-License-Identifier: MIT
// The socket's file: whose it is, what it may replace, and who is led nowhere by it.
#include "http_api/control_socket.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <string>

#include "support/temporary_folder.hpp"

namespace sluice::tests {
namespace {

namespace fs = std::filesystem;

ControlSocket listening(const std::string& path) {
  Result<ControlSocket> socket = ControlSocket::listen(path);
  REQUIRE_MESSAGE(socket.has_value(), socket.error().message);
  return std::move(*socket);
}

bool is_answered(const std::string& path) { return connect_to_control_socket(path).has_value(); }

}  // namespace

TEST_CASE("control socket: it is there for its user alone as long as somebody listens, and then gone") {
  const TemporaryFolder folder;
  const std::string path = folder / "s.db.sock";
  {
    const ControlSocket socket = listening(path);
    struct stat found{};
    REQUIRE(::lstat(path.c_str(), &found) == 0);
    CHECK((found.st_mode & 07777) == 0600);
    CHECK(is_answered(path));
  }
  CHECK_FALSE(fs::exists(path));
  CHECK_FALSE(is_answered(path));
}

TEST_CASE("control socket: what a dead process has left answers nobody, and is replaced") {
  const TemporaryFolder folder;
  const std::string path = folder / "s.db.sock";
  const std::string kept = folder / "kept";
  {
    const ControlSocket dead = listening(path);
    fs::rename(path, kept);
  }
  fs::rename(kept, path);
  CHECK_FALSE(is_answered(path));

  const ControlSocket socket = listening(path);

  CHECK(is_answered(path));
}

TEST_CASE("control socket: a folder path of any length will do") {
  const TemporaryFolder folder;
  std::string deep = folder.path().string();
  for (int i = 0; i < 10; ++i) deep += "/a-folder-with-a-rather-long-name";
  fs::create_directories(deep);

  const ControlSocket socket = listening(deep + "/s.db.sock");

  CHECK(is_answered(deep + "/s.db.sock"));
  CHECK(ControlSocket::listen(folder / (std::string(200, 'n') + ".sock")).error().kind == ErrorKind::storage);
}

TEST_CASE("control socket: nothing but a socket is replaced, and no link is followed") {
  const TemporaryFolder folder;
  const std::string file = folder.write("file.sock", "precious");
  const std::string link = folder / "link.sock";
  const std::string real = folder / "real.sock";
  const ControlSocket socket = listening(real);
  fs::create_symlink(real, link);

  CHECK(ControlSocket::listen(file).error().kind == ErrorKind::refused);
  CHECK(ControlSocket::listen(link).error().kind == ErrorKind::refused);
  CHECK(content_of(file) == "precious");
  CHECK_FALSE(is_answered(file));
  CHECK_FALSE(is_answered(link));
  CHECK(is_answered(real));
}

TEST_CASE("control socket: a pipe in its place holds nobody up") {
  const TemporaryFolder folder;
  const std::string pipe = folder / "pipe.sock";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);

  CHECK_FALSE(is_answered(pipe));
  CHECK(ControlSocket::listen(pipe).error().kind == ErrorKind::refused);
}

TEST_CASE("control socket: it stands beside the store itself, not beside a link to it") {
  const TemporaryFolder folder;
  const std::string store = folder.write("s.db", "");
  fs::create_directory(folder / "links");
  fs::create_symlink(store, folder / "links/s.db");

  CHECK(control_socket_path(folder / "links/s.db") == control_socket_path(store));
  CHECK(control_socket_path(store) == fs::canonical(store).string() + ".sock");
}

TEST_CASE("control socket: the kernel says who has connected") {
  const TemporaryFolder folder;
  const std::string path = folder / "s.db.sock";
  const ControlSocket socket = listening(path);
  const auto connected = connect_to_control_socket(path);
  REQUIRE(connected.has_value());

  const auto peer = peer_of(connected->get());

  REQUIRE(peer.has_value());
  CHECK(peer->user == ::geteuid());
  CHECK(peer->process == ::getpid());
}

}  // namespace sluice::tests
