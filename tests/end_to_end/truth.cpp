// SPDX-License-Identifier: MIT
#include "end_to_end/truth.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <boost/json/array.hpp>
#include <exception>
#include <map>
#include <mutex>
#include <sstream>
#include <thread>

namespace sluice::tests {
namespace {

namespace json = boost::json;

constexpr std::size_t games_at_a_time = 12;

std::map<std::string, std::vector<std::string>> words_of_devices(const Scene& scene, const std::string& run) {
  std::map<std::string, std::vector<std::string>> words;
  std::istringstream lines{scene.sluice({"results", run, "--store", scene.store, "--output", "ndjson"}).out};
  for (std::string line; std::getline(lines, line);) {
    const json::object row = json_object(line);
    const std::string state = member_text(row, "state");
    const bool is_presumed = state == "accepted" && row.at("evidence") == "presumed";
    words[member_text(row, "device")].push_back(is_presumed ? "presumed" : state);
  }
  return words;
}

bool add_up(const json::object& counted, const std::map<std::string, long>& devices_by_word) {
  const auto devices = [&](const char* word) {
    const auto found = devices_by_word.find(word);
    return found == devices_by_word.end() ? 0 : found->second;
  };
  return std::all_of(counted.begin(), counted.end(), [&](const auto& counter) {
    const std::string name{counter.key()};
    if (name == "total") return true;
    return counter.value().as_int64() == devices(name.c_str());
  });
}

}  // namespace

Truth& Truth::operator+=(const Truth& other) {
  sends += other.sends;
  executed_twice += other.executed_twice;
  lost += other.lost;
  wrong += other.wrong;
  confirmed += other.confirmed;
  presumed += other.presumed;
  in_doubt += other.in_doubt;
  rate_violations += other.rate_violations;
  counters_add_up &= other.counters_add_up;
  return *this;
}

Truth truth_of(const Scene& scene, std::size_t fleet, long requests_per_second) {
  Truth truth;
  const simulator::Summary seen = scene.cloud->summary();
  truth.sends = seen.requests;
  truth.rate_violations = std::max(0L, seen.most_arrivals_in_any_window - requests_per_second);

  const std::map<std::string, int> executions = scene.executions();
  for (const auto& [device, times] : executions) truth.executed_twice += times > 1 ? 1 : 0;

  const std::optional<std::string> run = newest_run(scene);
  if (!run) {
    truth.lost = static_cast<long>(fleet);
    truth.counters_add_up = false;
    return truth;
  }
  const auto words = words_of_devices(scene, *run);
  std::map<std::string, long> devices_by_word;
  std::istringstream list{device_lines(fleet)};
  for (std::string device; std::getline(list, device);) {
    const auto said = words.find(device);
    if (said == words.end() || said->second.size() != 1) {
      ++truth.lost;
      continue;
    }
    const std::string& word = said->second.front();
    ++devices_by_word[word];
    const bool is_executed = executions.count(device) == 1;
    if (word == "accepted" || word == "presumed") {
      truth.wrong += is_executed ? 0 : 1;
    } else if (word == "failed" || word == "canceled") {
      truth.wrong += is_executed ? 1 : 0;
    } else if (word != "in_doubt") {
      ++truth.lost;
    }
  }
  truth.confirmed = devices_by_word["accepted"];
  truth.presumed = devices_by_word["presumed"];
  truth.in_doubt = devices_by_word["in_doubt"];

  const json::object status =
      json_object(scene.sluice({"status", *run, "--store", scene.store, "--output", "json"}).out);
  truth.counters_add_up = words.size() == fleet &&
                          add_up(status.at("devices").as_object(), devices_by_word) &&
                          status.at("devices").at("total") == static_cast<std::int64_t>(fleet);
  return truth;
}

std::string to_text(const Truth& truth) {
  return fmt::format(
      "sends {}, executed twice {}, lost {}, wrong {}, confirmed {}, presumed {}, in doubt {}, rate "
      "violations {}{}",
      truth.sends, truth.executed_twice, truth.lost, truth.wrong, truth.confirmed, truth.presumed,
      truth.in_doubt, truth.rate_violations, truth.counters_add_up ? "" : ", and the counters do not add up");
}

std::optional<std::string> newest_run(const Scene& scene) {
  const ProgramEnd list = scene.sluice({"list", "--store", scene.store, "--output", "json"});
  if (list.exit_code != 0) return std::nullopt;
  const json::object listed = json_object(list.out);
  const json::array& runs = listed.at("runs").as_array();
  if (runs.empty()) return std::nullopt;
  return std::to_string(runs.front().at("run").as_int64());
}

ProgramEnd finish(const Scene& scene) {
  Words resume_all = scene.resume({"--quiet"});
  resume_all.erase(resume_all.begin() + 1);
  ProgramEnd resumed = scene.sluice(resume_all);
  if (newest_run(scene)) return resumed;
  return scene.sluice(scene.run({"--quiet"}));
}

std::vector<std::string> complaints_of(std::size_t count,
                                       const std::function<std::string(std::size_t)>& play) {
  std::vector<std::string> complaints;
  std::mutex mutex;
  std::atomic<std::size_t> next = 0;
  const auto play_on = [&] {
    for (std::size_t game = next++; game < count; game = next++) {
      std::string complaint;
      try {
        complaint = play(game);
      } catch (const std::exception& problem) {
        complaint = fmt::format("game {}: {}", game, problem.what());
      }
      const std::lock_guard lock{mutex};
      if (!complaint.empty()) complaints.push_back(std::move(complaint));
    }
  };
  std::vector<std::thread> players;
  for (std::size_t i = 0; i < std::min(count, games_at_a_time); ++i) players.emplace_back(play_on);
  for (std::thread& player : players) player.join();
  return complaints;
}

}  // namespace sluice::tests
