// SPDX-License-Identifier: MIT
#include "app/api_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <filesystem>
#include <optional>
#include <string_view>

#include "jobfile/object_reader.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

using Name = std::string_view;

constexpr std::array<Name, 6> api_names{"listen",      "hosts",     "tls",
                                        "tokens_file", "anonymous", "upload_bytes_max"};
constexpr std::array<Name, 2> tls_names{"certificate", "key"};
constexpr std::int64_t upload_bytes_limit = std::int64_t{1} << 40;

bool is_path(std::string_view text) {
  return !text.empty() && text.front() != '~' &&
         std::ranges::none_of(text, [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; });
}

bool is_read(std::string_view text) { return text == "read"; }

std::string read_path(const ObjectReader& reader, std::string_view key) {
  const auto text =
      reader.text(key, is_path, "the path of a file, absolute or from the configuration's folder");
  if (!text) return {};
  const std::filesystem::path file{std::string{reader.findings().document().file()}};
  return (file.parent_path() / *text).lexically_normal().string();
}

std::optional<std::uint16_t> port_from(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (problem != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

/// "127.0.0.1:8080" or "[::1]:8080"; numeric alone, for what a name means may change under the daemon.
std::optional<ApiConfig::Listen> listen_from(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const bool is_bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (is_bracketed) host = host.substr(1, host.size() - 2);
  boost::system::error_code problem;
  const auto address = boost::asio::ip::make_address(std::string{host}, problem);
  const std::optional<std::uint16_t> port = port_from(text.substr(colon + 1));
  if (problem || address.is_v6() != is_bracketed || !port) return std::nullopt;
  return ApiConfig::Listen{address.to_string(), *port, address.is_loopback()};
}

/// A name or an address with its port, as it stands in Host.
bool is_host(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == 0 || colon == text.npos || !port_from(text.substr(colon + 1))) return false;
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._[]:";
  return text.substr(0, colon).find_first_not_of(allowed) == text.npos && text[colon - 1] != '.';
}

template <class Take>
void read_list(const ObjectReader& reader, std::string_view key, std::string_view expected, Take take) {
  const JsonValue* list = reader.of_kind(key, JsonValue::Kind::array, "a list of texts");
  if (list == nullptr) return;
  for (const JsonValue& element : list->elements) {
    if (element.kind != JsonValue::Kind::string || !take(element.string)) {
      reader.report(element, key, fmt::format("expected {}", expected));
    }
  }
}

void read_tls(const JsonValue& section, ApiConfig& config, Findings& findings) {
  const ObjectReader reader(section, "api.tls", {tls_names, {}}, findings);
  reader.require("certificate", "the path of a PEM file");
  reader.require("key", "the path of a PEM file");
  config.certificate = read_path(reader, "certificate");
  config.key = read_path(reader, "key");
}

/// Doors that would stand open, or could never be opened.
void check_access(const ObjectReader& reader, const ApiConfig& config) {
  const JsonValue* list = reader.find("listen");
  if (config.listen.empty()) return;
  const bool is_reachable =
      std::ranges::any_of(config.listen, [](const auto& at) { return !at.is_loopback; });
  if (is_reachable && (reader.find("tls") == nullptr || reader.find("tokens_file") == nullptr)) {
    reader.report(*list, "listen",
                  "an address that can be reached from elsewhere needs \"tls\" and \"tokens_file\"; expected "
                  "both, or only 127.0.0.1 and [::1]");
  }
  if (reader.find("tokens_file") == nullptr && reader.find("anonymous") == nullptr) {
    reader.report(
        *list, "listen",
        "nobody could be let in; expected \"tokens_file\", or \"anonymous\": \"read\" for whoever is "
        "on this machine");
  }
}

}  // namespace

ApiConfig read_api_config(const JsonValue& section, Findings& findings) {
  const ObjectReader reader(section, "api", {api_names, {}}, findings);
  ApiConfig config;
  read_list(reader, "listen", "an address and a port, such as \"127.0.0.1:8080\" or \"[::1]:8080\"",
            [&](const std::string& text) {
              const std::optional<ApiConfig::Listen> at = listen_from(text);
              if (at) config.listen.push_back(*at);
              return at.has_value();
            });
  read_list(reader, "hosts", "a name and a port, such as \"sluice.example.com:8443\"",
            [&](const std::string& text) {
              if (is_host(text)) config.hosts.push_back(text);
              return is_host(text);
            });
  if (const auto* tls =
          reader.of_kind("tls", JsonValue::Kind::object, "an object with certificate and key")) {
    read_tls(*tls, config, findings);
  }
  config.tokens_file = read_path(reader, "tokens_file");
  config.anonymous_reads = reader.text("anonymous", is_read, "\"read\", or nothing").has_value();
  config.upload_bytes_max =
      static_cast<std::uint64_t>(reader.whole_number("upload_bytes_max", 1, upload_bytes_limit)
                                     .value_or(static_cast<std::int64_t>(config.upload_bytes_max)));
  check_access(reader, config);
  return config;
}

}  // namespace sluice
