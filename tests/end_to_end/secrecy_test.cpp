// SPDX-License-Identifier: MIT
// What must not get out: the key's secret anywhere at all, and the cloud's texts unescaped onto a terminal or
// into a spreadsheet.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>

#include "end_to_end/scene.hpp"
#include "support/canary.hpp"

namespace sluice::tests {
namespace {

/// The secret and the token hold characters that look different in each spelling.
constexpr const char* secret = "CANARYSECRETab+/c~d=e";
constexpr const char* token = "CANARYTOKENfg+/h~i=j";

void check_kept(const std::string& where, const std::string& content) {
  CAPTURE(where);
  for (const char* kept : {secret, token}) {
    for (const std::string& spelling : spellings_of(kept)) {
      CAPTURE(spelling);
      CHECK(content.find(spelling) == std::string::npos);
    }
  }
}

bool is_harmless(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return c == '\n' || (c >= ' ' && c != 0x7f); });
}

/// Codes and messages as a hostile cloud might send them: they clear the screen, add lines and start
/// formulas.
constexpr std::string_view hostile_job = R"({"job": {
    "code": "=cmd()|'/c calc'\u001b[2J\nsluice: all is well",
    "message": "@SUM(1)\u001b]0;owned\u0007\r\nrun 1: succeeded\u009b31m\u202e"}})";

}  // namespace

TEST_CASE("end to end: the search for a secret finds it in each of its spellings") {
  const std::string text = fmt::format("k={}&", secret);
  for (const std::string& hidden :
       {text, in_hex(text, false), in_hex(text, true), in_url(text), in_base64(text)}) {
    CAPTURE(hidden);
    const std::vector<std::string> spellings = spellings_of(secret);
    CHECK(std::any_of(spellings.begin(), spellings.end(), [&](const std::string& spelling) {
      return hidden.find(spelling) != std::string::npos;
    }));
  }
}

TEST_CASE(
    "end to end: neither secret nor security token is in a file, an output, a command line or what /proc "
    "shows "
    "of the environment") {
  Scene scene{1000};
  scene.folder.write("job.json", job_text(R"("chunk_size": 5,)"));
  std::erase_if(scene.environment,
                [](const std::string& variable) { return variable.starts_with("ALIBABA_"); });
  scene.environment.insert(
      scene.environment.end(),
      {"ALIBABA_CLOUD_ACCESS_KEY_ID=testid", fmt::format("ALIBABA_CLOUD_ACCESS_KEY_SECRET={}", secret),
       fmt::format("ALIBABA_CLOUD_SECURITY_TOKEN={}", token)});
  simulator::Options cloud = cloud_with(R"({"latency": {"constant_ms": 20}, "reset_after_execution": 0.1,
      "error_503_before_execution": 0.1})");
  cloud.access_key_secret = secret;
  cloud.security_token = token;
  scene.start_cloud(cloud);
  scene.rate = "200";

  std::unique_ptr<Program> run = scene.start(scene.run({"-v"}));
  REQUIRE(run->wait_until([&] { return scene.cloud->summary().requests >= 5; }));
  const std::string command_line = content_of(fmt::format("/proc/{}/cmdline", run->id()));
  CHECK(command_line.find("--endpoint") != std::string::npos);
  check_kept("the command line", command_line);
  const std::string environment = content_of(fmt::format("/proc/{}/environ", run->id()));
  CHECK(environment.find("ALIBABA_CLOUD_ACCESS_KEY_ID=testid") != std::string::npos);
  check_kept("the environment", environment);
  // Files as they are in the middle of a run: the store's log among them.
  const auto check_files = [&] {
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{scene.folder.path()}) {
      const bool is_ours = entry.is_regular_file() && entry.path().filename() != "ledger.ndjson";
      if (!is_ours) continue;
      check_kept(entry.path().string(), content_of(entry.path()));
      ++files;
    }
    CHECK(files >= 4);
  };
  check_files();
  const ProgramEnd end = run->wait();

  CHECK_FALSE(scene.executions().empty());
  CHECK(end.err.find("key from environment ALIBABA_CLOUD_ACCESS_KEY_ID") != std::string::npos);
  check_kept("stdout", end.out);
  check_kept("stderr", end.err);
  check_files();
  for (const char* format : {"json", "csv", "table"}) {
    check_kept(format, scene.sluice({"results", "1", "--store", scene.store, "--output", format}).out);
  }
}

TEST_CASE(
    "end to end: a process that sends has memory for its key that goes neither to swap nor into a dump") {
  Scene scene{100};
  scene.start_cloud(cloud_with(R"({"latency": {"constant_ms": 20}})"));
  const std::unique_ptr<Program> run = scene.start(scene.run());
  REQUIRE(run->wait_until([&] { return scene.cloud->summary().requests >= 1; }));

  // Flags of a mapping, as proc(5) names them: "lo" it is locked, "dd" it is not dumped.
  std::istringstream maps{content_of(fmt::format("/proc/{}/smaps", run->id()))};
  bool is_found = false;
  for (std::string line; std::getline(maps, line);) {
    const bool is_flags = line.starts_with("VmFlags:");
    is_found |= is_flags && line.find(" lo") != std::string::npos && line.find(" dd") != std::string::npos;
  }
  CHECK(is_found);
  CHECK(run->wait().exit_code == 0);
}

TEST_CASE("end to end: a secret that cannot be used is not shown when it is refused") {
  Scene scene{3};
  scene.environment.emplace_back(fmt::format("ALIBABA_CLOUD_SECURITY_TOKEN={}\n", token));

  const ProgramEnd end = scene.sluice(
      {"run", scene.job, "--store", scene.store, "--endpoint", "https://iot.cn-shanghai.aliyuncs.com"});

  CHECK(end.exit_code == 11);
  check_kept("stderr", end.err);
}

TEST_CASE("end to end: what a hostile cloud says reaches no terminal and no spreadsheet as it is") {
  Scene scene{3};
  scene.start_cloud(cloud_with(hostile_job));

  const ProgramEnd run = scene.sluice(scene.run({"-v"}));

  // An unknown code says nothing about execution.
  CHECK_MESSAGE(run.exit_code == 10, run.err);
  CHECK(run.err.find("=cmd()") != std::string::npos);
  CHECK(is_harmless(run.err));
  CHECK(is_harmless(run.out));
  CHECK(run.err.find("\nsluice: all is well") == std::string::npos);
  for (const char* format : {"table", "csv", "json", "ndjson", "txt"}) {
    CAPTURE(format);
    const ProgramEnd end = scene.sluice({"results", "1", "--store", scene.store, "--output", format});
    CHECK(end.exit_code == 0);
    CHECK(is_harmless(end.out));
    CHECK(end.out.find("\nrun 1: succeeded") == std::string::npos);
  }
  const std::string csv = scene.sluice({"results", "1", "--store", scene.store, "--output", "csv"}).out;
  CHECK(csv.find("'=cmd()") != std::string::npos);
  CHECK(csv.find("'@SUM(1)") != std::string::npos);
  CHECK(csv.find(",=") == std::string::npos);
  CHECK(csv.find(",@") == std::string::npos);
  CHECK(csv.find("\"=") == std::string::npos);
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 1 + 3);
  for (const char* verb : {"status", "why", "list"}) {
    CAPTURE(verb);
    Words words{verb, "--store", scene.store};
    if (std::string_view{verb} == "why") words.emplace_back("1");
    CHECK(is_harmless(scene.sluice(words).out));
  }
}

TEST_CASE("end to end: the reason of a pause is the cloud's text, made harmless") {
  Scene scene{3};
  scene.start_cloud(cloud_with(R"({"account": {"code": "InvalidAccessKeyId.Inactive", "http_status": 403,
      "message": "\u001b[2J\u001b[H\nsluice: all is well\u202e"}})"));

  const ProgramEnd run = scene.sluice(scene.run());

  CHECK(run.exit_code == 11);
  for (const std::string& text : {run.out, run.err, scene.sluice({"why", "1", "--store", scene.store}).out,
                                  scene.sluice({"status", "1", "--store", scene.store}).out}) {
    CHECK(is_harmless(text));
    CHECK(text.find("\nsluice: all is well") == std::string::npos);
  }
}

}  // namespace sluice::tests
