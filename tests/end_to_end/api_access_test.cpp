// SPDX-License-Identifier: MIT
// Who may do what over the daemon's API, asked of the real program for every operation that its description
// names; and that no secret is in anything it answers, writes or logs.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cctype>
#include <csignal>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "end_to_end/scene.hpp"
#include "http_api/control_socket.hpp"
#include "store/sqlite/raw_sqlite.hpp"
#include "support/canary.hpp"
#include "support/free_port.hpp"

namespace sluice::tests {
namespace {

namespace json = boost::json;

constexpr const char* secret = "CANARYSECRETab+/c~d=e";
const std::array<std::string, 4> scopes{"none", "read", "operate", "admin"};

std::size_t rank_of(const std::string& scope) {
  return static_cast<std::size_t>(std::ranges::find(scopes, scope) - scopes.begin());
}

/// What is answered to the bytes, until the other side closes.
std::string answer_from(std::uint16_t port, const std::string& text) {
  const OwnedDescriptor socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const timeval limit{.tv_sec = 30, .tv_usec = 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  sockaddr_in address{.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {}, .sin_zero = {}};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
  REQUIRE(::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
  std::string answer;
  std::array<char, 8192> bytes{};
  ssize_t count = 0;
  while ((count = ::recv(socket.get(), bytes.data(), bytes.size(), 0)) > 0)
    answer.append(bytes.data(), static_cast<std::size_t>(count));
  return answer;
}

int status_of(const std::string& answer) {
  return answer.starts_with("HTTP/1.1 ") ? std::stoi(answer.substr(9, 3)) : 0;
}

/// A daemon with a token for each scope, and a run of its own to be asked about.
struct ApiScene : Scene {
  ApiScene() : Scene{5} {
    std::erase_if(environment, [](const std::string& variable) { return variable.starts_with("ALIBABA_"); });
    simulator::Options options = cloud_with();
    options.access_key_secret = secret;
    start_cloud(std::move(options));
    write_private("key", fmt::format("[default]\ntype = access_key\naccess_key_id = testid\n"
                                     "access_key_secret = {}\n",
                                     secret));
    std::string lines;
    for (const std::string& scope : {scopes[1], scopes[2], scopes[3]}) lines += new_token(scope);
    write_private("tokens", lines);
    folder.write(
        "config.json",
        fmt::format(R"({{"store": "{}", "api": {{"listen": ["127.0.0.1:{}"], "tokens_file": "tokens"}},
                                  "tenants": {{"prod": {{"endpoint": "{}", "ca_file": "ca.pem",
                                               "credentials_file": "key", "rate": 500}}}}}})",
                    store, port, cloud->url()));
    daemon = start({"serve", "--config", folder / "config.json"});
    REQUIRE_MESSAGE(
        daemon->wait_until([&] { return status_of(request("GET", "/api/v1/runs", "read")) == 200; }),
        daemon->err());
  }

  void write_private(const std::string& name, const std::string& text) const {
    REQUIRE(::chmod(folder.write(name, text).c_str(), 0600) == 0);
  }

  /// As an operator makes one. @return its line of the tokens file
  std::string new_token(const std::string& scope) {
    const ProgramEnd end = sluice({"token", "new", "for-" + scope, "--scope", scope, "--output", "json"});
    REQUIRE_MESSAGE(end.exit_code == 0, end.err);
    const json::object made = json_object(end.out);
    tokens[scope] = member_text(made, "token");
    return member_text(made, "line") + "\n";
  }

  std::string request(const std::string& method, const std::string& target, const std::string& scope,
                      const std::string& type = "application/json", const std::string& body = "",
                      const std::string& more = "") const {
    std::string text =
        fmt::format("{} {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n", method, target, port);
    if (tokens.contains(scope)) text += "Authorization: Bearer " + tokens.at(scope) + "\r\n";
    if (method != "GET") text += fmt::format("Content-Type: {}\r\nContent-Length: {}\r\n", type, body.size());
    return answer_from(port, text + more + "\r\n" + body);
  }

  std::uint16_t port = free_port();
  std::map<std::string, std::string> tokens;
  std::unique_ptr<Program> daemon;
};

struct Operation {
  std::string method;
  std::string target;
  std::string scope;
  std::string content_type = "application/json";
  bool takes_key = false;  ///< an Idempotency-Key, by its description
};

/// Each parameter of the path is 1, or a name.
std::string filled(std::string pattern) {
  for (std::size_t open = pattern.find('{'); open != pattern.npos; open = pattern.find('{')) {
    const std::size_t close = pattern.find('}', open);
    const std::string name = pattern.substr(open + 1, close - open - 1);
    pattern.replace(open, close - open + 1, name == "name" ? "prod" : "1");
  }
  return pattern;
}

std::vector<Operation> operations(const ApiScene& scene) {
  const std::string answer = scene.request("GET", "/api/v1/openapi.json", "none");
  REQUIRE(status_of(answer) == 200);
  const json::value document = json::parse(answer.substr(answer.find("\r\n\r\n") + 4));
  std::vector<Operation> found;
  for (const auto& [pattern, item] : document.at("paths").as_object()) {
    for (const auto& [method, operation] : item.as_object()) {
      Operation one{std::string{method}, filled(std::string{pattern}),
                    std::string{operation.at("x-scope").as_string()}};
      std::ranges::transform(one.method, one.method.begin(), [](unsigned char c) { return std::toupper(c); });
      if (const auto* body = operation.as_object().if_contains("requestBody"))
        one.content_type = body->at("content").as_object().begin()->key();
      if (const auto* parameters = operation.as_object().if_contains("parameters"))
        one.takes_key = json::serialize(*parameters).find("IdempotencyKey") != std::string::npos;
      found.push_back(one);
    }
  }
  return found;
}

}  // namespace

TEST_CASE("api access: each operation is open to its scope and those above, and to nobody below") {
  const ApiScene scene;
  const std::vector<Operation> all = operations(scene);
  CHECK(all.size() > 25);
  for (const Operation& operation : all) {
    for (const std::string& scope : scopes) {
      const int status =
          status_of(scene.request(operation.method, operation.target, scope, operation.content_type, "{}"));
      CAPTURE(operation.method);
      CAPTURE(operation.target);
      CAPTURE(scope);
      CAPTURE(status);
      if (rank_of(scope) >= rank_of(operation.scope)) {
        // Whether there is such a thing is another question; that the route is there is not.
        CHECK((status != 401 && status != 403 && status != 405 && status != 0 && status < 500));
      } else {
        CHECK(status == (scope == "none" ? 401 : 403));
      }
    }
  }
}

TEST_CASE("api access: an Idempotency-Key means something to those operations that say so, and no others") {
  const ApiScene scene;
  std::size_t takers = 0;
  for (const Operation& operation : operations(scene)) {
    CAPTURE(operation.method);
    CAPTURE(operation.target);
    const std::string answer =
        scene.request(operation.method, operation.target, "admin", operation.content_type, "{}",
                      "Idempotency-Key: " + std::string(256, 'a') + "\r\n");
    CHECK((answer.find("Idempotency-Key: expected 1 to 255") != answer.npos) == operation.takes_key);
    if (operation.takes_key) CHECK(status_of(answer) == 400);
    takers += operation.takes_key ? 1 : 0;
  }
  CHECK(takers == 12);
}

TEST_CASE("api access: a login that failed is on the audit, without the token that was shown") {
  ApiScene scene;
  scene.tokens["stranger"] = "sluice_guessedguessedguessed";

  CHECK(status_of(scene.request("GET", "/api/v1/runs?limit=3", "stranger")) == 401);

  const std::string row =
      "SELECT actor || ' ' || origin || ' ' || target || ' ' || before || after FROM audit"
      " WHERE action = 'login_failed'";
  CHECK(scene.daemon->wait_until([&] { return !store_tests::RawSqlite{scene.store}.value(row).empty(); }));
  CHECK(store_tests::RawSqlite{scene.store}.value(row) == "unknown 127.0.0.1 /api/v1/runs?limit=3 ");
  CHECK(store_tests::RawSqlite{scene.store}.value(
            "SELECT count(*) FROM audit WHERE reason LIKE '%guessed%' OR target LIKE '%guessed%'") == "0");
  CHECK(scene.sluice({"audit", "verify", "--config", scene.folder / "config.json"}).exit_code == 0);
}

TEST_CASE("api access: failures that follow the first are one row of the audit, which says how many") {
  ApiScene scene;
  scene.tokens["stranger"] = "sluice_guessedguessedguessed";
  for (int i = 0; i < 4; ++i) CHECK(status_of(scene.request("GET", "/api/v1/runs", "stranger")) == 401);

  scene.daemon->send_signal(SIGTERM);
  CHECK(scene.daemon->wait().exit_code == 0);

  CHECK(store_tests::RawSqlite{scene.store}.value(
            "SELECT group_concat(origin || ' ' || after, ';') FROM audit WHERE action = 'login_failed'") ==
        "127.0.0.1 ;127.0.0.1 3 more within a minute, this the last");
}

TEST_CASE("api access: another host's name, a foreign page and a form get nothing") {
  const ApiScene scene;
  const std::string head =
      "POST /api/v1/stop HTTP/1.1\r\nConnection: close\r\nContent-Length: 2\r\n"
      "Authorization: Bearer " +
      scene.tokens.at("admin") + "\r\n";
  const std::string ours = fmt::format("Host: 127.0.0.1:{}\r\n", scene.port);
  const std::string typed = "Content-Type: application/json\r\n";

  CHECK(status_of(answer_from(scene.port, head + "Host: rebound.example\r\n" + typed + "\r\n{}")) == 421);
  CHECK(status_of(answer_from(scene.port, head + ours + typed + "Sec-Fetch-Site: cross-site\r\n\r\n{}")) ==
        403);
  CHECK(status_of(answer_from(scene.port, head + ours + "Content-Type: text/plain\r\n\r\n{}")) == 415);
  CHECK(status_of(answer_from(scene.port, head + ours + typed + "\r\n{}")) == 200);
}

TEST_CASE("api access: the key's secret and the tokens are in no answer, no file and no log") {
  ApiScene scene;
  const std::string job = json::serialize(
      json::object{{"job", R"({"name": "x", "call": {"product_key": "a1B", "identifier": "Set"}})"},
                   {"devices", json::array{"dev-000001"}}});
  std::string seen = scene.request("POST", "/api/v1/runs", "operate", "application/json", job);
  REQUIRE(status_of(seen) == 202);
  REQUIRE(scene.daemon->wait_until(
      [&] { return scene.request("GET", "/api/v1/runs/1", "read").find("succeeded") != std::string::npos; }));
  for (const Operation& operation : operations(scene))
    seen += scene.request(operation.method, operation.target, "admin", operation.content_type, "{}");
  seen += content_of(fmt::format("/proc/{}/cmdline", scene.daemon->id()));
  scene.daemon->send_signal(SIGTERM);
  const ProgramEnd end = scene.daemon->wait();
  CHECK(end.exit_code == 0);
  seen += end.out + end.err;
  for (const auto& file :
       std::filesystem::recursive_directory_iterator(std::filesystem::path{scene.store}.parent_path())) {
    if (file.is_regular_file()) seen += content_of(file.path());
  }

  std::vector<std::string> kept{secret};
  for (const auto& [scope, token] : scene.tokens) kept.push_back(token.substr(token.find('_') + 1));
  for (const std::string& hidden : kept) {
    for (const std::string& spelling : spellings_of(hidden)) {
      CAPTURE(spelling);
      CHECK(seen.find(spelling) == std::string::npos);
    }
  }
}

}  // namespace sluice::tests
