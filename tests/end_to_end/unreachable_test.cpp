// SPDX-License-Identifier: MIT
// An endpoint that cannot be reached or not be trusted: the run says why, and is there to be resumed.
#include <doctest/doctest.h>

#include "end_to_end/scene.hpp"
#include "support/test_certificates.hpp"

namespace sluice::tests {
namespace {

using namespace std::chrono_literals;

/// What an unreachable endpoint must look like, whatever the reason.
void check_unreachable(const Scene& scene, Program& run, std::string_view reason) {
  CAPTURE(reason);
  const ProgramEnd end = run.wait();
  CAPTURE(end.err);
  CHECK(end.exit_code == 5);
  CHECK(end.err.find("sluice: the endpoint was not reached") != std::string::npos);
  CHECK(end.err.find(reason) != std::string::npos);
  CHECK(end.err.find("resume the run") != std::string::npos);
  const boost::json::object status = scene.status();
  CHECK(status.at("devices").at("pending") == status.at("devices").at("total"));
}

}  // namespace

TEST_CASE(
    "end to end: an endpoint that is not to be trusted gets no request, and the run is paused with the "
    "reason") {
  const TestAuthority authority;
  const TestAuthority stranger{"somebody else"};
  struct Row {
    const TestAuthority& signed_by;
    CertificateRequest certificate;
    const char* reason;
  };
  const std::vector<Row> rows{{authority, {.valid_from = -48h, .valid_until = -24h}, "expired"},
                              {authority, {.alternative_names = "DNS:iot.example.com"}, "127.0.0.1"},
                              {stranger, {}, "issuer"}};
  for (const Row& row : rows) {
    CAPTURE(row.reason);
    Scene scene{3};
    const Certificate certificate = row.signed_by.issue(row.certificate);
    simulator::Options options = cloud_with();
    options.certificate_file = scene.folder.write("certificate.pem", certificate.certificate_pem);
    options.key_file = scene.folder.write("key.pem", certificate.key_pem);
    scene.start_cloud(options);
    scene.folder.write("ca.pem", authority.certificate_pem());

    const ProgramEnd run = scene.sluice(scene.run({"--output", "json"}));

    CAPTURE(run.err);
    CHECK(run.exit_code == 5);
    const auto error = json_object(run.out).at("error");
    CHECK(error.at("code") == "unreachable");
    CHECK(error.at("message").as_string().find("certificate") != std::string::npos);
    CHECK(std::string{error.at("message").as_string()}.find(row.reason) != std::string::npos);
    CHECK(std::string{error.at("hint").as_string()}.find("sluice resume 1") != std::string::npos);
    CHECK(run.err.find("pending 3") != std::string::npos);
    CHECK(scene.cloud->summary().requests == 0);
  }
}

TEST_CASE("end to end: a host that does not exist ends in exit code 5 and its name") {
  const Scene scene{3};
  std::unique_ptr<Program> run =
      scene.start({"run", scene.job, "--store", scene.store, "--endpoint", "https://does-not-exist.invalid"});

  check_unreachable(scene, *run, "does-not-exist.invalid");
  CHECK(run->err().find("simulated cloud") == std::string::npos);
}

TEST_CASE("end to end: a refused connection loses nothing, and resume sends it all once somebody listens") {
  Scene scene{250};
  scene.start_cloud();
  const unsigned short port = scene.cloud->port();
  scene.cloud->stop();

  std::unique_ptr<Program> run = scene.start(scene.run());
  check_unreachable(scene, *run, "refused");
  // On this machine it was most likely a rehearsal's cloud.
  CHECK(run->err().find("start one again (sluice simulate) and name it with --endpoint") !=
        std::string::npos);

  simulator::Options options = cloud_with();
  options.port = port;
  scene.start_cloud(options);
  const ProgramEnd resumed = scene.sluice(scene.resume());
  CHECK_MESSAGE(resumed.exit_code == 0, resumed.err);
  CHECK(each_once(scene.executions(), 250));
}

TEST_CASE("end to end: a wrong secret and an unknown key end in exit code 11 after a request or two") {
  for (const char* variable :
       {"ALIBABA_CLOUD_ACCESS_KEY_SECRET=mistyped", "ALIBABA_CLOUD_ACCESS_KEY_ID=nobody"}) {
    CAPTURE(variable);
    Scene scene{1000};
    scene.start_cloud();
    scene.rate = "10";
    scene.environment.emplace_back(variable);
    const std::string name{variable, std::string_view{variable}.find('=') + 1};
    std::erase_if(scene.environment,
                  [&](const std::string& known) { return known.starts_with(name) && known != variable; });

    const ProgramEnd run = scene.sluice(scene.run({"--output", "json"}));

    CHECK(run.exit_code == 11);
    CHECK(scene.executions().empty());
    CHECK(scene.cloud->summary().requests <= 3);
    CHECK(json_object(run.out).at("status") == "paused");
    CHECK(json_object(run.out).at("devices").at("pending") == 1000);
  }
}

}  // namespace sluice::tests
