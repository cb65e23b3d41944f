// SPDX-License-Identifier: MIT
// The daemon as a service manager and an operator meet it.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <sstream>
#include <string>

#include "app/exit_codes.hpp"
#include "end_to_end/scene.hpp"
#include "end_to_end/service_manager.hpp"
#include "store/sqlite/raw_sqlite.hpp"
#include "support/free_port.hpp"

namespace sluice::tests {
namespace {

using namespace std::chrono_literals;

/// Tenants "good" and "bad" before a cloud with two accounts; the key of "bad" is not there.
struct DaemonScene : Scene {
  explicit DaemonScene(std::size_t device_count, std::string_view fault_plan = "{}") : Scene{device_count} {
    folder.write("job.json", job_text(R"("chunk_size": 1, "stages": "none", "conflict": "allow",)"));
    simulator::Options options = cloud_with(fault_plan);
    options.accounts = 2;
    options.requests_per_second = 50;
    start_cloud(std::move(options));
    write_key("good.key", "testid1");
    write_config(40);
  }

  void write_key(const std::string& name, const std::string& id) const {
    const std::string file = folder.write(
        name, fmt::format(
                  "[default]\ntype = access_key\naccess_key_id = {}\naccess_key_secret = testsecret\n", id));
    REQUIRE(::chmod(file.c_str(), 0600) == 0);
  }

  void write_config(double good_rate) const {
    const auto tenant = [&](std::string_view name, double tenant_rate) {
      return fmt::format(
          R"("{0}": {{"endpoint": "{1}", "rate": {2}, "credentials_file": "{0}.key", "ca_file": "ca.pem"}})",
          name, cloud->url(), tenant_rate);
    };
    folder.write("config.json",
                 fmt::format(R"({{"store": "{}", "default_tenant": "good", "tenants": {{{}, {}}}}})", store,
                             tenant("good", good_rate), tenant("bad", 40)));
  }

  /// @param section with "{}" for the port
  void add_api(std::string_view section, std::uint16_t port) const {
    std::string text = content_of(folder / "config.json");
    text.insert(1, fmt::format(R"("api": {{{}}}, )", fmt::format(fmt::runtime(section), port)));
    folder.write("config.json", text);
  }

  ProgramEnd tell(Words words) const {
    words.insert(words.end(), {"--config", folder / "config.json"});
    return sluice(words);
  }

  void submit(const std::string& tenant) const {
    const ProgramEnd end = tell({"submit", job, "--tenant", tenant, "--yes"});
    REQUIRE_MESSAGE(end.exit_code == 0, end.err);
  }

  std::unique_ptr<Program> serve() const { return start({"serve", "--config", folder / "config.json"}); }

  bool comes_to(Program& daemon, const std::string& run, std::string_view what) const {
    return daemon.wait_until([&] { return tell({"why", run}).out.find(what) != std::string::npos; });
  }

  /// What curl gets from the daemon's socket, and then the status.
  std::string ask(const std::string& target) const {
    Program curl{{.file = "/usr/bin/curl",
                  .arguments = {"--silent", "--show-error", "--max-time", "10", "--unix-socket",
                                store + ".sock", "--write-out", "%{http_code}", "http://sluice" + target},
                  .environment = {},
                  .input = {}}};
    return curl.wait().out;
  }

  std::size_t requests() const { return static_cast<std::size_t>(cloud->summary().requests); }
};

/// One that is left behind because tidying up takes too long does not get to say so.
bool has_tidied_up(const ProgramEnd& daemon) {
  return daemon.err.find("\"daemon_ended\"") != std::string::npos;
}

}  // namespace

TEST_CASE("daemon: a tenant without a key is told of, and does not delay the one beside it") {
  DaemonScene scene{60};
  scene.submit("bad");
  scene.submit("good");

  const std::unique_ptr<Program> daemon = scene.serve();

  CHECK(scene.comes_to(*daemon, "2", "all devices accepted"));
  CHECK(scene.tell({"why", "1"}).out.find("tenant bad is paused: daemon: ") != std::string::npos);
  CHECK(daemon->wait_until([&] { return daemon->err().find("\"tenant_stuck\"") != std::string::npos; }));

  // A key that comes later is found when the configuration is read anew.
  scene.write_key("bad.key", "testid2");
  daemon->send_signal(SIGHUP);
  CHECK(scene.comes_to(*daemon, "1", "all devices accepted"));
  CHECK(scene.cloud->summary().most_arrivals_in_any_window <= 40);

  daemon->send_signal(SIGTERM);
  CHECK(daemon->wait().exit_code == 0);
}

TEST_CASE("daemon: to resume a run of a tenant that stays stuck does not hide what it is stuck for") {
  const DaemonScene scene{1};
  scene.submit("bad");
  const std::unique_ptr<Program> daemon = scene.serve();
  REQUIRE(scene.comes_to(*daemon, "1", "bad.key: there is no such credentials file"));

  CHECK(scene.tell({"resume", "1"}).exit_code == 0);

  CHECK(scene.comes_to(*daemon, "1", "bad.key: there is no such credentials file"));
}

TEST_CASE("daemon: two tenants with one key are one account, and only the first is served") {
  DaemonScene scene{20};
  scene.write_key("bad.key", "testid1");
  scene.submit("bad");
  scene.submit("good");

  const std::unique_ptr<Program> daemon = scene.serve();

  // By name: "bad" comes first.
  CHECK(scene.comes_to(*daemon, "1", "all devices accepted"));
  CHECK(scene.comes_to(*daemon, "2", "its access key is that of tenant"));
}

TEST_CASE("daemon: a run is paused and resumed by command, and goes on in the daemon") {
  DaemonScene scene{400};
  scene.submit("good");
  const std::unique_ptr<Program> daemon = scene.serve();
  REQUIRE(daemon->wait_until([&] { return scene.requests() >= 20; }));

  CHECK(scene.tell({"pause", "1"}).exit_code == 0);
  const std::size_t sent_at_pause = scene.requests();
  CHECK(scene.comes_to(*daemon, "1", "paused: by"));
  CHECK(scene.requests() <= sent_at_pause + 32);

  CHECK(scene.tell({"resume", "1"}).exit_code == 0);
  CHECK(scene.comes_to(*daemon, "1", "all devices accepted"));
  CHECK(each_once(scene.executions(), 400));
  CHECK(scene.tell({"verify-rate", "1"}).exit_code == 0);
}

TEST_CASE("daemon: a second owner of the store is refused") {
  DaemonScene scene{1};
  scene.submit("good");
  const std::unique_ptr<Program> daemon = scene.serve();
  REQUIRE(scene.comes_to(*daemon, "1", "all devices accepted"));

  const ProgramEnd second = scene.serve()->wait();

  CHECK(second.exit_code == 6);
  CHECK(second.err.find("in use by process") != std::string::npos);
}

TEST_CASE("daemon: after kill -9 the next one finishes, and no device is reached twice") {
  DaemonScene scene{300, R"({"latency": {"constant_ms": 50}})"};
  scene.submit("good");
  std::unique_ptr<Program> daemon = scene.serve();
  REQUIRE(daemon->wait_until([&] { return scene.requests() >= 60; }));
  daemon->send_signal(SIGKILL);
  CHECK(daemon->wait().exit_code == 128 + SIGKILL);

  daemon = scene.serve();

  CHECK(scene.comes_to(*daemon, "1", "finished"));
  CHECK(each_once(scene.executions(), 300));
}

TEST_CASE("daemon: at SIGTERM what is on its way may finish, and nothing more is sent") {
  DaemonScene scene{2'000, R"({"latency": {"constant_ms": 700}})"};
  scene.submit("good");
  const std::unique_ptr<Program> daemon = scene.serve();
  REQUIRE(daemon->wait_until([&] { return scene.requests() >= 30; }));

  const auto told_at = std::chrono::steady_clock::now();
  daemon->send_signal(SIGTERM);
  const ProgramEnd end = daemon->wait();

  CHECK(end.exit_code == 0);
  // The deadline of a request is 15 seconds, and these take 0.7.
  CHECK(std::chrono::steady_clock::now() - told_at < 15s + 1s);
  const boost::json::object status = scene.status();
  CHECK(member_number(status.at("chunks").as_object(), "in_flight") == 0);
  CHECK(member_number(status.at("devices").as_object(), "accepted") ==
        static_cast<std::int64_t>(scene.executions().size()));
  CHECK(end.err.find("\"daemon_stopping\"") != std::string::npos);
  CHECK(has_tidied_up(end));
}

TEST_CASE("daemon: one that sends nothing ends by itself, also after a reload") {
  DaemonScene scene{1};
  ServiceManager manager{scene.folder / "notify"};
  scene.environment.push_back("NOTIFY_SOCKET=" + (scene.folder / "notify"));
  const std::unique_ptr<Program> daemon = scene.serve();
  REQUIRE(daemon->wait_until([&] { return manager.has_heard("READY=1"); }));
  manager.forget();
  daemon->send_signal(SIGHUP);
  REQUIRE(daemon->wait_until([&] { return manager.has_heard("READY=1"); }));

  daemon->send_signal(SIGTERM);

  const ProgramEnd end = daemon->wait();
  CHECK(end.exit_code == 0);
  CHECK(has_tidied_up(end));
}

TEST_CASE("daemon: with no tenant to wait for it ends as well when it is told to") {
  DaemonScene scene{1};
  scene.folder.write("config.json", fmt::format(R"({{"store": "{}", "tenants": {{}}}})", scene.store));
  ServiceManager manager{scene.folder / "notify"};
  scene.environment.push_back("NOTIFY_SOCKET=" + (scene.folder / "notify"));
  const std::unique_ptr<Program> daemon = scene.serve();
  REQUIRE(daemon->wait_until([&] { return manager.has_heard("READY=1"); }));

  daemon->send_signal(SIGTERM);

  const ProgramEnd end = daemon->wait();
  CHECK(end.exit_code == 0);
  CHECK(has_tidied_up(end));
}

TEST_CASE("daemon: a second signal does not wait for what is on its way, which the next start takes over") {
  DaemonScene scene{40, R"({"latency": {"constant_ms": 8000}})"};
  scene.submit("good");
  std::unique_ptr<Program> daemon = scene.serve();
  REQUIRE(daemon->wait_until([&] { return scene.requests() >= 3; }));
  daemon->send_signal(SIGTERM);
  REQUIRE(daemon->wait_until([&] { return daemon->err().find("\"daemon_stopping\"") != std::string::npos; }));

  daemon->send_signal(SIGTERM);

  // Within much less than an answer takes.
  CHECK(daemon->ends_within(4s));
  CHECK(daemon->wait().exit_code == 128 + SIGTERM);
  daemon = scene.serve();
  CHECK(daemon->wait_until([&] { return daemon->err().find("\"run_taken_up\"") != std::string::npos; }));
}

TEST_CASE(
    "daemon: an end that cannot come about is cut short after the longest request's time and a second") {
  DaemonScene scene{400};
  const std::string before = content_of(scene.folder / "config.json");
  std::string patient = before;
  for (std::size_t at = patient.find("\"rate\""); at != patient.npos; at = patient.find("\"rate\"", at + 40))
    patient.insert(at, R"("timeouts": {"exchange": "500ms"}, )");
  scene.folder.write("config.json", patient);
  scene.submit("good");
  const std::unique_ptr<Program> daemon = scene.serve();
  REQUIRE(daemon->wait_until([&] { return scene.requests() >= 5; }));
  // Another program holds the store, so that nothing can be recorded any more.
  store_tests::RawSqlite holder{scene.store};
  holder.run("BEGIN IMMEDIATE");

  const auto told_at = std::chrono::steady_clock::now();
  daemon->send_signal(SIGTERM);
  const ProgramEnd end = daemon->wait();

  CHECK(end.exit_code == 1);
  CHECK(end.err.find("\"daemon_left_late\"") != std::string::npos);
  CHECK(std::chrono::steady_clock::now() - told_at >= 1400ms);
}

TEST_CASE("daemon: a tenant that a reload takes out is sent for no more, and goes on when it is back") {
  DaemonScene scene{150};
  scene.submit("good");
  const std::string whole = content_of(scene.folder / "config.json");
  const std::unique_ptr<Program> daemon = scene.serve();
  REQUIRE(daemon->wait_until([&] { return scene.requests() >= 10; }));

  scene.folder.write("config.json", fmt::format(R"({{"store": "{}", "tenants": {{}}}})", scene.store));
  daemon->send_signal(SIGHUP);
  CHECK(scene.comes_to(*daemon, "1", "tenant good is paused: daemon: "));
  CHECK(daemon->wait_until([&] { return daemon->err().find("\"tenant_removed\"") != std::string::npos; }));
  const std::size_t sent = scene.requests();
  CHECK(sent < 150);

  scene.folder.write("config.json", whole);
  daemon->send_signal(SIGHUP);
  CHECK(scene.comes_to(*daemon, "1", "all devices accepted"));
  INFO(scene.tell({"why", "1"}).out, daemon->err());
  CHECK(each_once(scene.executions(), 150));
  daemon->send_signal(SIGTERM);
  CHECK(daemon->wait().exit_code == 0);
}

TEST_CASE("daemon: an invalid configuration changes nothing, and a valid one is in force at once") {
  DaemonScene scene{3'000};
  scene.write_config(5);
  scene.submit("good");
  ServiceManager manager{scene.folder / "notify"};
  scene.environment.push_back("NOTIFY_SOCKET=" + (scene.folder / "notify"));
  const std::unique_ptr<Program> daemon = scene.serve();
  REQUIRE(daemon->wait_until([&] { return manager.has_heard("READY=1"); }));
  REQUIRE(daemon->wait_until([&] { return scene.requests() >= 3; }));

  const std::string good = content_of(scene.folder / "config.json");
  scene.folder.write("config.json", R"({"tenant": {}})");
  manager.forget();
  daemon->send_signal(SIGHUP);
  CHECK(daemon->wait_until([&] { return manager.has_heard("the newest configuration is not in force"); }));
  CHECK(manager.has_heard("RELOADING=1\nMONOTONIC_USEC="));
  CHECK(daemon->wait_until(
      [&] { return daemon->err().find("\"configuration_refused\"") != std::string::npos; }));
  const std::size_t before = scene.requests();
  CHECK(daemon->wait_until([&] { return scene.requests() >= before + 2; }));

  scene.folder.write("config.json", good);
  daemon->send_signal(SIGHUP);
  CHECK(daemon->wait_until(
      [&] { return daemon->err().find("\"configuration_reloaded\"") != std::string::npos; }));
  // In the middle of what follows from it.
  daemon->send_signal(SIGTERM);
  const ProgramEnd end = daemon->wait();
  CHECK_MESSAGE(end.exit_code == 0, end.err);
  CHECK(manager.has_heard("STOPPING=1"));

  store_tests::RawSqlite raw{scene.store};
  const std::string own =
      " FROM (SELECT * FROM events WHERE what GLOB 'daemon_*' OR what GLOB 'conf*' ORDER BY id)";
  CHECK(raw.value("SELECT group_concat(what, ' ')" + own) ==
        "daemon_started configuration_refused configuration_reloaded daemon_stopping");
  CHECK(raw.value("SELECT group_concat(reason, '; ')" + own + " WHERE what <> 'configuration_refused'") ==
        fmt::format("process {}, version {}, 2 tenants; 2 tenants; signal 15", daemon->id(), SLUICE_VERSION));
  CHECK(raw.value("SELECT reason" + own + " WHERE what = 'configuration_refused'")
            .find("did you mean \"tenants\"?") != std::string::npos);
}

TEST_CASE("daemon: a reload whose tokens cannot be read is refused as a whole") {
  DaemonScene scene{1};
  ServiceManager manager{scene.folder / "notify"};
  scene.environment.push_back("NOTIFY_SOCKET=" + (scene.folder / "notify"));
  scene.add_api(R"("listen": ["127.0.0.1:{}"], "tokens_file": "tokens")", free_port());
  REQUIRE(::chmod(scene.folder.write("tokens", "").c_str(), 0600) == 0);
  const std::unique_ptr<Program> daemon = scene.serve();
  REQUIRE(daemon->wait_until([&] { return manager.has_heard("READY=1"); }));

  REQUIRE(::chmod((scene.folder / "tokens").c_str(), 0644) == 0);
  daemon->send_signal(SIGHUP);

  CHECK(daemon->wait_until([&] { return manager.has_heard("the newest configuration is not in force"); }));
  daemon->send_signal(SIGTERM);
  const std::string log = daemon->wait().err;
  CHECK(log.find("\"configuration_refused\"") != std::string::npos);
  CHECK(log.find("\"configuration_reloaded\"") == std::string::npos);
}

TEST_CASE("daemon: a reload says which of its settings wait for a restart") {
  DaemonScene scene{1};
  ServiceManager manager{scene.folder / "notify"};
  scene.environment.push_back("NOTIFY_SOCKET=" + (scene.folder / "notify"));
  const std::unique_ptr<Program> daemon = scene.serve();
  REQUIRE(daemon->wait_until([&] { return manager.has_heard("READY=1"); }));

  scene.add_api(R"("listen": ["127.0.0.1:{}"], "anonymous": "read")", free_port());
  daemon->send_signal(SIGHUP);

  CHECK(daemon->wait_until([&] { return manager.has_heard("waits for a restart: api.listen"); }));
  daemon->send_signal(SIGTERM);
  const ProgramEnd end = daemon->wait();
  CHECK(end.exit_code == 0);
  // The log has a thread of its own, and is only sure to be whole at the end.
  CHECK(end.err.find("\"restart_needed\"") != std::string::npos);
}

TEST_CASE("daemon: one whose store is taken away has failed, and says so by its exit code") {
  DaemonScene scene{1};
  ServiceManager manager{scene.folder / "notify"};
  scene.environment.push_back("NOTIFY_SOCKET=" + (scene.folder / "notify"));
  scene.environment.emplace_back("WATCHDOG_USEC=300000");
  const std::unique_ptr<Program> daemon = scene.serve();
  REQUIRE(daemon->wait_until([&] { return manager.has_heard("READY=1"); }));

  std::filesystem::remove(scene.store);

  const ProgramEnd end = daemon->wait();
  CHECK(end.exit_code == exit_codes::unexpected);
  CHECK(end.err.find("\"daemon_failed\"") != std::string::npos);
  CHECK(has_tidied_up(end));
}

TEST_CASE("daemon: one whose door is taken has failed, and was never ready") {
  DaemonScene scene{1};
  ServiceManager manager{scene.folder / "notify"};
  scene.environment.push_back("NOTIFY_SOCKET=" + (scene.folder / "notify"));
  boost::asio::io_context context;
  const boost::asio::ip::tcp::acceptor other{context, {boost::asio::ip::make_address("127.0.0.1"), 0}};
  scene.add_api(R"("listen": ["127.0.0.1:{}"], "anonymous": "read")", other.local_endpoint().port());

  const ProgramEnd end = scene.serve()->wait();

  CHECK(end.exit_code == exit_codes::refused);
  CHECK(has_tidied_up(end));
  CHECK(manager.has_heard("STOPPING=1"));
  CHECK_FALSE(manager.has_heard("READY=1"));
}

TEST_CASE("daemon: the watchdog is fed as long as the loop runs, and not by a stopped process") {
  DaemonScene scene{1};
  scene.submit("good");
  ServiceManager manager{scene.folder / "notify"};
  scene.environment.push_back("NOTIFY_SOCKET=" + (scene.folder / "notify"));
  scene.environment.push_back("WATCHDOG_USEC=300000");
  const std::unique_ptr<Program> daemon = scene.serve();

  CHECK(daemon->wait_until([&] { return manager.has_heard("WATCHDOG=1"); }));
  manager.forget();
  CHECK(daemon->wait_until([&] { return manager.has_heard("WATCHDOG=1"); }));
}

TEST_CASE("daemon: a scrape counts what was sent, promtool has nothing to say about it, and health is told") {
  DaemonScene scene{60};
  scene.submit("good");
  const std::unique_ptr<Program> daemon = scene.serve();
  REQUIRE(scene.comes_to(*daemon, "1", "all devices accepted"));
  const auto ask = [&](const std::string& target) { return scene.ask(target); };
  // Each device is a chunk of its own.
  constexpr std::string_view counted =
      "sluice_requests_total{action=\"InvokeThingsService\",outcome=\"accepted\",tenant=\"good\"} 60\n";
  constexpr std::string_view finished =
      "sluice_runs_finished_total{status=\"succeeded\",tenant=\"good\"} 1\n";

  CHECK(daemon->wait_until([&] { return ask("/metrics").find(finished) != std::string::npos; }));
  std::string scrape = ask("/metrics");
  CHECK_MESSAGE(scrape.find(counted) != std::string::npos, scrape);
  REQUIRE(scrape.ends_with("200"));
  scrape.resize(scrape.size() - 3);
  Program promtool{
      {.file = "/usr/bin/promtool", .arguments = {"check", "metrics"}, .environment = {}, .input = scrape}};
  const ProgramEnd checked = promtool.wait();
  const std::string said = checked.out + checked.err;
  CHECK_MESSAGE(checked.exit_code == 0, said);
  CHECK(ask("/healthz") == "{\"schema_version\":1,\"status\":\"ok\",\"problems\":[]}\n200");
  CHECK(daemon->wait_until([&] { return ask("/readyz").ends_with("200"); }));

  const std::string audit = ask("/api/v1/audit?limit=1");
  CHECK_MESSAGE(audit.find("\"next\":") != std::string::npos, audit);
  CHECK(ask("/api/v1/audit:verify").ends_with("200"));

  // A configuration that is not in force makes it unready, yet not unwell.
  scene.folder.write("config.json", R"({"tenant": {}})");
  daemon->send_signal(SIGHUP);
  CHECK(daemon->wait_until([&] { return ask("/readyz").ends_with("503"); }));
  CHECK(ask("/healthz").ends_with("200"));
  daemon->send_signal(SIGTERM);
  CHECK(daemon->wait().exit_code == 0);
}

TEST_CASE("daemon: a canceled run counts as ended, whether it was being sent or lay paused") {
  DaemonScene scene{200};
  scene.write_config(5);
  scene.submit("good");
  scene.submit("good");
  const std::unique_ptr<Program> daemon = scene.serve();
  REQUIRE(daemon->wait_until([&] { return scene.requests() >= 1; }));
  const auto order = [&](const std::string& verb, const std::string& run) {
    const ProgramEnd end = scene.tell({verb, run});
    CHECK_MESSAGE(end.exit_code == 0, end.err);
  };

  order("pause", "2");
  order("cancel", "2");
  order("cancel", "1");

  constexpr std::string_view both = "sluice_runs_finished_total{status=\"canceled\",tenant=\"good\"} 2\n";
  CHECK(daemon->wait_until([&] { return scene.ask("/metrics").find(both) != std::string::npos; }));
  daemon->send_signal(SIGTERM);
  CHECK(daemon->wait().exit_code == 0);
}

TEST_CASE("daemon: what a configuration that is read anew makes of a tenant shows in the next scrape") {
  DaemonScene scene{1};
  scene.write_key("bad.key", "testid2");
  const std::unique_ptr<Program> daemon = scene.serve();
  const auto shows = [&](const std::string& line) {
    return daemon->wait_until([&] { return scene.ask("/metrics").find("\n" + line) != std::string::npos; });
  };
  REQUIRE(shows("sluice_rate_limit_requests_per_second{tenant=\"good\"} 40\n"));
  REQUIRE(shows("sluice_endpoint_reachable{tenant=\"bad\"}"));

  const std::string good = R"("good": {"endpoint": ")" + scene.cloud->url() +
                           R"(", "rate": 9, "leave_to_others": 2, "credentials_file": "good.key"})";
  scene.folder.write("config.json", R"({"store": ")" + scene.store + R"(", "tenants": {)" + good + "}}");
  daemon->send_signal(SIGHUP);

  CHECK(shows("sluice_rate_limit_requests_per_second{tenant=\"good\"} 7\n"));
  CHECK(shows("sluice_rate_in_force_requests_per_second{tenant=\"good\"} 7\n"));
  CHECK(daemon->wait_until([&] {
    const std::string scrape = scene.ask("/metrics");
    return scrape.ends_with("200") &&
           scrape.find("sluice_endpoint_reachable{tenant=\"bad\"}") == std::string::npos;
  }));
  daemon->send_signal(SIGTERM);
  CHECK(daemon->wait().exit_code == 0);
}

TEST_CASE("daemon: each line of its log is one JSON object, also of what a gate and a dead process left") {
  DaemonScene scene{4, R"({"latency": {"constant_ms": 8000}})"};
  scene.submit("good");
  std::unique_ptr<Program> daemon = scene.serve();
  REQUIRE(daemon->wait_until([&] { return scene.requests() >= 1; }));
  daemon->send_signal(SIGKILL);
  CHECK(daemon->wait().exit_code == 128 + SIGKILL);
  simulator::Options quick = cloud_with();
  quick.accounts = 2;
  scene.start_cloud(std::move(quick));
  scene.write_config(40);
  scene.folder.write("gated.json",
                     job_text(R"("conflict": "allow", "stages": [{"devices": 1, "gate": {"check":
                       {"command": ["/nowhere/at/all"]}}}, {"percent": 100}],)"));

  daemon = scene.serve();

  const auto says = [&](std::string_view event) {
    return daemon->wait_until([&] { return daemon->err().find(event) != std::string::npos; });
  };
  CHECK(says("\"chunks_recovered\""));
  const ProgramEnd submitted = scene.tell({"submit", scene.folder / "gated.json", "--yes"});
  CHECK_MESSAGE(submitted.exit_code == 0, submitted.err);
  CHECK(says("\"outside_check_inconclusive\""));
  daemon->send_signal(SIGTERM);
  const ProgramEnd end = daemon->wait();
  CHECK(end.exit_code == 0);
  std::istringstream lines{end.err};
  for (std::string line; std::getline(lines, line);) {
    boost::system::error_code problem;
    CHECK_MESSAGE(boost::json::parse(line, problem).is_object(), line);
  }
}

TEST_CASE("daemon: a key from the environment is warned of once, taken out of it, and kept over a reload") {
  DaemonScene scene{2};
  scene.environment.push_back("ALIBABA_CLOUD_ACCESS_KEY_ID=testid1");
  std::erase(scene.environment, "ALIBABA_CLOUD_ACCESS_KEY_ID=testid");
  const auto write_config = [&](int rate) {
    scene.folder.write("config.json", fmt::format(R"({{"store": "{}", "tenants": {{"good": {{
        "endpoint": "{}", "rate": {}, "ca_file": "ca.pem"}}}}}})",
                                                  scene.store, scene.cloud->url(), rate));
  };
  write_config(40);
  scene.submit("good");
  const std::unique_ptr<Program> daemon = scene.serve();
  CHECK(scene.comes_to(*daemon, "1", "all devices accepted"));
  CHECK(content_of(fmt::format("/proc/{}/environ", daemon->id())).find("testsecret") == std::string::npos);

  write_config(30);
  daemon->send_signal(SIGHUP);
  REQUIRE(daemon->wait_until(
      [&] { return daemon->err().find("\"configuration_reloaded\"") != std::string::npos; }));
  scene.submit("good");
  CHECK(scene.comes_to(*daemon, "2", "all devices accepted"));

  daemon->send_signal(SIGTERM);
  const std::string log = daemon->wait().err;
  const std::size_t warned = log.find("\"key_from_environment\"");
  REQUIRE_MESSAGE(warned != std::string::npos, log);
  CHECK(log.find("\"key_from_environment\"", warned + 1) == std::string::npos);
}

TEST_CASE("daemon: why an account is not sent for, and why a run pauses, stands in its log") {
  const auto told = [](std::string_view fault_plan, std::string_view event) {
    DaemonScene scene{2, fault_plan};
    scene.submit("good");
    const std::unique_ptr<Program> daemon = scene.serve();
    CHECK(daemon->wait_until([&] { return daemon->err().find(event) != std::string::npos; }));
    daemon->send_signal(SIGTERM);
    const std::string log = daemon->wait().err;
    const std::size_t at = log.find(event);
    REQUIRE_MESSAGE(at != std::string::npos, log);
    return log.substr(at, log.find('\n', at) - at);
  };

  const std::string tenant = told(
      R"({"account": {"code": "InvalidAccessKeyId.Inactive", "http_status": 403}})", "\"tenant_paused\"");
  CHECK_MESSAGE(tenant.find("\"tenant\":\"good\",\"run\":1") != std::string::npos, tenant);
  CHECK_MESSAGE(tenant.find("InvalidAccessKeyId.Inactive") != std::string::npos, tenant);
  const std::string run = told(R"({"job": {"code": "iot.prod.NotExistedProduct"}})", "\"run_paused\"");
  CHECK_MESSAGE(run.find("\"tenant\":\"good\",\"run\":1,\"cause\":\"outcome\"") != std::string::npos, run);
  CHECK_MESSAGE(run.find("iot.prod.NotExistedProduct") != std::string::npos, run);
}

TEST_CASE("daemon: whoever looks sees each tenant's sends by the second, and why one of them is stuck") {
  DaemonScene scene{60};
  scene.submit("good");
  const std::unique_ptr<Program> daemon = scene.serve();
  REQUIRE(scene.comes_to(*daemon, "1", "all devices accepted"));
  const auto live = [&] {
    std::string told = scene.ask("/api/v1/live");
    REQUIRE_MESSAGE(told.ends_with("200"), told);
    told.resize(told.size() - 3);
    return boost::json::parse(told).at("tenants");
  };
  const auto sends = [&] {
    std::int64_t sum = 0;
    const boost::json::value tenants = live();
    for (const auto& count : tenants.at(1).at("sends").at("counts").as_array()) sum += count.as_int64();
    return sum;
  };

  CHECK(daemon->wait_until([&] { return sends() == 60; }));
  const boost::json::value tenants = live();
  CHECK(tenants.at(0).at("tenant") == "bad");
  CHECK(tenants.at(0).at("stuck").as_string().find("key") != std::string::npos);
  CHECK(tenants.at(1).at("tenant") == "good");
  CHECK(tenants.at(1).at("stuck") == "");
  CHECK(tenants.at(1).at("rate_limit") == 40);
  CHECK(tenants.at(1).at("in_flight") == 0);
  daemon->send_signal(SIGTERM);
  CHECK(daemon->wait().exit_code == 0);
}

TEST_CASE("daemon: the sample unit is exposed to no more than 1.5, by systemd's own count") {
  Program analyze{{.file = "/usr/bin/systemd-analyze",
                   .arguments = {"security", "--offline=true", "--threshold=15",
                                 SLUICE_SOURCE_DIR "/samples/sluice.service"},
                   .environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"},
                   .input = {}}};

  const ProgramEnd end = analyze.wait();

  // Above the threshold it is not 0.
  INFO(end.out, end.err);
  CHECK(end.exit_code == 0);
  CHECK(end.out.find("Overall exposure level for sluice.service: ") != std::string::npos);
}

TEST_CASE("daemon: the sample configuration is one that can be read") {
  Program serve{{.file = SLUICE_PROGRAM,
                 .arguments = {"serve", "--config", SLUICE_SOURCE_DIR "/samples/daemon_config.json",
                               "--store", "/dev/null/nowhere"},
                 .environment = {"PATH=/usr/bin:/bin"},
                 .input = {}}};

  const ProgramEnd end = serve.wait();

  // It gets as far as the store, which cannot be there.
  CHECK(end.exit_code != 3);
  CHECK(end.err.find("/dev/null/nowhere") != std::string::npos);
}

}  // namespace sluice::tests
