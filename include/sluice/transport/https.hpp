// SPDX-License-Identifier: MIT
// Opens the transport towards an https:// endpoint (or http:// on loopback, for tests and rehearsals).
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "sluice/core/result.hpp"
#include "sluice/transport/transport.hpp"

namespace sluice {

/// Where a tenant's requests go.
struct Endpoint {
  bool tls = true;
  std::string host;  ///< a name, an IPv4 address, or an IPv6 address without brackets
  std::string port;  ///< digits
  std::string target = "/";

  bool operator==(const Endpoint&) const = default;
};

/// Reads "https://host[:port][/path]". A bare "host[:port]" means https. http is refused but for a loopback
/// host (127.0.0.0/8, ::1, localhost); user info, query and fragment are refused.
Result<Endpoint> parse_endpoint(std::string_view text);
/// The canonical form, e.g. "https://iot.cn-shanghai.aliyuncs.com".
std::string to_string(const Endpoint& endpoint);
/// 127.0.0.0/8, ::1 or localhost.
bool is_loopback(const Endpoint& endpoint);

struct HttpsOptions {
  std::string ca_file;  ///< PEM; empty: the system's certificate store
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds tls_timeout{5'000};
  std::chrono::milliseconds exchange_timeout{
      15'000};                                     ///< from the gate's opening to the last byte of the answer
  std::chrono::milliseconds idle_timeout{25'000};  ///< a kept-alive connection older than this is not reused
  std::chrono::milliseconds connection_age_max{
      300'000};  ///< nor one opened longer ago than this: a name's change of address is noticed in the end
  std::chrono::milliseconds addresses_kept_for{30'000};  ///< after a look-up that led to a connection
  std::size_t answer_bytes_max = 256 * 1024;
  std::size_t connections_max = 32;

  bool operator==(const HttpsOptions&) const = default;
};

/// Fails (invalid_input) when the CA file or the system's store cannot be read.
/// The transport must be destroyed before the executor's context.
Result<std::unique_ptr<Transport>> open_https_transport(boost::asio::any_io_executor executor,
                                                        Endpoint endpoint, const HttpsOptions& options);

}  // namespace sluice
