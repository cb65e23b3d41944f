// SPDX-License-Identifier: MIT
#include "app/api_doors.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

#include "app/private_file.hpp"
#include "http_api/api_tls.hpp"
#include "jobfile/regular_file.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

constexpr std::size_t certificate_bytes_max = std::size_t{1024} * 1024;

Result<Secret> read_secret(const std::string& path, std::string_view what) {
  Result<std::optional<Secret>> text = read_private_file(path);
  if (text.has_error()) return text.error();
  if (*text) return **std::move(text);
  return Error{ErrorKind::invalid_input, fmt::format("{}: there is no such {}", printable(path), what),
               "Correct the section \"api\" of the configuration."};
}

Result<std::shared_ptr<boost::asio::ssl::context>> read_tls(const ApiConfig& config) {
  const Result<std::string> certificate =
      read_regular_file(config.certificate, "certificate", certificate_bytes_max);
  if (certificate.has_error()) return certificate.error();
  const Result<Secret> key = read_secret(config.key, "key");
  if (key.has_error()) return key.error();
  auto context = server_tls_context(*certificate, *key);
  if (context.has_value()) return context;
  Error error = context.error();
  error.message =
      fmt::format("{}, {}: {}", printable(config.certificate), printable(config.key), error.message);
  return error;
}

}  // namespace

Result<ApiAccess> read_api_access(const ApiConfig& config) {
  ApiAccess access{.anonymous = config.anonymous_reads ? ApiScope::read : ApiScope::none};
  if (!config.tokens_file.empty()) {
    const Result<Secret> text = read_secret(config.tokens_file, "tokens file");
    if (text.has_error()) return text.error();
    Result<ApiTokens> tokens = read_api_tokens(config.tokens_file, text->reveal());
    if (tokens.has_error()) return tokens.error();
    access.tokens = *std::move(tokens);
  }
  if (!config.certificate.empty()) {
    auto tls = read_tls(config);
    if (tls.has_error()) return tls.error();
    access.tls = *std::move(tls);
  }
  return access;
}

Result<void> open_api_doors(ApiServer& server, const ApiConfig& config) {
  Result<ApiAccess> access = read_api_access(config);
  if (access.has_error()) return access.error();
  server.replace_access(*std::move(access));
  for (const ApiConfig::Listen& at : config.listen) {
    const Result<std::uint16_t> port = server.listen(ApiTcpAddress{
        .address = at.address, .port = at.port, .is_tls = !at.is_loopback, .hosts = config.hosts});
    if (port.has_error()) return port.error();
  }
  return {};
}

}  // namespace sluice
