// SPDX-License-Identifier: MIT
// Blocking sockets and a thread for each connection: slow, but there is nothing in it to get wrong.
#include "support/bad_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <latch>
#include <stdexcept>
#include <utility>

#include "support/program.hpp"

namespace sluice::tests {
namespace {

void check(bool fine, const char* what) {
  if (!fine) throw std::runtime_error(std::string("test server: ") + what);
}

/// An address of either family, as the socket calls take it.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  unsigned short& port() {
    return storage.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(storage).sin6_port
                                         : reinterpret_cast<sockaddr_in&>(storage).sin_port;
  }
};

SocketAddress address_of(const char* host, unsigned short port) {
  SocketAddress address;
  auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(address.storage);
  if (inet_pton(AF_INET, host, &v4.sin_addr) == 1) {
    address.storage.ss_family = AF_INET;
    address.length = sizeof v4;
  } else {
    check(inet_pton(AF_INET6, host, &v6.sin6_addr) == 1, "address");
    address.storage.ss_family = AF_INET6;
    address.length = sizeof v6;
  }
  address.port() = htons(port);
  return address;
}

int bound_socket(const char* host, unsigned short port) {
  SocketAddress address = address_of(host, port);
  const int socket = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  check(socket >= 0, "socket");
  check(::bind(socket, address.get(), address.length) == 0, "bind");
  return socket;
}

unsigned short port_of(int socket) {
  SocketAddress address;
  check(::getsockname(socket, address.get(), &address.length) == 0, "getsockname");
  return ntohs(address.port());
}

SSL_CTX* server_context(const BadServer::Options& options) {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  check(context != nullptr, "TLS context");
  const auto read = [](const std::string& pem) {
    return BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  };
  BIO* certificate_text = read(options.certificate->certificate_pem);
  BIO* key_text = read(options.certificate->key_pem);
  X509* certificate = PEM_read_bio_X509(certificate_text, nullptr, nullptr, nullptr);
  EVP_PKEY* key = PEM_read_bio_PrivateKey(key_text, nullptr, nullptr, nullptr);
  // A server that means harm uses keys, digests, versions and ciphers that a good one's library refuses.
  SSL_CTX_set_security_level(context, 0);
  const bool used =
      SSL_CTX_use_certificate(context, certificate) == 1 && SSL_CTX_use_PrivateKey(context, key) == 1;
  X509_free(certificate);
  EVP_PKEY_free(key);
  BIO_free(key_text);
  check(used, "certificate");
  while (X509* above = PEM_read_bio_X509(certificate_text, nullptr, nullptr, nullptr)) {
    check(SSL_CTX_add0_chain_cert(context, above) == 1, "chain");
  }
  ERR_clear_error();
  BIO_free(certificate_text);
  if (options.ciphers != nullptr) {
    check(SSL_CTX_set_cipher_list(context, options.ciphers) == 1, "ciphers");
    SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_dh_auto(context, 1);
  }
  if (options.tls_version_max != 0) {
    SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context, options.tls_version_max);
  }
  return context;
}

}  // namespace

void Event::set() {
  const std::lock_guard lock(mutex_);
  is_set_ = true;
  changed_.notify_all();
}

bool Event::wait() {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [this] { return is_set_; });
}

Peer::~Peer() {
  SSL_free(tls_);
  if (socket_ >= 0) ::close(socket_);
}

bool Peer::handshake(SSL_CTX* context) {
  tls_ = SSL_new(context);
  SSL_set_fd(tls_, socket_);
  const bool agreed = SSL_accept(tls_) == 1;
  ERR_clear_error();
  return agreed;
}

std::size_t Peer::receive(char* into, std::size_t room) {
  if (tls_ != nullptr) {
    const int length = SSL_read(tls_, into, static_cast<int>(room));
    ERR_clear_error();
    return length > 0 ? static_cast<std::size_t>(length) : 0;
  }
  const auto length = ::recv(socket_, into, room, 0);
  return length > 0 ? static_cast<std::size_t>(length) : 0;
}

std::string Peer::read_request() {
  std::string text;
  std::array<char, 4096> buffer;
  while (true) {
    const auto header_end = text.find("\r\n\r\n");
    if (header_end != std::string::npos) {
      const auto place = text.find("Content-Length: ");
      const std::size_t body = place == std::string::npos ? 0 : std::stoul(text.substr(place + 16));
      if (text.size() >= header_end + 4 + body) return text;
    }
    const std::size_t length = receive(buffer.data(), buffer.size());
    if (length == 0) return text;
    text.append(buffer.data(), length);
  }
}

void Peer::wait_for_bytes() {
  pollfd readable{.fd = socket_, .events = POLLIN, .revents = 0};
  ::poll(&readable, 1, static_cast<int>(std::chrono::milliseconds{patience}.count()));
}

bool Peer::send(std::string_view bytes) {
  if (tls_ != nullptr) {
    const bool sent = SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size())) > 0;
    ERR_clear_error();
    return sent;
  }
  return send_raw(bytes);
}

bool Peer::send_raw(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool Peer::send_session_ticket() {
  // The ticket leaves with the next handshake step.
  return SSL_new_session_ticket(tls_) == 1 && SSL_do_handshake(tls_) == 1;
}

void Peer::wait_for_close() {
  std::array<char, 4096> buffer;
  while (receive(buffer.data(), buffer.size()) > 0) {
  }
}

void Peer::cut() { ::shutdown(socket_, SHUT_WR); }

void Peer::end() {
  if (tls_ != nullptr) SSL_shutdown(tls_);
  cut();
}

void Peer::reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  // The number may soon be another connection's: nothing of this one may be written to it.
  SSL_free(std::exchange(tls_, nullptr));
  const std::lock_guard lock(mutex_);
  ::close(std::exchange(socket_, -1));
}

void Peer::shut_down() {
  const std::lock_guard lock(mutex_);
  if (socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
}

BadServer::BadServer(Script script, const Options& options) : script_(std::move(script)), options_(options) {
  // OpenSSL writes with write(2), which raises SIGPIPE when the client has gone.
  std::signal(SIGPIPE, SIG_IGN);
  if (options_.certificate != nullptr) {
    context_ = server_context(options_);
    SSL_CTX_set_tlsext_servername_callback(context_, &BadServer::note_server_name);
    SSL_CTX_set_tlsext_servername_arg(context_, this);
  }
  listener_ = bound_socket("127.0.0.1", 0);
  check(::listen(listener_, 64) == 0, "listen");
  port_ = port_of(listener_);
  // A thread that begins opens files of its own under a sanitizer, which a test without descriptors would
  // feel.
  std::latch begun{1};
  accepting_ = std::thread([this, &begun] {
    begun.count_down();
    accept_all();
  });
  begun.wait();
}

BadServer::~BadServer() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
    for (Peer& peer : peers_) peer.shut_down();
  }
  ::shutdown(listener_, SHUT_RDWR);
  accepting_.join();
  for (std::thread& thread : threads_) thread.join();
  ::close(listener_);
  SSL_CTX_free(context_);
}

int BadServer::note_server_name(SSL* tls, int*, void* server) {
  auto& self = *static_cast<BadServer*>(server);
  const char* name = SSL_get_servername(tls, TLSEXT_NAMETYPE_host_name);
  const std::lock_guard lock(self.mutex_);
  self.server_names_.emplace_back(name != nullptr ? name : "");
  return SSL_TLSEXT_ERR_OK;
}

void BadServer::accept_all() {
  while (true) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    const timeval silence_max{.tv_sec = patience.count(), .tv_usec = 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &silence_max, sizeof silence_max);
    const std::lock_guard lock(mutex_);
    Peer& peer = peers_.emplace_back(socket, peers_.size());
    if (is_ending_) return;
    threads_.emplace_back([this, &peer] { serve(peer); });
  }
}

void BadServer::serve(Peer& peer) {
  if (options_.skips_handshake) return peer.wait_for_close();
  if (context_ != nullptr) {
    if (!peer.handshake(context_)) return peer.cut();
    const std::lock_guard lock(mutex_);
    ++handshakes_;
  }
  script_(*this, peer);
  peer.end();
}

std::string BadServer::take_request(Peer& peer) {
  std::string request = peer.read_request();
  if (request.empty()) return request;
  const std::lock_guard lock(mutex_);
  requests_.push_back(request);
  return request;
}

std::vector<std::string> BadServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::size_t BadServer::connections() const {
  const std::lock_guard lock(mutex_);
  return peers_.size();
}

std::size_t BadServer::handshakes() const {
  const std::lock_guard lock(mutex_);
  return handshakes_;
}

std::vector<std::string> BadServer::server_names() const {
  const std::lock_guard lock(mutex_);
  return server_names_;
}

std::string answer_with(std::string_view body, std::string_view header_lines) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(header_lines) + "\r\n" + std::string(body);
}

DeafListener::DeafListener(const char* address, unsigned short port) {
  const int listener = bound_socket(address, port);
  sockets_.push_back(listener);
  check(::listen(listener, 0) == 0, "listen");
  port_ = port_of(listener);
  SocketAddress target = address_of(address, port_);
  // Linux takes one connection more than asked for; the rest get no reply.
  for (int i = 0; i < 4; ++i) {
    const int filler = ::socket(target.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    ::connect(filler, target.get(), target.length);
    sockets_.push_back(filler);
  }
  pollfd first{.fd = sockets_[1], .events = POLLOUT, .revents = 0};
  ::poll(&first, 1, 1'000);
}

DeafListener::~DeafListener() {
  for (const int socket : sockets_) ::close(socket);
}

std::string unused_port() {
  const int socket = bound_socket("127.0.0.1", 0);
  const unsigned short port = port_of(socket);
  ::close(socket);
  return std::to_string(port);
}

}  // namespace sluice::tests
