// SPDX-License-Identifier: MIT
// Certificates with OpenSSL's C interface: P-256 keys, because they are made in a millisecond.
#include "support/test_certificates.hpp"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace sluice::tests {
namespace {

void check(bool fine, const char* what) {
  if (!fine) throw std::runtime_error(std::string("test certificate: ") + what);
}

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using OwnBio = std::unique_ptr<BIO, FreeBio>;

std::string content_of(BIO* bio) {
  char* bytes = nullptr;
  const long length = BIO_get_mem_data(bio, &bytes);
  return std::string(bytes, static_cast<std::size_t>(length));
}

std::string pem_of(X509* certificate) {
  const OwnBio bio(BIO_new(BIO_s_mem()));
  check(PEM_write_bio_X509(bio.get(), certificate) == 1, "writing");
  return content_of(bio.get());
}

std::string pem_of(EVP_PKEY* key) {
  const OwnBio bio(BIO_new(BIO_s_mem()));
  check(PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
        "writing a key");
  return content_of(bio.get());
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  check(extension != nullptr, "extension");
  const int added = X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  check(added == 1, "adding an extension");
}

/// A certificate without issuer and signature.
X509* unsigned_certificate(const CertificateRequest& request, EVP_PKEY* key) {
  X509* certificate = X509_new();
  check(certificate != nullptr, "no memory");
  static long serial = 1;
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate), request.valid_from.count());
  X509_gmtime_adj(X509_getm_notAfter(certificate), request.valid_until.count());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(request.subject.c_str()), -1, -1, 0);
  X509_set_pubkey(certificate, key);
  return certificate;
}

EVP_PKEY* new_key(const CertificateRequest& request) {
  EVP_PKEY* key =
      request.rsa_bits == 0 ? EVP_EC_gen("P-256") : EVP_RSA_gen(static_cast<unsigned>(request.rsa_bits));
  check(key != nullptr, "making a key");
  return key;
}

void finish(X509* certificate, X509* issuer, EVP_PKEY* issuer_key, const char* digest) {
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
  check(X509_sign(certificate, issuer_key, EVP_get_digestbyname(digest)) > 0, "signing");
}

}  // namespace

TestAuthority::TestAuthority(const std::string& subject) : key_(EVP_EC_gen("P-256")) {
  check(key_ != nullptr, "making a key");
  certificate_.reset(unsigned_certificate({.subject = subject}, key_.get()));
  add_extension(certificate_.get(), certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
  add_extension(certificate_.get(), certificate_.get(), NID_key_usage, "critical,keyCertSign");
  finish(certificate_.get(), certificate_.get(), key_.get(), "SHA256");
  own_ = {.certificate_pem = pem_of(certificate_.get()), .key_pem = {}};
}

TestAuthority::TestAuthority(const TestAuthority& parent, const CertificateRequest& request,
                             const std::string& basic_constraints)
    : key_(new_key(request)), certificate_(unsigned_certificate(request, key_.get())), is_root_(false) {
  add_extension(certificate_.get(), parent.certificate_.get(), NID_basic_constraints, basic_constraints);
  finish(certificate_.get(), parent.certificate_.get(), parent.key_.get(), request.digest);
  own_ = {.certificate_pem = pem_of(certificate_.get()), .key_pem = {}};
}

Certificate TestAuthority::issue(const CertificateRequest& request) const {
  const std::unique_ptr<EVP_PKEY, Free> key(new_key(request));
  const std::unique_ptr<X509, Free> certificate(unsigned_certificate(request, key.get()));
  if (!request.alternative_names.empty()) {
    add_extension(certificate.get(), certificate_.get(), NID_subject_alt_name, request.alternative_names);
  }
  if (!request.extended_usage.empty()) {
    add_extension(certificate.get(), certificate_.get(), NID_ext_key_usage, request.extended_usage);
  }
  finish(certificate.get(), certificate_.get(), key_.get(), request.digest);
  const std::string chain = is_root_ ? "" : own_.certificate_pem;
  return {.certificate_pem = pem_of(certificate.get()) + chain, .key_pem = pem_of(key.get())};
}

Certificate self_signed(const CertificateRequest& request) {
  EVP_PKEY* key = new_key(request);
  X509* certificate = unsigned_certificate(request, key);
  add_extension(certificate, certificate, NID_subject_alt_name, request.alternative_names);
  finish(certificate, certificate, key, request.digest);
  const Certificate made{.certificate_pem = pem_of(certificate), .key_pem = pem_of(key)};
  X509_free(certificate);
  EVP_PKEY_free(key);
  return made;
}

TemporaryFile::TemporaryFile(const std::string& content)
    : path_((std::filesystem::temp_directory_path() / "sluice-test-XXXXXX").string()) {
  const int file = mkstemp(path_.data());
  check(file >= 0, "no temporary file");
  const auto written = ::write(file, content.data(), content.size());
  ::close(file);
  check(written == static_cast<ssize_t>(content.size()), "writing a temporary file");
}

TemporaryFile::~TemporaryFile() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

}  // namespace sluice::tests
