// SPDX-License-Identifier: MIT
// How long each page of the API takes on a large store: 100 runs of 10,000 chunks. Builds that store (a
// minute, 2 GB) unless it is there, and prints the slowest of several askings of each page, first and deep
// ones.
//
//   sluice_pages FILE [DEVICES_PER_CHUNK]
#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "app/read_routes.hpp"
#include "clock/virtual_clock.hpp"
#include "sluice/store/bounded_reader.hpp"
#include "sluice/store/open_store.hpp"

namespace {

using namespace sluice;

constexpr int runs = 100;
constexpr int chunks_per_run = 10'000;
constexpr UtcTime noon{std::chrono::seconds{1'800'000'000}};

[[noreturn]] void give_up(const std::string& why) {
  fmt::print(stderr, "{}\n", why);
  std::exit(1);
}

template <class T>
T must(Result<T> result) {
  if (result.has_error()) give_up(result.error().message);
  return std::move(*result);
}

class Database {
 public:
  explicit Database(const std::string& path) {
    if (sqlite3_open(path.c_str(), &db_) != SQLITE_OK) give_up("cannot open " + path);
  }
  ~Database() { sqlite3_close(db_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void run(const std::string& sql) {
    char* problem = nullptr;
    if (sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, &problem) != SQLITE_OK)
      give_up(problem + (": " + sql));
  }

  sqlite3_stmt* prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr) != SQLITE_OK) give_up(sqlite3_errmsg(db_));
    return statement;
  }

 private:
  sqlite3* db_ = nullptr;
};

/// Of a finished run 2 % of the chunks failed and 1 % are in doubt; the two newest runs are half done.
void build_run(Database& db, int run, int devices_per_chunk) {
  const bool is_under_way = run > runs - 2;
  db.run(fmt::format(
      "INSERT INTO runs (id, job_name, tenant, endpoint, rate, sealed, created_at_us, started_at_us)"
      " VALUES ({0}, 'job-{1}', 'tenant-{1}', 'https://iot.example', 10, 0, {2}, {2});"
      "INSERT INTO run_jobs VALUES ({0}, '{{\"name\":\"job\"}}');"
      "INSERT INTO stages VALUES ({0}, 1, 'canary', {3}, {2}, {2}), ({0}, 2, 'rest', {4}, {2}, NULL);",
      run, run % 10, to_microseconds(noon) + run, 100 * devices_per_chunk,
      (chunks_per_run - 100) * devices_per_chunk));
  db.run(fmt::format(
      "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {0} - 1)"
      "INSERT INTO chunks (id, run, position, devices, state, evidence, due_at_us, requests, stage)"
      " SELECT ({1} - 1) * {0} + i + 1, {1}, i * {2}, {2},"
      "   CASE WHEN {3} AND i >= {0} / 2 THEN 'pending' WHEN i % 100 < 2 THEN 'failed'"
      "        WHEN i % 100 = 2 THEN 'in_doubt' ELSE 'succeeded' END,"
      "   CASE WHEN ({3} AND i >= {0} / 2) OR i % 100 <= 2 THEN 'none' ELSE 'confirmed' END,"
      "   0, 1, CASE WHEN i < 100 THEN 1 ELSE 2 END FROM n;"
      "INSERT INTO attempts (id, chunk, run, number, nonce, timestamp, key_id, digest, owner, claimed_at_us,"
      "                      claimed_boottime_ns)"
      " SELECT id, id, run, 1, 'nonce-' || id, 't', 'key', 'digest', 1, {4} + id * 100000, 0"
      "   FROM chunks WHERE run = {1} AND state <> 'pending';"
      "INSERT INTO attempt_results (attempt, sent, sent_at_us, settled_at_us, outcome, http_status,"
      "                             request_id, code)"
      " SELECT id, 'sent', {4} + id * 100000, {4} + id * 100000 + 50000,"
      "   CASE state WHEN 'succeeded' THEN 'accepted' WHEN 'failed' THEN 'rejected_devices' ELSE 'silent' "
      "END,"
      "   200, '2D3E4F5A-0000-4000-8000-' || id, CASE state WHEN 'succeeded' THEN '' ELSE 'iot.device.Odd' "
      "END"
      "   FROM chunks WHERE run = {1} AND state <> 'pending';"
      "UPDATE chunks SET attempt = id, last_result = id WHERE run = {1} AND state <> 'pending';",
      chunks_per_run, run, devices_per_chunk, is_under_way ? 1 : 0, to_microseconds(noon)));
  sqlite3_stmt* insert = db.prepare("INSERT INTO chunk_devices VALUES (?1, ?2)");
  for (int chunk = 0; chunk < chunks_per_run; ++chunk) {
    std::string names;
    for (int device = 0; device < devices_per_chunk; ++device)
      names += fmt::format("dev-{:08}\n", chunk * devices_per_chunk + device);
    sqlite3_bind_int64(insert, 1, std::int64_t{run - 1} * chunks_per_run + chunk + 1);
    sqlite3_bind_text(insert, 2, names.data(), static_cast<int>(names.size()), SQLITE_TRANSIENT);
    if (sqlite3_step(insert) != SQLITE_DONE) give_up("cannot add devices");
    sqlite3_reset(insert);
  }
  sqlite3_finalize(insert);
  const auto counted = [](std::string_view state) {
    return fmt::format("(SELECT count(*) FROM chunks WHERE run = runs.id AND state = '{}')", state);
  };
  db.run(fmt::format(
      "UPDATE runs SET chunks_accepted = {1}, chunks_failed = {2}, chunks_in_doubt = {3}, chunks_pending = "
      "{4},"
      "  stage = 2, finished_at_us = CASE WHEN {6} THEN NULL ELSE created_at_us + 1000000000 END WHERE id = "
      "{0};"
      "UPDATE runs SET devices_accepted = chunks_accepted * {5}, devices_failed = chunks_failed * {5},"
      "  devices_in_doubt = chunks_in_doubt * {5}, devices_pending = chunks_pending * {5},"
      "  requests = chunks_accepted + chunks_failed + chunks_in_doubt, sealed = 1 WHERE id = {0};",
      run, counted("succeeded"), counted("failed"), counted("in_doubt"), counted("pending"),
      devices_per_chunk, is_under_way ? 1 : 0));
}

void build(const std::string& path, int devices_per_chunk) {
  must(open_store(path, noon)).reset();
  Database db{path};
  db.run("PRAGMA synchronous = OFF; PRAGMA cache_size = -200000;");
  for (int i = 0; i < 10; ++i) db.run(fmt::format("INSERT INTO tenants (name) VALUES ('tenant-{}')", i));
  for (int run = 1; run <= runs; ++run) {
    db.run("BEGIN");
    build_run(db, run, devices_per_chunk);
    db.run("COMMIT");
    fmt::print(stderr, "\rbuilt {} of {} runs", run, runs);
  }
  fmt::print(stderr, "\n");
}

class Bench {
 public:
  explicit Bench(const std::string& path)
      : reader_(must(open_bounded_reader(path, std::chrono::seconds{60}))),
        router_(read_routes(reads_, clock_, [] { return std::set<std::string>{}; })) {}

  /// @return where the last asked page goes on; empty: nowhere
  std::string ask(const std::string& target) {
    auto found = router_.admit({.method = "GET", .target = target, .client = {.scope = ApiScope::read}});
    if (!std::holds_alternative<Router::Admitted>(found)) give_up("no route: " + target);
    auto& admitted = std::get<Router::Admitted>(found);
    std::optional<ApiAnswer> answer;
    boost::asio::co_spawn(loop_, admitted.route->handler(std::move(admitted.request)),
                          [&](std::exception_ptr problem, ApiAnswer given) {
                            if (problem) std::rethrow_exception(problem);
                            answer.emplace(std::move(given));
                          });
    loop_.restart();
    loop_.run();
    if (answer->status != 200) give_up(target + ": " + (answer->error ? answer->error->message : "failed"));
    for (const auto& [name, value] : answer->headers) {
      if (name == "Link") return value.substr(1, value.find('>') - 1);
    }
    return {};
  }

  void measure(const std::string& target) {
    std::vector<double> all;
    for (int i = 0; i < 7; ++i) {
      const auto begin = std::chrono::steady_clock::now();
      ask(target);
      all.push_back(
          std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
    }
    std::ranges::sort(all);
    const double slowest = all.back();
    fmt::print("{:>9.2f} {:>9.2f}  {}{}\n", all[all.size() / 2], slowest, target,
               slowest > 50 ? "   OVER" : "");
  }

  /// The page that so many `next` lead to.
  std::string follow(std::string target, int pages) {
    for (; pages > 0; --pages) {
      std::string next = ask(target);
      if (next.empty()) break;
      target = std::move(next);
    }
    return target;
  }

 private:
  boost::asio::io_context loop_;
  VirtualClock clock_{loop_, SteadyTime{}, noon + std::chrono::hours{100}};
  std::unique_ptr<BoundedReader> reader_;
  ReadSide reads_{*reader_, loop_.get_executor(), loop_.get_executor()};
  Router router_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) give_up("usage: sluice_pages FILE [DEVICES_PER_CHUNK]");
  const std::string path = argv[1];
  if (!std::filesystem::exists(path)) build(path, argc > 2 ? std::atoi(argv[2]) : 100);

  Bench bench{path};
  fmt::print("{:>9} {:>9}  of 7 askings, in ms\n", "median", "slowest");
  for (const char* target : {"/api/v1/runs",
                             "/api/v1/runs?limit=1000",
                             "/api/v1/runs?status=paused",
                             "/api/v1/runs?tenant=tenant-3",
                             "/api/v1/runs?schedule=none",
                             "/api/v1/runs/1",
                             "/api/v1/runs/100",
                             "/api/v1/runs/100/why",
                             "/api/v1/runs/50/stages",
                             "/api/v1/runs/50/pace",
                             "/api/v1/runs/50/codes",
                             "/api/v1/runs/50/job",
                             "/api/v1/runs/50/doubts",
                             "/api/v1/runs/50/decisions",
                             "/api/v1/runs/50/chunk-map",
                             "/api/v1/runs/50/chunk-map?detail=true",
                             "/api/v1/runs/50/activity",
                             "/api/v1/runs/50/chunks",
                             "/api/v1/runs/50/chunks?limit=1000",
                             "/api/v1/runs/50/chunks?state=split",
                             "/api/v1/runs/50/chunks?state=in_doubt&limit=1000",
                             "/api/v1/chunks/500000/attempts",
                             "/api/v1/runs/50/devices",
                             "/api/v1/runs/50/devices?limit=1000",
                             "/api/v1/runs/50/devices?state=failed",
                             "/api/v1/runs/50/devices?state=canceled",
                             "/api/v1/runs/50/devices?state=in_doubt&limit=1000",
                             "/api/v1/runs/50/devices?search=00999999",
                             "/api/v1/runs/50/devices?prefix=none",
                             "/api/v1/runs/50/devices?code=none",
                             "/api/v1/runs/50/devices?state=failed&code=none",
                             "/api/v1/devices/dev-00999999",
                             "/api/v1/devices/none",
                             "/api/v1/events",
                             "/api/v1/events?limit=1000",
                             "/api/v1/events?tenant=none",
                             "/api/v1/events?order=newest_first",
                             "/api/v1/events?run=50",
                             "/api/v1/tenants",
                             "/api/v1/tenants/tenant-1",
                             "/api/v1/jobs"}) {
    bench.measure(target);
  }
  fmt::print("deep pages:\n");
  bench.measure(bench.follow("/api/v1/runs?limit=10", 9));
  bench.measure(bench.follow("/api/v1/runs/50/chunks?limit=1000", 9));
  bench.measure(bench.follow("/api/v1/runs/50/devices?limit=1000", 999));
  bench.measure(bench.follow("/api/v1/runs/50/devices?state=failed&limit=1000", 19));
  bench.measure(bench.follow("/api/v1/runs/50/doubts?limit=10", 9));
  bench.measure(bench.follow("/api/v1/devices/dev-00999999?limit=100", 10));
  bench.measure(bench.follow("/api/v1/events?limit=100", 2));
  return 0;
}
