// SPDX-License-Identifier: MIT
// A server that does to a client what no good server does. A test scripts it in raw bytes, connection by
// connection, and asks it afterwards what it saw. It uses no Asio, so it shares no mistake with the
// transport.
#pragma once

#include <openssl/ssl.h>

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/test_certificates.hpp"

namespace sluice::tests {

/// Lets one thread wait until another did something.
class Event {
 public:
  void set();
  /// False when it did not happen within a minute.
  bool wait();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_set_ = false;
};

/// One connection as the script sees it. Every wait ends after a minute, or when the server goes.
class Peer {
 public:
  Peer(int socket, std::size_t number) : socket_(socket), number_(number) {}
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer();

  /// 0 for the first connection the server took.
  std::size_t number() const { return number_; }
  bool handshake(SSL_CTX* context);
  /// A whole request (by its Content-Length), or what came until the client left.
  std::string read_request();
  /// Waits until there is something to read, and leaves it there.
  void wait_for_bytes();
  /// False when the client has gone.
  bool send(std::string_view bytes);
  /// Past TLS, if there is any.
  bool send_raw(std::string_view bytes);
  /// TLS 1.3: a ticket the client did not ask for.
  bool send_session_ticket();
  /// Waits until the client has closed.
  void wait_for_close();
  /// Ends the stream without TLS's good-bye.
  void cut();
  /// Says good-bye first, as a good server does.
  void end();
  /// RST instead of FIN.
  void reset();
  /// Only the TCP side, for a server that must stop everything.
  void shut_down();

 private:
  /// At most `room` bytes; 0 at the end or on failure.
  std::size_t receive(char* into, std::size_t room);

  std::mutex mutex_;  ///< for closing the socket while the server wants to end it
  int socket_;
  std::size_t number_;
  SSL* tls_ = nullptr;
};

class BadServer {
 public:
  using Script = std::function<void(BadServer&, Peer&)>;

  struct Options {
    const Certificate* certificate = nullptr;  ///< null: plain TCP
    int tls_version_max = 0;                   ///< 0: the newest
    const char* ciphers = nullptr;             ///< of TLS 1.2, and no newer version then
    bool skips_handshake = false;              ///< never answers the client's first TLS message
  };

  /// The script runs once for each connection, on a thread of its own, after the handshake.
  explicit BadServer(Script script) : BadServer(std::move(script), Options{}) {}
  BadServer(Script script, const Options& options);
  BadServer(const BadServer&) = delete;
  BadServer& operator=(const BadServer&) = delete;
  ~BadServer();

  std::string port() const { return std::to_string(port_); }

  /// Reads a request and remembers it; empty when the client left first.
  std::string take_request(Peer& peer);

  std::vector<std::string> requests() const;
  std::size_t connections() const;
  /// How many TLS handshakes came to their end: before that, no byte of a request can be read.
  std::size_t handshakes() const;
  /// The server name that each TLS client asked for; "" where it named none.
  std::vector<std::string> server_names() const;

 private:
  static int note_server_name(SSL* tls, int* alert, void* server);
  void accept_all();
  void serve(Peer& peer);

  Script script_;
  Options options_;
  SSL_CTX* context_ = nullptr;
  int listener_ = -1;
  unsigned short port_ = 0;
  mutable std::mutex mutex_;
  bool is_ending_ = false;
  std::vector<std::string> requests_;
  std::vector<std::string> server_names_;
  std::size_t handshakes_ = 0;
  std::list<Peer> peers_;
  std::vector<std::thread> threads_;
  std::thread accepting_;
};

/// "HTTP/1.1 200 OK" with a Content-Length and further header lines, each of which ends with CR LF.
std::string answer_with(std::string_view body, std::string_view header_lines = "");

/// Listens on `address`:`port` (0: any) with a queue that is already full, so that a connect gets no reply.
class DeafListener {
 public:
  explicit DeafListener(const char* address = "127.0.0.1", unsigned short port = 0);
  DeafListener(const DeafListener&) = delete;
  DeafListener& operator=(const DeafListener&) = delete;
  ~DeafListener();
  std::string port() const { return std::to_string(port_); }

 private:
  std::vector<int> sockets_;
  unsigned short port_ = 0;
};

/// A port on which nobody listens.
std::string unused_port();

}  // namespace sluice::tests
