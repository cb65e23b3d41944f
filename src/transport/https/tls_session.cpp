// SPDX-License-Identifier: MIT
// OpenSSL over two memory buffers.
#include "transport/https/tls_session.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <new>

namespace sluice {
namespace {

/// What a memory BIO holds, with everything a terminal could trip over replaced: the certificate comes from
/// a peer of whom nothing is known.
std::string harmless_text(BIO* bio) {
  char* bytes = nullptr;
  const long length = BIO_get_mem_data(bio, &bytes);
  std::string text(bytes, static_cast<std::size_t>(std::clamp(length, 0L, 512L)));
  std::replace_if(text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using OwnBio = std::unique_ptr<BIO, FreeBio>;

std::string name_text(const X509_NAME* name) {
  const OwnBio bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253);
  return harmless_text(bio.get());
}

std::string time_text(const ASN1_TIME* time) {
  const OwnBio bio(BIO_new(BIO_s_mem()));
  ASN1_TIME_print(bio.get(), time);
  return harmless_text(bio.get());
}

/// "DNS:localhost, IP Address:127.0.0.1", or "no name at all".
std::string alternative_names_text(const X509* certificate) {
  const int place = X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1);
  if (place < 0) return "no name at all";
  const OwnBio bio(BIO_new(BIO_s_mem()));
  X509V3_EXT_print(bio.get(), X509_get_ext(certificate, place), 0, 0);
  return harmless_text(bio.get());
}

std::string describe(const X509* certificate) {
  return "subject " + name_text(X509_get_subject_name(certificate)) + "; issuer " +
         name_text(X509_get_issuer_name(certificate)) + "; valid from " +
         time_text(X509_get0_notBefore(certificate)) + " until " + time_text(X509_get0_notAfter(certificate));
}

/// What OpenSSL says, or the peer's alert, when there is no safe version or cipher that both know. Unlike an
/// alert of another kind, that does not pass by itself.
bool is_about_weakness(int reason) {
  constexpr std::array reasons{SSL_R_UNSUPPORTED_PROTOCOL,
                               SSL_R_WRONG_SSL_VERSION,
                               SSL_R_VERSION_TOO_LOW,
                               SSL_R_INAPPROPRIATE_FALLBACK,
                               SSL_R_WRONG_CIPHER_RETURNED,
                               SSL_R_UNKNOWN_CIPHER_RETURNED,
                               SSL_R_DH_KEY_TOO_SMALL,
                               SSL_R_INSUFFICIENT_SECURITY,
                               SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED,
                               SSL_R_TLSV1_ALERT_PROTOCOL_VERSION,
                               SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY,
                               SSL_R_TLSV1_ALERT_INAPPROPRIATE_FALLBACK,
                               SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE};
  return std::find(reasons.begin(), reasons.end(), reason) != reasons.end();
}

bool is_ip_address(const std::string& host) {
  ASN1_OCTET_STRING* address = a2i_IPADDRESS(host.c_str());
  const bool is_one = address != nullptr;
  ASN1_OCTET_STRING_free(address);
  ERR_clear_error();
  return is_one;
}

}  // namespace

TlsSession::TlsSession(const TlsContext& context, const std::string& host)
    : session_(SSL_new(context.native())), host_(host) {
  if (!session_) throw std::bad_alloc();
  from_network_ = BIO_new(BIO_s_mem());
  to_network_ = BIO_new(BIO_s_mem());
  if (from_network_ == nullptr || to_network_ == nullptr) throw std::bad_alloc();
  SSL_set_bio(session_.get(), from_network_, to_network_);
  SSL_set_connect_state(session_.get());
  SSL_set_app_data(session_.get(), this);
  SSL_set_verify(session_.get(), SSL_VERIFY_PEER, &TlsSession::note_verification);

  bool is_set = false;
  if (is_ip_address(host)) {
    // SNI carries names only; the address is checked against the certificate's own IP entries.
    is_set = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session_.get()), host.c_str()) == 1;
  } else {
    SSL_set_hostflags(session_.get(),
                      X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    is_set = SSL_set1_host(session_.get(), host.c_str()) == 1 &&
             SSL_set_tlsext_host_name(session_.get(), host.c_str()) == 1;
  }
  // Without the host any certificate of the authority would do: rather no connection at all.
  if (!is_set) failure_.reason = "the host's name cannot be checked against a certificate";
}

int TlsSession::note_verification(int is_fine, X509_STORE_CTX* verification) {
  if (is_fine == 1) return 1;
  const auto* ssl =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx()));
  Failure& failure = static_cast<TlsSession*>(SSL_get_app_data(ssl))->failure_;
  const std::string& host = static_cast<TlsSession*>(SSL_get_app_data(ssl))->host_;
  const int code = X509_STORE_CTX_get_error(verification);
  const X509* certificate = X509_STORE_CTX_get_current_cert(verification);

  failure.is_certificate = true;
  failure.reason = X509_verify_cert_error_string(code);
  if (certificate == nullptr) return 0;
  if (code == X509_V_ERR_HOSTNAME_MISMATCH || code == X509_V_ERR_IP_ADDRESS_MISMATCH) {
    failure.reason += ": it is for " + alternative_names_text(certificate) + ", not for " + host;
  }
  failure.reason += " (" + describe(certificate) + ")";
  return 0;
}

TlsSession::Step TlsSession::step_after(int returned) {
  const int error = SSL_get_error(session_.get(), returned);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return Step::needs_input;
  if (error == SSL_ERROR_ZERO_RETURN) return Step::ended;
  if (failure_.reason.empty()) {
    const unsigned long code = ERR_peek_last_error();
    const char* reason = ERR_reason_error_string(code);
    failure_.reason = reason != nullptr ? reason : "the peer broke the protocol";
    failure_.is_weak = ERR_GET_LIB(code) == ERR_LIB_SSL && is_about_weakness(ERR_GET_REASON(code));
  }
  is_established_ = false;
  return Step::failed;
}

TlsSession::Step TlsSession::handshake() {
  if (!failure_.reason.empty()) return Step::failed;
  ERR_clear_error();
  const int returned = SSL_do_handshake(session_.get());
  if (returned != 1) return step_after(returned);
  is_established_ = true;
  return Step::done;
}

TlsSession::Step TlsSession::write(std::string_view text) {
  ERR_clear_error();
  std::size_t written = 0;
  const int returned = SSL_write_ex(session_.get(), text.data(), text.size(), &written);
  if (returned == 1 && written == text.size()) return Step::done;
  const Step step = step_after(returned);
  // The buffers take everything, so the only thing a write could wait for is a renegotiation: refused.
  return step == Step::ended ? step : Step::failed;
}

TlsSession::Step TlsSession::read(char* into, std::size_t room, std::size_t& length) {
  ERR_clear_error();
  const int returned = SSL_read_ex(session_.get(), into, room, &length);
  return returned == 1 ? Step::done : step_after(returned);
}

void TlsSession::end() {
  ERR_clear_error();
  if (is_established_) SSL_shutdown(session_.get());
  is_established_ = false;
}

void TlsSession::feed(const char* bytes, std::size_t length) {
  // A memory buffer takes all or there is no memory.
  if (BIO_write(from_network_, bytes, static_cast<int>(length)) != static_cast<int>(length))
    throw std::bad_alloc();
}

std::string TlsSession::take_output() {
  std::string output(BIO_ctrl_pending(to_network_), '\0');
  if (!output.empty()) BIO_read(to_network_, output.data(), static_cast<int>(output.size()));
  return output;
}

}  // namespace sluice
