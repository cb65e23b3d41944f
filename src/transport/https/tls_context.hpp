// SPDX-License-Identifier: MIT
// What every TLS connection of one transport has in common: whom to trust and which protocol versions.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "sluice/core/result.hpp"

namespace sluice {

class TlsContext {
 public:
  /// Trusts the certificates of `ca_file` (PEM), or the system's store when it is empty. Fails
  /// (invalid_input) when there is not one certificate to trust: every later handshake would fail, and an
  /// operator should hear of that at the start.
  static Result<TlsContext> open(const std::string& ca_file);

  SSL_CTX* native() const { return context_.get(); }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  using Handle = std::unique_ptr<SSL_CTX, Free>;

  explicit TlsContext(Handle context) : context_(std::move(context)) {}

  Handle context_;
};

}  // namespace sluice
