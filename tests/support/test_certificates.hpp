// SPDX-License-Identifier: MIT
// An authority of the tests' own and the certificates it gives out, made anew in each run: nothing expires in
// the repository, and no private key lies in it.
#pragma once

#include <openssl/x509.h>

#include <chrono>
#include <memory>
#include <string>

namespace sluice::tests {

struct CertificateRequest {
  std::string subject = "sluice test server";
  std::string alternative_names = "DNS:localhost,IP:127.0.0.1";  ///< as OpenSSL's configuration writes them
  std::chrono::seconds valid_from = -std::chrono::hours{24};     ///< relative to now
  std::chrono::seconds valid_until = std::chrono::hours{24};
  int rsa_bits = 0;               ///< 0: a key on the curve P-256
  const char* digest = "SHA256";  ///< what the issuer signs with
  std::string extended_usage = {};
};

struct Certificate {
  std::string certificate_pem;  ///< with those of the authorities between it and the root, if there are any
  std::string key_pem;
};

class TestAuthority {
 public:
  explicit TestAuthority(const std::string& subject = "sluice test authority");
  /// One below `parent`. With `basic_constraints` of its own, it may be none at all. Its certificates come
  /// with its own.
  TestAuthority(const TestAuthority& parent, const CertificateRequest& request,
                const std::string& basic_constraints = "critical,CA:TRUE");

  const std::string& certificate_pem() const { return own_.certificate_pem; }
  Certificate issue(const CertificateRequest& request) const;

 private:
  struct Free {
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  };

  std::unique_ptr<EVP_PKEY, Free> key_;
  std::unique_ptr<X509, Free> certificate_;
  Certificate own_;
  bool is_root_ = true;
};

/// A certificate that vouches for itself.
Certificate self_signed(const CertificateRequest& request);

/// A file that is removed at its owner's end.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content);
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile();

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace sluice::tests
