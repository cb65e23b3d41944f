// SPDX-License-Identifier: MIT
// The TLS side of one connection, without a socket: bytes from the network are fed in, bytes for the network
// are taken out. Knowing each byte's way is what lets the transport say whether a request left the house, and
// tell a session ticket on an idle connection from an answer nobody asked for; Asio's ssl::stream shows
// neither.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "transport/https/tls_context.hpp"

namespace sluice {

class TlsSession {
 public:
  enum class Step {
    done,
    needs_input,  ///< take_output(), send it, then feed() what comes
    ended,        ///< the peer said good-bye (close_notify): what came before is complete
    failed,       ///< failure() says why
  };

  struct Failure {
    bool is_certificate = false;  ///< the peer is not who it should be
    bool is_weak = false;         ///< the peer knows only versions or ciphers that are not safe
    std::string reason;           ///< may quote the peer's certificate; printable ASCII only
  };

  /// The peer must prove to be `host`, a name or an IP address. Throws std::bad_alloc only.
  TlsSession(const TlsContext& context, const std::string& host);
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  Step handshake();
  /// Encrypts all of `text`: nothing waits, the output just grows.
  Step write(std::string_view text);
  /// At least one byte when done.
  Step read(char* into, std::size_t room, std::size_t& length);
  /// Says good-bye, if there is anybody to say it to.
  void end();

  void feed(const char* bytes, std::size_t length);
  std::string take_output();

  const Failure& failure() const { return failure_; }

 private:
  struct Free {
    void operator()(SSL* session) const { SSL_free(session); }
  };

  static int note_verification(int is_fine, X509_STORE_CTX* verification);
  Step step_after(int returned);

  std::unique_ptr<SSL, Free> session_;
  BIO* from_network_ = nullptr;  ///< owned by the session
  BIO* to_network_ = nullptr;    ///< owned by the session
  std::string host_;
  Failure failure_;
  bool is_established_ = false;
};

}  // namespace sluice
