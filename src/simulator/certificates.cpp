// SPDX-License-Identifier: MIT
#include "certificates.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

namespace sluice::simulator {
namespace {

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Number = std::unique_ptr<BIGNUM, Freed<BN_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;

constexpr long day_s = 86'400;
constexpr long x509_version_3 = 2;

bool add_extension(X509* certificate, X509* issuer, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension{X509V3_EXT_conf_nid(nullptr, &context, kind, value)};
  return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

/// A certificate with everything but its extensions and its signature; `issuer` null: it is its own issuer.
Certificate blank_certificate(EVP_PKEY* key, const char* name, X509* issuer) {
  Certificate certificate{X509_new()};
  const Number serial{BN_new()};
  if (!certificate || !serial) return nullptr;
  const auto* text = reinterpret_cast<const unsigned char*>(name);
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  // A random serial number, or a client that keeps the CA of an earlier run would see one number twice.
  const bool done = X509_set_version(certificate.get(), x509_version_3) == 1 &&
                    BN_rand(serial.get(), 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
                    BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate.get())) != nullptr &&
                    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -day_s) != nullptr &&
                    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 365 * day_s) != nullptr &&
                    X509_set_pubkey(certificate.get(), key) == 1 &&
                    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1 &&
                    X509_set_issuer_name(certificate.get(),
                                         issuer != nullptr ? X509_get_subject_name(issuer) : subject) == 1;
  return done ? std::move(certificate) : nullptr;
}

Certificate make_ca(EVP_PKEY* key) {
  Certificate ca = blank_certificate(key, "Simulated cloud CA", nullptr);
  const bool done = ca && add_extension(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE") &&
                    add_extension(ca.get(), ca.get(), NID_key_usage, "critical,keyCertSign,cRLSign") &&
                    add_extension(ca.get(), ca.get(), NID_subject_key_identifier, "hash") &&
                    X509_sign(ca.get(), key, EVP_sha256()) > 0;
  return done ? std::move(ca) : nullptr;
}

Certificate make_certificate(EVP_PKEY* key, X509* ca, EVP_PKEY* ca_key) {
  Certificate certificate = blank_certificate(key, "localhost", ca);
  X509* raw = certificate.get();
  const bool done = certificate && add_extension(raw, ca, NID_basic_constraints, "critical,CA:FALSE") &&
                    add_extension(raw, ca, NID_key_usage, "critical,digitalSignature") &&
                    add_extension(raw, ca, NID_ext_key_usage, "serverAuth") &&
                    add_extension(raw, ca, NID_subject_key_identifier, "hash") &&
                    add_extension(raw, ca, NID_authority_key_identifier, "keyid") &&
                    add_extension(raw, ca, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1") &&
                    X509_sign(raw, ca_key, EVP_sha256()) > 0;
  return done ? std::move(certificate) : nullptr;
}

std::string text_of(BIO* bio) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  return size > 0 ? std::string{text, static_cast<std::size_t>(size)} : std::string{};
}

std::string pem_of(X509* certificate) {
  const Bio bio{BIO_new(BIO_s_mem())};
  return bio && PEM_write_bio_X509(bio.get(), certificate) == 1 ? text_of(bio.get()) : std::string{};
}

std::string pem_of(EVP_PKEY* key) {
  const Bio bio{BIO_new(BIO_s_mem())};
  const bool written =
      bio && PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1;
  return written ? text_of(bio.get()) : std::string{};
}

}  // namespace

std::variant<ServerIdentity, std::string> make_server_identity() {
  const Key ca_key{EVP_EC_gen("P-256")};
  const Key key{EVP_EC_gen("P-256")};
  const Certificate ca = ca_key && key ? make_ca(ca_key.get()) : nullptr;
  const Certificate certificate = ca ? make_certificate(key.get(), ca.get(), ca_key.get()) : nullptr;
  if (!certificate) return std::string{"could not make a certificate for the simulated cloud"};
  return ServerIdentity{pem_of(ca.get()), pem_of(certificate.get()), pem_of(key.get())};
}

}  // namespace sluice::simulator
