// SPDX-License-Identifier: MIT
// The sample unit and configuration as they stand in the tree, executed as a service manager would, in a
// scratch root, with a night that comes two seconds after the start.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <time.h>

#include <boost/json/array.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "end_to_end/scene.hpp"
#include "end_to_end/service_manager.hpp"
#include "sluice/core/time.hpp"
#include "support/free_port.hpp"

namespace sluice::tests {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t hastened_by = 20;

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

Words words_of(const std::string& text) {
  std::istringstream stream{text};
  Words words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

/// A unit's settings, one value for each line that sets them.
class Unit {
 public:
  explicit Unit(const std::string& text) {
    std::istringstream lines{text};
    for (std::string line; std::getline(lines, line);) {
      const std::size_t equals = line.find('=');
      if (line.starts_with('#') || equals == line.npos) continue;
      settings_.emplace(line.substr(0, equals), line.substr(equals + 1));
    }
  }

  std::string one(const std::string& name) const {
    const std::vector<std::string> values = all(name);
    REQUIRE_MESSAGE(values.size() == 1, name);
    return values.front();
  }
  std::vector<std::string> all(const std::string& name) const {
    std::vector<std::string> values;
    const auto [begin, end] = settings_.equal_range(name);
    for (auto setting = begin; setting != end; ++setting) values.push_back(setting->second);
    return values;
  }

 private:
  std::multimap<std::string, std::string> settings_;
};

/// What two programs share as their time: twenty times as fast as the machine's, from one instant on.
class HastenedTime {
 public:
  explicit HastenedTime(UtcTime start) {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const std::chrono::nanoseconds utc = start.time_since_epoch();
    variable_ = fmt::format("SLUICE_HASTENED_CLOCK={} {} {}", now.tv_sec * 1'000'000'000 + now.tv_nsec,
                            utc.count(), hastened_by);
  }

  void join(std::vector<std::string>& environment) const {
    environment.push_back(variable_);
    environment.push_back("LD_PRELOAD=" SLUICE_HASTENED_CLOCK);
  }

 private:
  std::string variable_;
};

/// Where the unit's absolute paths lead to here.
class Installed : public Scene {
 public:
  Installed() : Scene{1}, unit{in_root(content_of(SLUICE_SOURCE_DIR "/samples/sluice.service"))} {
    std::erase_if(environment, [](const std::string& variable) { return variable.starts_with("ALIBABA_"); });
    for (const char* sample : {"hello.json", "nightly.json", "fleet.txt", "job.schema.json"})
      folder.write(sample, content_of(std::filesystem::path{SLUICE_SOURCE_DIR "/samples"} / sample));
    std::filesystem::create_directories(folder / "etc/sluice");
    write_private("etc/sluice/prod.credentials",
                  "[default]\ntype = access_key\naccess_key_id = testid\naccess_key_secret = testsecret\n");
    make_folder("var/lib/" + unit.one("StateDirectory"), unit.one("StateDirectoryMode"));
    for (const std::string& credential : unit.all("LoadCredential")) hand_over(credential);
    store = in_root("/var/lib/sluice/sluice.db");
  }

  std::string in_root(std::string text) const {
    text = replaced(std::move(text), "/usr/bin/sluice", SLUICE_PROGRAM);
    for (const char* path : {"/etc/sluice", "/var/lib/sluice", "/run/credentials"})
      text = replaced(std::move(text), path, folder.path().string() + path);
    return text;
  }

  void write_private(const std::string& name, const std::string& text) const {
    REQUIRE(::chmod(folder.write(name, text).c_str(), 0600) == 0);
  }

  /// The sample, with the cloud's address in the place of its region, and the API that
  /// samples/prometheus/prometheus.yml asks for.
  void configure(const std::string& endpoint, std::uint16_t port) const {
    const std::string sample = in_root(content_of(SLUICE_SOURCE_DIR "/samples/daemon_config.json"));
    const std::string region = R"("region": "cn-shanghai",)";
    const std::string tenants = R"("tenants": {)";
    REQUIRE(sample.find(region) != sample.npos);
    REQUIRE(sample.find(tenants) != sample.npos);
    const std::string api =
        fmt::format(R"("api": {{"listen": ["127.0.0.1:{}"], "tokens_file": "tokens"}}, )", port);
    write_private("etc/sluice/config.json",
                  replaced(replaced(sample, region, fmt::format(R"("endpoint": "{}",)", endpoint)), tenants,
                           api + tenants));
  }

  /// As samples/prometheus/prometheus.yml says; for curl, so that it is in no list of processes.
  void make_token() const {
    const ProgramEnd made = sluice({"token", "new", "prometheus", "--scope", "read", "--output", "json"});
    REQUIRE_MESSAGE(made.exit_code == 0, made.err);
    write_private("etc/sluice/tokens", member_text(json_object(made.out), "line") + "\n");
    write_private("curl",
                  "header = \"Authorization: Bearer " + member_text(json_object(made.out), "token") + "\"\n");
  }

  std::string scrape(std::uint16_t port) const {
    Program curl{{.file = "/usr/bin/curl",
                  .arguments = {"--silent", "--show-error", "--max-time", "10", "--config", folder / "curl",
                                fmt::format("http://127.0.0.1:{}/metrics", port)},
                  .environment = {},
                  .input = {}}};
    return curl.wait().out;
  }

  ProgramEnd tell(Words words) const {
    words.insert(words.end(), {"--config", folder / "etc/sluice/config.json"});
    return sluice(words);
  }

  const Unit unit;

 private:
  void make_folder(const std::string& name, const std::string& mode) const {
    std::filesystem::create_directories(folder / name);
    REQUIRE(::chmod((folder / name).c_str(), static_cast<mode_t>(std::stoul(mode, nullptr, 8))) == 0);
  }

  /// "NAME:FILE", into the folder that is for this service alone.
  void hand_over(const std::string& credential) const {
    const std::size_t colon = credential.find(':');
    const std::string credentials = "run/credentials/sluice.service";
    make_folder(credentials, "0700");
    const std::string copy = folder.write(credentials + "/" + credential.substr(0, colon),
                                          content_of(credential.substr(colon + 1)));
    REQUIRE(::chmod(copy.c_str(), 0400) == 0);
  }
};

/// The unit's process with what its manager gives it.
std::unique_ptr<Program> execute(const Installed& installed, const HastenedTime& time,
                                 const std::string& notify_socket) {
  Words command = words_of(installed.unit.one("ExecStart"));
  const std::string file = command.front();
  command.erase(command.begin());
  std::vector<std::string> environment = installed.unit.all("Environment");
  for (const std::string& variable : installed.environment) {
    if (variable.starts_with("PATH=") || variable.find("SAN_OPTIONS=") != variable.npos)
      environment.push_back(variable);
  }
  environment.push_back("NOTIFY_SOCKET=" + notify_socket);
  environment.push_back("WATCHDOG_USEC=" + installed.unit.one("WatchdogSec") + "000000");
  time.join(environment);
  return std::make_unique<Program>(
      ProgramStart{.file = file, .arguments = command, .environment = environment, .input = {}});
}

/// `sluice simulate` in the same time, with the endpoint that it has said.
struct CloudProgram {
  CloudProgram(const Installed& installed, const HastenedTime& time) {
    std::vector<std::string> environment = installed.environment;
    time.join(environment);
    program = std::make_unique<Program>(
        ProgramStart{.file = SLUICE_PROGRAM,
                     .arguments = {"simulate", "--ledger", installed.folder / "ledger.ndjson"},
                     .environment = environment,
                     .input = {}});
    REQUIRE(program->wait_until([this] { return program->out().find('\n') != std::string::npos; }));
    endpoint = program->out().substr(0, program->out().find('\n'));
  }

  std::unique_ptr<Program> program;
  std::string endpoint;
};

/// When the job's schedule is due next, by the machine's clock.
UtcTime next_tick(const Installed& installed) {
  const ProgramEnd told =
      installed.tell({"schedule", "next", "nightly-settings", "-n", "1", "--output", "json"});
  REQUIRE_MESSAGE(told.exit_code == 0, told.err);
  const boost::json::object tick = json_object(told.out).at("ticks").as_array().at(0).as_object();
  const std::optional<UtcTime> at = from_iso_seconds(member_text(tick, "due_at"));
  REQUIRE(at.has_value());
  return *at;
}

}  // namespace

TEST_CASE("sample service: it takes a job, fires the night's schedule, is scraped, reloads and drains") {
  const Installed installed;
  const std::uint16_t port = free_port();
  installed.make_token();
  installed.configure("http://127.0.0.1:1", port);
  const ProgramEnd added = installed.tell({"schedule", "add", installed.folder / "nightly.json"});
  REQUIRE_MESSAGE(added.exit_code == 0, added.err);
  const HastenedTime time{next_tick(installed) - 2s * hastened_by};
  const CloudProgram cloud{installed, time};
  installed.configure(cloud.endpoint, port);
  ServiceManager manager{installed.folder / "notify"};

  const std::unique_ptr<Program> daemon = execute(installed, time, installed.folder / "notify");
  REQUIRE_MESSAGE(daemon->wait_until([&] { return manager.has_heard("READY=1"); }), daemon->err());
  const ProgramEnd submitted = installed.tell({"submit", installed.folder / "hello.json", "--yes"});
  CHECK_MESSAGE(submitted.exit_code == 0, submitted.err);

  // Five devices by hand, the fleet by the schedule, and promptly both.
  const auto has_line = [&](const std::string& line) {
    return ("\n" + installed.scrape(port)).find("\n" + line + "\n") != std::string::npos;
  };
  CHECK(daemon->wait_until(
      [&] { return has_line(R"(sluice_runs_finished_total{status="succeeded",tenant="prod"} 2)"); }));
  const std::string scrape = installed.scrape(port);
  CAPTURE(scrape);
  CAPTURE(daemon->err());
  CHECK(has_line(R"(sluice_schedule_ticks_total{outcome="fired",reason=""} 1)"));
  CHECK(has_line(R"(sluice_devices_total{state="accepted",tenant="prod"} 1205)"));
  const std::map<std::string, int> executions = installed.executions();
  CHECK(executions.size() == 1200);
  CHECK(executions.at("dev-000005") == 2);
  CHECK(executions.at("dev-000006") == 1);
  CHECK(manager.has_heard("STATUS="));
  CHECK(daemon->wait_until([&] { return manager.has_heard("WATCHDOG=1"); }));

  // ExecReload=/bin/kill -HUP $MAINPID
  CHECK(words_of(installed.unit.one("ExecReload")) == Words{"/bin/kill", "-HUP", "$MAINPID"});
  manager.forget();
  daemon->send_signal(SIGHUP);
  CHECK(daemon->wait_until([&] { return manager.has_heard("RELOADING=1") && manager.has_heard("READY=1"); }));

  daemon->send_signal(SIGTERM);
  const ProgramEnd end = daemon->wait();
  CHECK(end.exit_code == 0);
  CHECK(end.err.find("\"daemon_ended\"") != std::string::npos);
  CHECK(manager.has_heard("STOPPING=1"));
  CHECK(installed.tell({"audit", "verify"}).exit_code == 0);
}

}  // namespace sluice::tests
