// SPDX-License-Identifier: MIT
// The real program against a server that does what no cloud does: each device ends in the state that is true
// of it, and the results say why.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <system_error>
#include <vector>

#include "end_to_end/scene.hpp"
#include "support/bad_server.hpp"
#include "support/test_certificates.hpp"

namespace sluice::tests {
namespace {

namespace json = boost::json;

const std::string accepted = answer_with(R"({"RequestId":"R-1","Success":true})");
const std::string nonce_used =
    "HTTP/1.1 400 Bad Request\r\nContent-Length: 47\r\n\r\n"
    R"({"RequestId":"R-2","Code":"SignatureNonceUsed"})";

/// A scene whose cloud is a server of the test's own, over TLS. One device a request.
class BadCloud {
 public:
  BadCloud(std::size_t devices, BadServer::Script script, BadServer::Options options = {})
      : scene(devices),
        certificate_(authority_.issue({})),
        server(std::move(script), with(options, &certificate_)) {
    scene.folder.write("job.json", job_text(R"("chunk_size": 1,)"));
    scene.folder.write("ca.pem", authority_.certificate_pem());
  }

  Words run(const Words& words = {}) const {
    Words all{"run",       scene.job,     "--store",
              scene.store, "--endpoint",  "https://127.0.0.1:" + server.port(),
              "--ca-file", scene.ca_file, "--output",
              "json"};
    all.insert(all.end(), words.begin(), words.end());
    return all;
  }

  Scene scene;

 private:
  static BadServer::Options with(BadServer::Options options, const Certificate* certificate) {
    options.certificate = certificate;
    return options;
  }

  TestAuthority authority_;
  Certificate certificate_;

 public:
  BadServer server;
};

/// "dev-000003" → 3
int device_of(const std::string& request) {
  constexpr std::string_view mark = "DeviceName.1=dev-";
  const std::size_t at = request.find(mark);
  return at == std::string::npos ? 0 : std::stoi(request.substr(at + mark.size(), 6));
}

struct Sent {
  std::size_t connection = 0;
  std::string request;
};

/// What the server does to a device's first send, second send …; the last one is repeated.
using Plan = std::map<int, std::vector<std::function<void(Peer&)>>>;

class PlannedCloud {
 public:
  explicit PlannedCloud(Plan plan) : plan_(std::move(plan)) {}

  BadServer::Script script() {
    return [this](BadServer& server, Peer& peer) {
      while (true) {
        const std::string request = server.take_request(peer);
        if (request.empty()) return;
        act_on(request, peer)(peer);
      }
    };
  }

  std::map<int, std::vector<Sent>> sent() const {
    const std::lock_guard lock(mutex_);
    return sent_;
  }

 private:
  std::function<void(Peer&)> act_on(const std::string& request, const Peer& peer) {
    const std::lock_guard lock(mutex_);
    const int device = device_of(request);
    auto& sends = sent_[device];
    sends.push_back({peer.number(), request});
    const auto& acts = plan_.at(device);
    return acts[std::min(sends.size(), acts.size()) - 1];
  }

  Plan plan_;
  mutable std::mutex mutex_;
  std::map<int, std::vector<Sent>> sent_;
};

std::function<void(Peer&)> says(std::string text) {
  return [text = std::move(text)](Peer& peer) { peer.send(text); };
}

/// How many files, sockets and the like a program has open; 0 when it has ended.
std::size_t descriptors_of(pid_t process) {
  std::size_t count = 0;
  std::error_code gone;
  std::filesystem::directory_iterator entry{fmt::format("/proc/{}/fd", process), gone};
  for (; !gone && entry != std::filesystem::directory_iterator{}; entry.increment(gone)) ++count;
  return count;
}

struct Expected {
  std::string state;
  std::string evidence;
  std::string code;
  std::string message;  ///< a part of it
  std::size_t sends;
};

}  // namespace

TEST_CASE(
    "end to end: whatever a server does to an answer, each device ends in the state that is true of it") {
  const auto cuts = [](Peer& peer) {
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"Success\":true");
    peer.end();
  };
  const auto resets = [](Peer& peer) { peer.reset(); };
  const auto stalls = [](Peer& peer) { peer.wait_for_close(); };
  PlannedCloud plan({
      {1, {says(accepted)}},
      {2, {says(answer_with("<html>Please log in</html>", "Content-Type: text/html\r\n"))}},
      {3, {cuts}},
      {4, {cuts, says(nonce_used)}},
      {5, {resets, says(accepted)}},
      {6, {says(answer_with(R"({"RequestId":"R-6","Success":"true"})"))}},
      {7, {says(answer_with("\x1f\x8b\x08 bytes", "Content-Encoding: gzip\r\n"))}},
      {8, {says("HTTP/1.1 200 OK\r\nContent-Length: 262145\r\n\r\n")}},
      {9, {stalls, says(nonce_used)}},
      {10, {says("HTTP/1.1 503 Busy\r\nContent-Length: 17\r\n\r\n<html>busy</html>")}},
      {11, {says("HTTP/1.1 100 Continue\r\n\r\n" + accepted)}},
      {12, {says("HTTP/1.0 200 OK\r\n" + accepted.substr(accepted.find("Content-Length")))}},
  });
  const std::map<int, Expected> expected{
      {1, {"accepted", "confirmed", "", "", 1}},
      {2, {"in_doubt", "", "http_200", "<html>Please log in</html>", 1}},
      {3, {"in_doubt", "", "broken", "closed the connection after", 3}},
      {4, {"accepted", "presumed", "SignatureNonceUsed", "", 2}},
      {5, {"accepted", "confirmed", "", "", 2}},
      {6, {"in_doubt", "", "http_200", "", 1}},
      {7, {"in_doubt", "", "http_200", "encoded as gzip", 1}},
      {8, {"in_doubt", "", "unreadable", "", 1}},
      {9, {"accepted", "presumed", "SignatureNonceUsed", "", 2}},
      {10, {"in_doubt", "", "http_503", "<html>busy</html>", 1}},
      {11, {"accepted", "confirmed", "", "", 1}},
      {12, {"accepted", "confirmed", "", "", 1}},
  };
  BadCloud cloud(expected.size(), plan.script());

  const ProgramEnd run = cloud.scene.sluice(cloud.run({"--rate", "100", "--timeout", "5s"}));

  CHECK_MESSAGE(run.exit_code == 10, run.err);
  const std::vector<json::object> results = cloud.scene.results();
  CHECK(results.size() == expected.size());
  for (const json::object& row : results) {
    const std::string device = member_text(row, "device");
    CAPTURE(device);
    const Expected& truth = expected.at(std::stoi(device.substr(4)));
    CHECK(member_text(row, "state") == truth.state);
    CHECK(member_text(row, "evidence") == truth.evidence);
    CHECK(member_text(row, "code") == truth.code);
    CHECK_MESSAGE(member_text(row, "message").find(truth.message) != std::string::npos,
                  member_text(row, "message"));
  }
  for (const auto& [device, sends] : plan.sent()) {
    CAPTURE(device);
    REQUIRE(sends.size() == expected.at(device).sends);
    for (std::size_t i = 1; i < sends.size(); ++i) {
      CHECK(sends[i].request == sends[0].request);
      CHECK(sends[i].connection != sends[i - 1].connection);
    }
  }
}

TEST_CASE(
    "end to end: a redirect is not followed and stops the account, before more commands go to a stranger") {
  BadServer stranger([](BadServer& server, Peer& peer) { server.take_request(peer); });
  BadCloud cloud(40, [&stranger](BadServer& server, Peer& peer) {
    while (!server.take_request(peer).empty()) {
      peer.send("HTTP/1.1 307 Elsewhere\r\nLocation: http://127.0.0.1:" + stranger.port() +
                "/\r\nContent-Length: 0\r\n\r\n");
    }
  });

  const ProgramEnd run = cloud.scene.sluice(cloud.run({"--rate", "10"}));

  CHECK_MESSAGE(run.exit_code == 11, run.err);
  CHECK(stranger.connections() == 0);
  // The first, and at most what was past the gate when its answer came.
  CHECK(cloud.server.requests().size() <= 3);
  const json::object status = cloud.scene.status();
  CHECK(member_text(status, "status") == "paused");
  CHECK(member_text(status, "tenant_pause_reason").find("redirects to http://127.0.0.1:" + stranger.port()) !=
        std::string::npos);
  const std::vector<json::object> in_doubt = cloud.scene.results({"--state", "in_doubt"});
  CHECK(in_doubt.size() == cloud.server.requests().size());
  for (const json::object& row : in_doubt) CHECK(member_text(row, "code") == "http_307");
}

TEST_CASE("end to end: an endpoint with nothing newer than TLS 1.1 gets no request, and is not asked again") {
  BadCloud cloud(40, [](BadServer& server, Peer& peer) { server.take_request(peer); },
                 {.tls_version_max = TLS1_1_VERSION});

  const ProgramEnd run = cloud.scene.sluice(cloud.run({"--rate", "10"}));

  CHECK_MESSAGE(run.exit_code == 5, run.err);
  const json::object error = json_object(run.out).at("error").as_object();
  CHECK(member_text(error, "message").find("cannot be trusted") != std::string::npos);
  CHECK(member_text(error, "message").find("no TLS 1.2 or newer") != std::string::npos);
  CHECK(cloud.server.requests().empty());
  CHECK(cloud.server.connections() <= 4);
  CHECK(cloud.scene.status().at("devices").at("pending") == 40);
}

TEST_CASE("end to end: proxy variables of the environment are not heeded") {
  BadServer proxy([](BadServer& server, Peer& peer) { server.take_request(peer); });
  Scene scene{30};
  scene.start_cloud();
  for (const char* name :
       {"http_proxy", "https_proxy", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "all_proxy"})
    scene.environment.push_back(std::string(name) + "=http://127.0.0.1:" + proxy.port());

  const ProgramEnd run = scene.sluice(scene.run());

  CHECK_MESSAGE(run.exit_code == 0, run.err);
  CHECK(each_once(scene.executions(), 30));
  CHECK(proxy.connections() == 0);
}

TEST_CASE("end to end: with 32 descriptors in all a run goes on with fewer connections, and loses nothing") {
  // Nothing is answered until there is no descriptor left for another connection: eight none may have.
  Event are_used_up;
  BadCloud cloud(120, [&](BadServer& server, Peer& peer) {
    while (!server.take_request(peer).empty() && are_used_up.wait()) peer.send(accepted);
  });
  Words words = cloud.run({"--rate", "300", "--in-flight", "32"});
  words.insert(words.begin(), {"-c", "ulimit -n 32 && exec \"$0\" \"$@\"", SLUICE_PROGRAM});

  Program program({.file = "/bin/sh",
                   .arguments = words,
                   .environment = cloud.scene.environment,
                   .folder = cloud.scene.folder.path().string()});
  const bool came_to_the_limit = program.wait_until([&] { return descriptors_of(program.id()) == 32 - 8; });
  are_used_up.set();
  const ProgramEnd run = program.wait();

  CHECK(came_to_the_limit);
  CHECK_MESSAGE(run.exit_code == 0, run.err);
  CHECK(json_object(run.out).at("devices").at("accepted") == 120);
  CHECK(cloud.server.requests().size() == 120);
  // 24, less what a process and its database have open anyway.
  CHECK(cloud.server.connections() < 24);
}

}  // namespace sluice::tests
