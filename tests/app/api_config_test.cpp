// SPDX-License-Identifier: MIT
// The section "api": what it means, and the doors that it may not leave open.
#include "app/api_config.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <boost/asio/io_context.hpp>
#include <string>

#include "app/api_doors.hpp"
#include "support/temporary_folder.hpp"
#include "support/test_certificates.hpp"

namespace sluice::tests {
namespace {

struct Read {
  ApiConfig config;
  std::string findings;  ///< empty: there are none
};

Read read(const std::string& text) {
  const Result<JsonDocument> document = JsonDocument::parse("/etc/sluice/c.json", text);
  REQUIRE(document.has_value());
  Findings findings{*document};
  ApiConfig config = read_api_config(document->root(), findings);
  return {std::move(config), findings.empty() ? "" : findings.to_error().message};
}

}  // namespace

TEST_CASE("api config: every key arrives where it belongs, and left out it is the unix socket alone") {
  const Read all = read(R"({"listen": ["127.0.0.1:8080", "[::]:8443"], "hosts": ["sluice.example.com:8443"],
      "tls": {"certificate": "c.pem", "key": "/k.pem"}, "tokens_file": "tokens", "anonymous": "read",
      "upload_bytes_max": 1000})");
  CHECK(all.findings.empty());
  CHECK(all.config == ApiConfig{.listen = {{"127.0.0.1", 8080, true}, {"::", 8443, false}},
                                .hosts = {"sluice.example.com:8443"},
                                .certificate = "/etc/sluice/c.pem",
                                .key = "/k.pem",
                                .tokens_file = "/etc/sluice/tokens",
                                .anonymous_reads = true,
                                .upload_bytes_max = 1000});
  CHECK(read("{}").config == ApiConfig{});
}

TEST_CASE(
    "api config: what can be reached from elsewhere needs TLS and tokens, and somebody must be let in") {
  for (const char* text : {R"({"listen": ["0.0.0.0:80"], "anonymous": "read"})",
                           R"({"listen": ["192.0.2.1:80"], "tokens_file": "t"})",
                           R"({"listen": ["[::]:80"], "tls": {"certificate": "c", "key": "k"}})"}) {
    CAPTURE(text);
    CHECK(read(text).findings.find("needs \"tls\" and \"tokens_file\"") != std::string::npos);
  }
  CHECK(read(R"({"listen": ["127.0.0.1:80"]})").findings.find("nobody could be let in") != std::string::npos);
  CHECK(read(R"({"listen": ["127.0.0.1:80"], "anonymous": "read"})").findings.empty());
  CHECK(read(R"({"listen": ["[::1]:80"], "tokens_file": "t"})").findings.empty());
}

TEST_CASE("api config: every place that does not fit is told") {
  for (const char* text :
       {R"({"listen": ["localhost:80"]})", R"({"listen": ["127.0.0.1"]})", R"({"listen": ["::1:80"]})",
        R"({"listen": ["127.0.0.1:0"]})", R"({"listen": ["127.0.0.1:65536"]})", R"({"listen": [1]})",
        R"({"listen": "127.0.0.1:80"})", R"({"hosts": ["sluice.example.com"]})", R"({"hosts": ["a.:80"]})",
        R"({"hosts": ["*:80"]})", R"({"hosts": [":80"]})", R"({"tls": {"key": "k"}})",
        R"({"anonymous": "admin"})", R"({"upload_bytes_max": 0})", R"({"tokens": "t"})"}) {
    CAPTURE(text);
    CHECK_FALSE(read(text).findings.empty());
  }
}

TEST_CASE("api doors: a tokens file or a key that others could read lets nobody in") {
  const TemporaryFolder folder;
  const Certificate certificate = self_signed({});
  ApiConfig config{.certificate = folder.write("c.pem", certificate.certificate_pem),
                   .key = folder.write("k.pem", certificate.key_pem),
                   .tokens_file = folder.write("tokens", "")};
  REQUIRE(::chmod(config.tokens_file.c_str(), 0600) == 0);
  REQUIRE(::chmod(config.key.c_str(), 0640) == 0);
  CHECK(read_api_access(config).error().kind == ErrorKind::unauthorized);

  REQUIRE(::chmod(config.key.c_str(), 0600) == 0);
  const Result<ApiAccess> access = read_api_access(config);
  REQUIRE_MESSAGE(access.has_value(), access.error().message);
  CHECK(access->tls != nullptr);
  CHECK(access->anonymous == ApiScope::none);

  REQUIRE(::chmod(config.tokens_file.c_str(), 0644) == 0);
  CHECK(read_api_access(config).error().kind == ErrorKind::unauthorized);
  config.tokens_file = folder / "missing";
  CHECK(read_api_access(config).error().kind == ErrorKind::invalid_input);
}

}  // namespace sluice::tests
