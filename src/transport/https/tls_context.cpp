// SPDX-License-Identifier: MIT
// Opens OpenSSL's context for clients, with trust read at once instead of at the first handshake.
#include "transport/https/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>

namespace sluice {
namespace {

Error no_trust(std::string message, std::string hint) {
  return Error{.kind = ErrorKind::invalid_input, .message = std::move(message), .hint = std::move(hint)};
}

bool holds_a_certificate(SSL_CTX* context) {
  const STACK_OF(X509_OBJECT)* objects = X509_STORE_get0_objects(SSL_CTX_get_cert_store(context));
  for (int i = 0; i < sk_X509_OBJECT_num(objects); ++i) {
    if (X509_OBJECT_get_type(sk_X509_OBJECT_value(objects, i)) == X509_LU_X509) return true;
  }
  return false;
}

bool load_file(SSL_CTX* context, const std::string& path) {
  ERR_clear_error();
  const bool loaded = SSL_CTX_load_verify_file(context, path.c_str()) == 1;
  ERR_clear_error();
  return loaded && holds_a_certificate(context);
}

std::string from_environment(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

/// A directory that OpenSSL can look certificates up in has files like "5ed36f99.0".
bool is_certificate_directory(const std::string& path) {
  std::error_code failed;
  for (std::filesystem::directory_iterator entry(path, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    const std::string name = entry->path().filename().string();
    const bool hashed =
        name.size() >= 10 && name[8] == '.' &&
        std::all_of(name.begin(), name.begin() + 8, [](unsigned char c) { return std::isxdigit(c) != 0; });
    if (hashed) return true;
  }
  return false;
}

/// Looks where OpenSSL looks (its own variables included), then where distributions keep their bundle.
bool load_system_store(SSL_CTX* context) {
  const std::string file = from_environment(X509_get_default_cert_file_env(), X509_get_default_cert_file());
  const std::string directory =
      from_environment(X509_get_default_cert_dir_env(), X509_get_default_cert_dir());
  bool loaded = load_file(context, file);
  if (is_certificate_directory(directory) && SSL_CTX_load_verify_dir(context, directory.c_str()) == 1)
    loaded = true;
  if (loaded || std::getenv(X509_get_default_cert_file_env()) != nullptr) return loaded;
  constexpr std::array bundles{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                               "/etc/ssl/cert.pem"};
  return std::any_of(bundles.begin(), bundles.end(),
                     [&](const char* path) { return load_file(context, path); });
}

}  // namespace

Result<TlsContext> TlsContext::open(const std::string& ca_file) {
  Handle context(SSL_CTX_new(TLS_client_method()));
  if (!context)
    return Error{.kind = ErrorKind::unexpected, .message = "OpenSSL gave no TLS context", .hint = {}};
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  // 112 bits: no RSA or Diffie-Hellman below 2,048, no SHA-1 signature. Debian's default, but not OpenSSL's.
  SSL_CTX_set_security_level(context.get(), std::max(2, SSL_CTX_get_security_level(context.get())));
  SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);

  if (ca_file.empty()) {
    if (load_system_store(context.get())) return TlsContext(std::move(context));
    return no_trust("the system has no certificate store to check the endpoint with",
                    "install the package ca-certificates, or name a PEM file of your own authority");
  }
  if (!std::ifstream(ca_file)) {
    const int reason = errno;
    Error error = no_trust("the CA file " + ca_file + " cannot be read: " + std::strerror(reason),
                           "name a PEM file with the certificate of the endpoint's authority");
    if (reason == ENOENT) error.kind = ErrorKind::not_found;
    return error;
  }
  if (!load_file(context.get(), ca_file)) {
    return no_trust("the CA file " + ca_file + " holds no certificate in PEM form, or a damaged one",
                    "it is to begin with -----BEGIN CERTIFICATE-----");
  }
  return TlsContext(std::move(context));
}

}  // namespace sluice
