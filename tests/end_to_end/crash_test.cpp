// SPDX-License-Identifier: MIT
// kill -9 again and again: whatever the moment, nothing is sent twice, nothing is lost, and the rate holds
// over the restarts.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <csignal>
#include <cstdlib>
#include <random>

#include "end_to_end/truth.hpp"

namespace sluice::tests {
namespace {

using std::chrono::milliseconds;

constexpr int kills = 8;
// So many that a busy machine, on which the kills come late, is not done before the last of them.
constexpr std::size_t fleet = 1500;

/// Half of the kills come soon after the start, when the program opens, recovers, claims or keeps silent; the
/// other half while it sends, some requests later. Those are as many as it claims ahead, and more: a chunk
/// that is in flight at three deaths ends in doubt, as it should.
void kill_at_random_moment(const Scene& scene, Program& program, int kill, std::mt19937_64& random) {
  if (kill % 2 == 1) {
    program.ends_within(milliseconds{std::uniform_int_distribution{0, 1200}(random)});
  } else {
    const long arrivals = scene.cloud->summary().requests + std::uniform_int_distribution{24, 36}(random);
    program.wait_until([&] { return scene.cloud->summary().requests >= arrivals; });
    program.ends_within(milliseconds{std::uniform_int_distribution{0, 20}(random)});
  }
  program.send_signal(SIGKILL);
}

/// One run that is killed eight times at moments of which nothing is said, and then goes on to its end.
struct Killed {
  int times = 0;
  Truth truth;
};

constexpr const char* faults_of_every_other_run = R"({"latency": {"uniform_ms": [2, 25]},
    "reset_before_execution": 0.03, "reset_after_execution": 0.03})";

Killed kill_one_run(std::uint64_t seed, bool loses_answers, std::string& complaint) {
  std::mt19937_64 random{seed};
  Scene scene{fleet};
  scene.folder.write("job.json", job_text(R"("chunk_size": 5,)"));
  simulator::Options cloud =
      cloud_with(loses_answers ? faults_of_every_other_run : R"({"latency": {"uniform_ms": [2, 25]}})");
  cloud.requests_per_second = 60;
  cloud.seed = seed;
  scene.start_cloud(cloud);
  scene.rate = "60";

  Killed killed;
  for (int kill = 0; kill < kills; ++kill) {
    // Until a run is sealed there is none, and the job is run anew.
    const std::unique_ptr<Program> program =
        scene.start(newest_run(scene) ? scene.resume({"--quiet"}) : scene.run({"--quiet"}));
    const bool while_sending = std::bernoulli_distribution{0.6}(random);
    if (while_sending) {
      const long arrivals = scene.cloud->summary().requests + std::uniform_int_distribution{1, 30}(random);
      program->wait_until([&] { return scene.cloud->summary().requests >= arrivals; });
      program->ends_within(milliseconds{std::uniform_int_distribution{0, 20}(random)});
    } else {
      program->ends_within(milliseconds{std::uniform_int_distribution{0, 1600}(random)});
    }
    program->send_signal(SIGKILL);
    killed.times += program->wait().exit_code == 128 + SIGKILL ? 1 : 0;
  }
  const ProgramEnd finished = finish(scene);
  killed.truth = truth_of(scene, fleet, 60);
  const bool is_expected_end = finished.exit_code == (killed.truth.in_doubt > 0 ? 10 : 0);
  if (!killed.truth.holds() || !is_expected_end) {
    complaint = fmt::format("seed {}: ended with {}: {}\n{}", seed, finished.exit_code, to_text(killed.truth),
                            finished.err);
  }
  return killed;
}

/// How many kills the long test does: as many as kill_cycles.sh asks for.
int cycles_wanted() {
  const char* wanted = std::getenv("SLUICE_KILL_CYCLES");
  return wanted == nullptr ? 100 : std::stoi(wanted);
}

}  // namespace

TEST_CASE("end to end: a run that is killed eight times sends to each device exactly once, within its rate") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random{seed};
  Scene scene{fleet};
  scene.folder.write("job.json", job_text(R"("chunk_size": 5,)"));
  simulator::Options cloud = cloud_with(R"({"latency": {"uniform_ms": [2, 25]}})");
  cloud.requests_per_second = 60;
  scene.start_cloud(cloud);
  scene.rate = "60";
  REQUIRE(scene
              .sluice({"submit", scene.job, "--yes", "--store", scene.store, "--rate", "60", "--endpoint",
                       scene.cloud->url()})
              .exit_code == 0);

  for (int kill = 0; kill < kills; ++kill) {
    std::unique_ptr<Program> program = scene.start(scene.resume());
    kill_at_random_moment(scene, *program, kill, random);
    const ProgramEnd killed = program->wait();
    CHECK_MESSAGE(killed.exit_code == 128 + SIGKILL, killed.err);
  }
  const ProgramEnd finished = scene.sluice(scene.resume({"--output", "json"}));

  REQUIRE_MESSAGE(finished.exit_code == 0, finished.err);
  const boost::json::object summary = json_object(finished.out);
  const std::int64_t accepted = summary.at("devices").at("accepted").as_int64();
  const std::int64_t presumed = summary.at("devices").at("presumed").as_int64();
  CHECK(accepted + presumed == static_cast<std::int64_t>(fleet));
  CHECK(each_once(scene.executions(), fleet));
  const simulator::Summary seen = scene.cloud->summary();
  CHECK(seen.throttled == 0);
  CHECK(seen.most_arrivals_in_any_window <= 60);
  // Undecided is what attempts cut off by a kill leave, for nobody knows when those were sent.
  const ProgramEnd verified = scene.sluice({"verify-rate", "1", "--store", scene.store, "--output", "json"});
  CHECK(verified.exit_code == 0);
  CHECK(json_object(verified.out).at("verdict") != "exceeded");
}

TEST_CASE("end to end: runs killed at random moments, with and without lost answers, keep every promise") {
  const std::uint64_t seed = std::random_device{}();
  const int wanted = cycles_wanted();
  std::vector<std::string> complaints;
  std::size_t runs = 0;
  int cycles = 0;
  Truth sum;
  // A program that is done before it is killed is no cycle: on a busy machine others are killed in its place.
  for (int rounds = 0; cycles < wanted && complaints.empty() && rounds < 10; ++rounds) {
    std::vector<Killed> killed(static_cast<std::size_t>((wanted - cycles + kills - 1) / kills));
    complaints = complaints_of(killed.size(), [&](std::size_t i) {
      std::string complaint;
      killed[i] = kill_one_run(seed + runs + i, (runs + i) % 2 == 1, complaint);
      return complaint;
    });
    runs += killed.size();
    for (const Killed& one : killed) {
      cycles += one.times;
      sum += one.truth;
    }
  }

  CHECK_MESSAGE(complaints.empty(), fmt::format("{}", fmt::join(complaints, "\n")));
  MESSAGE(
      fmt::format("seed {}: {} runs of {} devices, {} kills: {}", seed, runs, fleet, cycles, to_text(sum)));
  CHECK(cycles >= wanted);
}

}  // namespace sluice::tests
