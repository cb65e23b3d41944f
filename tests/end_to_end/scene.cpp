// SPDX-License-Identifier: MIT
#include "end_to_end/scene.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <utility>
#include <variant>

namespace sluice::tests {
namespace {

namespace json = boost::json;

std::vector<json::object> objects_of_lines(const std::string& text) {
  std::vector<json::object> objects;
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);) objects.push_back(json_object(line));
  return objects;
}

}  // namespace

simulator::Options cloud_with(std::string_view fault_plan) {
  auto plan = simulator::parse_fault_plan(fault_plan, "fault plan");
  if (const auto* problem = std::get_if<std::string>(&plan)) throw std::runtime_error{*problem};
  simulator::Options options;
  options.tls = true;
  options.faults = std::get<simulator::FaultPlan>(std::move(plan));
  options.requests_per_second = 500;
  return options;
}

std::string device_lines(std::size_t count) {
  std::string lines;
  for (std::size_t i = 1; i <= count; ++i) lines += fmt::format("dev-{:06}\n", i);
  return lines;
}

std::string job_text(std::string_view members) {
  return fmt::format(
      R"({{"name": "fw-2.14", {} "call": {{"product_key": "a1BwAGVxxxx", "identifier": "Set", )"
      R"("args": {{"ratio": 10.0}}}}, "targets": {{"devices_file": "fleet.txt"}}}})",
      members);
}

Scene::Scene(std::size_t device_count)
    : store(folder / "store/sluice.db"),
      job(folder.write("job.json", job_text())),
      devices(folder.write("fleet.txt", device_lines(device_count))),
      ca_file(folder / "ca.pem"),
      environment{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + (folder / "home"),
                  "TMPDIR=" + (folder / "tmp"), "ALIBABA_CLOUD_ACCESS_KEY_ID=testid",
                  "ALIBABA_CLOUD_ACCESS_KEY_SECRET=testsecret"} {
  std::filesystem::create_directories(folder / "home");
  std::filesystem::create_directories(folder / "tmp");
  for (const char* name : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS"}) {
    if (const char* value = std::getenv(name)) environment.push_back(fmt::format("{}={}", name, value));
  }
}

void Scene::start_cloud(simulator::Options options) {
  cloud.reset();
  if (options.tls && options.certificate_file.empty()) options.ca_file_out = ca_file;
  options.ledger_file = folder / "ledger.ndjson";
  auto started = simulator::Simulator::start(std::move(options));
  if (const auto* problem = std::get_if<std::string>(&started)) throw std::runtime_error{*problem};
  cloud = std::get<std::unique_ptr<simulator::Simulator>>(std::move(started));
}

std::unique_ptr<Program> Scene::start(const Words& words, std::string input) const {
  return std::make_unique<Program>(ProgramStart{.file = SLUICE_PROGRAM,
                                                .arguments = words,
                                                .environment = environment,
                                                .input = std::move(input),
                                                .folder = folder.path().string()});
}

ProgramEnd Scene::sluice(const Words& words, std::string input) const {
  return start(words, std::move(input))->wait();
}

Words Scene::to_cloud(const Words& words) const {
  Words all{"--store", store, "--rate", rate, "--endpoint", cloud->url()};
  if (std::filesystem::exists(ca_file)) all.insert(all.end(), {"--ca-file", ca_file});
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

Words Scene::run(const Words& words) const {
  Words all = to_cloud(words);
  // Whoever writes a test means all of its devices.
  all.insert(all.begin(), {"run", job, "--yes"});
  return all;
}

Words Scene::resume(const Words& words) const {
  Words all = to_cloud(words);
  all.insert(all.begin(), {"resume", "1"});
  return all;
}

json::object Scene::status() const {
  return json_object(sluice({"status", "1", "--store", store, "--output", "json"}).out);
}

std::vector<json::object> Scene::results(const Words& words) const {
  Words all{"results", "1", "--store", store, "--output", "ndjson"};
  all.insert(all.end(), words.begin(), words.end());
  return objects_of_lines(sluice(all).out);
}

std::vector<json::object> Scene::ledger() const {
  return objects_of_lines(content_of(folder / "ledger.ndjson"));
}

std::map<std::string, int> Scene::executions() const {
  std::map<std::string, int> times;
  for (const json::object& request : ledger()) {
    if (!request.at("executed").as_bool()) continue;
    for (const json::value& name : request.at("device_names").as_array())
      ++times[std::string{name.as_string()}];
  }
  return times;
}

bool each_once(const std::map<std::string, int>& executions, std::size_t devices) {
  return executions.size() == devices && std::all_of(executions.begin(), executions.end(),
                                                     [](const auto& device) { return device.second == 1; });
}

std::string member_text(const json::object& object, std::string_view name) {
  return std::string{object.at(name).as_string()};
}

std::int64_t member_number(const json::object& object, std::string_view name) {
  return object.at(name).as_int64();
}

json::object json_object(std::string_view text) { return json::parse(text).as_object(); }

}  // namespace sluice::tests
