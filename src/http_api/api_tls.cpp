// SPDX-License-Identifier: MIT
#include "http_api/api_tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <boost/asio/buffer.hpp>
#include <string>
#include <utility>

namespace sluice {
namespace {

namespace ssl = boost::asio::ssl;

Error unusable(std::string what, std::string hint) {
  ERR_clear_error();
  return {ErrorKind::invalid_input, std::move(what), std::move(hint)};
}

}  // namespace

Result<std::shared_ptr<ssl::context>> server_tls_context(std::string_view certificate_pem,
                                                         const Secret& key_pem) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX* native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native,
                      SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Without it a key that asks for its pass phrase would ask the terminal.
  SSL_CTX_set_default_passwd_cb(native, [](char*, int, int, void*) { return 0; });
  boost::system::error_code problem;
  context->use_certificate_chain(boost::asio::buffer(certificate_pem), problem);
  if (problem) {
    return unusable("the certificate cannot be read", "It must be PEM, the server's own certificate first.");
  }
  context->use_private_key(boost::asio::buffer(key_pem.reveal()), ssl::context::pem, problem);
  if (problem || SSL_CTX_check_private_key(native) != 1) {
    return unusable("the key cannot be read, or is not the certificate's",
                    "It must be the certificate's own key, PEM, without a pass phrase.");
  }
  return context;
}

}  // namespace sluice
