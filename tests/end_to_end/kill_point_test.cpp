// SPDX-License-Identifier: MIT
// The real program dies at every place that has a name, and goes on: whatever the place, what it says of each
// device agrees with the cloud's ledger.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <set>

#include "end_to_end/truth.hpp"
#include "sluice/core/kill_point.hpp"

namespace sluice::tests {
namespace {

/// What the program does as it gets there.
enum class Doing { runs, resumes, stops };

struct Place {
  KillPoint point;
  std::vector<int> times;  ///< it dies there the first time, the third …
  Doing doing = Doing::runs;
};

const std::vector<Place> places{
    {KillPoint::migrate_step, {1, 2, 3, 4}},  // before and after the commits of two migrations
    {KillPoint::seal_checkpoint, {1}},        // once an open
    {KillPoint::seal_checkpoint, {1}, Doing::resumes},
    {KillPoint::recover_inside, {1, 3}, Doing::resumes},
    {KillPoint::recover_after, {1}, Doing::resumes},
    {KillPoint::import_slice, {1, 3}},
    {KillPoint::import_seal, {1}},
    {KillPoint::import_sealed, {1}},
    {KillPoint::claim_before, {1, 3}},
    {KillPoint::claim_inside, {1, 3}},
    {KillPoint::claim_after, {1, 3}},
    {KillPoint::commit_before, {1, 3}},
    {KillPoint::commit_after, {1, 3}},
    {KillPoint::intent_durable, {1, 3}},
    {KillPoint::wire_first_byte, {1, 3}},
    {KillPoint::wire_last_byte, {1, 3}},
    {KillPoint::answer_first_byte, {1, 3}},
    {KillPoint::answer_complete, {1, 3}},
    {KillPoint::settle_before, {1, 3}},
    {KillPoint::settle_inside, {1, 3}},
    {KillPoint::settle_after, {1, 3}},
    {KillPoint::drain, {1, 3}, Doing::stops},
};

struct Death {
  KillPoint point;
  int times;
  Doing doing;

  std::string text() const {
    for (const auto& [known, name] : kill_points) {
      if (known == point) return fmt::format("{}:{}", name, times);
    }
    return "a place without a name";
  }
};

std::vector<Death> all_deaths() {
  std::vector<Death> deaths;
  for (const Place& place : places) {
    for (const int times : place.times) deaths.push_back({place.point, times, place.doing});
  }
  return deaths;
}

/// Starts the program so that it dies there. @return how it ended
ProgramEnd die(Scene& scene, const Death& death) {
  if (death.doing == Doing::resumes) {
    scene.environment.push_back("SLUICE_TEST_KILL_AT=wire.last_byte:5");
    scene.sluice(scene.run());
    scene.environment.pop_back();
  }
  scene.environment.push_back("SLUICE_TEST_KILL_AT=" + death.text());
  const std::unique_ptr<Program> program =
      scene.start(death.doing == Doing::resumes ? scene.resume() : scene.run());
  if (death.doing == Doing::stops) {
    program->wait_until([&] { return scene.cloud->summary().requests >= 5; });
    program->send_signal(SIGINT);
  }
  scene.environment.pop_back();
  return program->wait();
}

/// Answers that come within milliseconds, but where the program dies while it waits for the last ones: there
/// they take so long that the signal finds many on their way, and so differently that they come one by one.
std::string cloud_plan(const Death& death, std::string_view losses) {
  return fmt::format(R"({{"latency": {{"uniform_ms": [{}]}}{}}})",
                     death.doing == Doing::stops ? "300, 1500" : "5, 40", losses);
}

/// @param losses further members of the cloud's fault plan
/// @return what was wrong; empty: nothing
std::string play(const Death& death, std::string_view losses) {
  // Several slices need many chunks; the rest is quicker with few.
  const bool needs_slices = death.point == KillPoint::import_slice;
  const std::size_t fleet = needs_slices ? 1100 : 200;
  const int rate = needs_slices ? 500 : 60;
  Scene scene{fleet};
  scene.folder.write("job.json", job_text(needs_slices ? R"("chunk_size": 1,)" : R"("chunk_size": 5,)"));
  simulator::Options cloud = cloud_with(cloud_plan(death, losses));
  cloud.requests_per_second = rate;
  scene.start_cloud(cloud);
  scene.rate = std::to_string(rate);

  const ProgramEnd died = die(scene, death);
  if (died.exit_code != 128 + SIGKILL) {
    return fmt::format("{}: it did not die there but ended with {}: {}", death.text(), died.exit_code,
                       died.err);
  }
  const ProgramEnd finished = finish(scene);
  const Truth truth = truth_of(scene, fleet, rate);
  // Doubt is the truth only where answers are lost: one death leaves two repetitions.
  const bool may_doubt = !losses.empty();
  const bool is_expected_end = finished.exit_code == (truth.in_doubt > 0 ? 10 : 0);
  if (truth.holds() && is_expected_end && (may_doubt || truth.in_doubt == 0)) return {};
  return fmt::format("{}: then ended with {}: {}\n{}", death.text(), finished.exit_code, to_text(truth),
                     finished.err);
}

void check_all_deaths(std::string_view losses) {
  const std::vector<Death> deaths = all_deaths();
  const std::vector<std::string> complaints =
      complaints_of(deaths.size(), [&](std::size_t i) { return play(deaths[i], losses); });
  CHECK_MESSAGE(complaints.empty(), fmt::format("{}", fmt::join(complaints, "\n")));
}

}  // namespace

TEST_CASE("end to end: every place with a name is one that the program is killed at") {
  // Those that are none of a run's: schedule_test.cpp, backup_test.cpp and prune_test.cpp have them.
  const std::set<KillPoint> elsewhere{KillPoint::tick_insert,    KillPoint::tick_started,
                                      KillPoint::prune_batch,    KillPoint::backup_copied,
                                      KillPoint::restore_copied, KillPoint::restore_kept};
  for (const auto& [point, name] : kill_points) {
    const bool is_tested =
        elsewhere.contains(point) ||
        std::any_of(places.begin(), places.end(), [&](const Place& place) { return place.point == point; });
    CHECK_MESSAGE(is_tested, name);
  }
}

TEST_CASE("end to end: killed anywhere, a run goes on, executes each device once and leaves no doubt") {
  check_all_deaths("");
}

TEST_CASE(
    "end to end: killed anywhere while answers are lost, a run executes no device twice and hides no doubt") {
  check_all_deaths(R"(, "reset_before_execution": 0.05, "reset_after_execution": 0.05)");
}

TEST_CASE(
    "end to end: a place to die at that does not exist is refused, so that no test passes for lack of it") {
  Scene scene{1};
  scene.environment.push_back("SLUICE_TEST_KILL_AT=settle.insight:3");

  const ProgramEnd end = scene.sluice({"version"});

  CHECK(end.exit_code == 2);
  CHECK(end.err.find("settle.insight:3") != std::string::npos);
}

}  // namespace sluice::tests
