// SPDX-License-Identifier: MIT
// How fast a run is drained when nothing holds it back: the shipped dispatcher, store and transport in one
// process, at full durability, and a sink in another that answers every request with success over plain HTTP.
// A program of its own rather than a part of sluice_bench: memory is a process's high-water mark.
// Usage: sluice_drain CHUNKS DEVICES_PER_CHUNK [FOLDER]   prints "chunks/s, CPU seconds per 1,000 chunks,
// peak MB"
//        sluice_drain sink                                prints its port and serves until standard input
//        ends
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/must.hpp"
#include "bench/sink.hpp"
#include "sluice/engine/dispatcher.hpp"
#include "sluice/store/async_store.hpp"
#include "sluice/store/open_store.hpp"
#include "sluice/transport/https.hpp"

namespace {

namespace asio = boost::asio;
using namespace sluice;
using bench::must;

constexpr int requests_in_flight = 64;
// As much as a job file may ask for: ten times what is to be reached, so the pacer has no say.
constexpr double requests_per_second = 100'000;

UtcTime utc_now() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

/// Runs the work in a process of its own, so that its memory is not counted with ours.
template <class Work>
pid_t fork_and_run(Work work) {
  const pid_t child = ::fork();
  if (child < 0) std::abort();
  if (child > 0) return child;
  // Whatever ends this process ends the child too.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  work();
  ::_exit(0);
}

void import_run(const std::string& path, int chunks, int devices_per_chunk) {
  constexpr int slice_max = 200;
  const std::unique_ptr<Store> store = must(open_store(path, utc_now()));
  const RunId run = must(store->create_run({.job_name = "drain",
                                            .tenant = "bench",
                                            .endpoint = "http://127.0.0.1",
                                            .job_text = "{}",
                                            .rate = requests_per_second,
                                            .created_at = utc_now()}));
  int device = 0;
  for (int added = 0; added < chunks; added += slice_max) {
    std::vector<NewChunk> slice(static_cast<std::size_t>(std::min(slice_max, chunks - added)));
    for (NewChunk& chunk : slice) {
      chunk.devices = devices_per_chunk;
      for (int i = 0; i < devices_per_chunk; ++i) chunk.names += fmt::format("device-{:08}\n", device++);
    }
    must(store->add_chunks(run, slice));
  }
  must(store->seal_run(run, 0));
}

Job drained_job() {
  Job job;
  job.name = "drain";
  job.call = {.product_key = "a1BwAGVxxxx",
              .identifier = "Set",
              .args = R"({"version": "2.14.0", "ratio": 10.0})",
              .qos = 1,
              .iot_instance_id = "iot-06z00000000000",
              .parameters = {}};
  return job;
}

/// Nobody watches.
class Bystander : public Observer {
 public:
  void attempt_sent(const AttemptSent&, SteadyTime) override {}
  void attempt_settled(const AttemptSettled&, SteadyTime) override {}
  void rate_changed(double) override {}
  void endpoint_lost(std::string_view) override {}
  void endpoint_back() override {}
};

void dispatch(Store& store, const std::string& endpoint_text) {
  asio::io_context loop{1};
  asio::thread_pool database{1};
  AsyncStore async_store{store, loop.get_executor(), database.get_executor()};
  const std::unique_ptr<Clock> clock = open_system_clock(loop.get_executor());
  const std::unique_ptr<Randomness> randomness = open_system_randomness();
  HttpsOptions options;
  options.connections_max = requests_in_flight;
  const Endpoint endpoint = must(parse_endpoint(endpoint_text));
  const std::unique_ptr<Transport> transport =
      must(open_https_transport(loop.get_executor(), endpoint, options));
  Bystander observer;
  Dispatcher dispatcher{loop.get_executor(),
                        async_store,
                        *transport,
                        *clock,
                        *randomness,
                        observer,
                        {.tenant = "bench",
                         .runs = {{RunId{1}, drained_job()}},
                         .endpoint = to_string(endpoint),
                         .dialect = {},
                         .credentials = {.access_key_id = "LTAIxxxxxxxxxxxxxxxxxxxx",
                                         .access_key_secret = Secret{std::string(30, 's')},
                                         .security_token = {}},
                         .requests_per_second = requests_per_second,
                         .in_flight_max = requests_in_flight,
                         .not_before = clock->steady_now()}};
  std::optional<Result<void>> done;
  asio::co_spawn(loop, dispatcher.run(), [&](std::exception_ptr problem, Result<void> result) {
    if (problem) std::rethrow_exception(problem);
    done = std::move(result);
    transport->close();
  });
  loop.run();
  database.join();
  must(*done);
}

double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

double peak_megabytes() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_maxrss) / 1024;
}

void require_all_accepted(Store& store, int chunks) {
  const std::optional<RunRecord> run = must(store.run(RunId{1}));
  if (run && run->chunks.accepted == chunks && run->requests == chunks) return;
  std::fprintf(stderr, "benchmark: not every chunk was sent once and accepted\n");
  std::exit(1);
}

int drain(int chunks, int devices_per_chunk, const std::filesystem::path& parent) {
  std::string folder = (parent / "sluice-drain-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) std::abort();
  const std::string path = folder + "/drain.db";

  bench::Sink sink;
  const std::string endpoint = fmt::format("http://127.0.0.1:{}", sink.port());
  const pid_t server = fork_and_run([&] { sink.serve(); });
  const pid_t importer = fork_and_run([&] { import_run(path, chunks, devices_per_chunk); });
  int status = 0;
  ::waitpid(importer, &status, 0);
  if (status != 0) return 1;
  {
    const std::unique_ptr<Store> store = must(open_store(path, utc_now()));
    const double cpu_before = cpu_seconds();
    const auto begun = std::chrono::steady_clock::now();
    dispatch(*store, endpoint);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    const double cpu = cpu_seconds() - cpu_before;
    require_all_accepted(*store, chunks);
    fmt::print("{:.0f} {:.4f} {:.1f}\n", chunks / took.count(), cpu * 1000 / chunks, peak_megabytes());
  }
  ::kill(server, SIGKILL);
  ::waitpid(server, &status, 0);
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  return 0;
}

int serve_until_input_ends() {
  bench::Sink sink;
  fmt::print("{}\n", sink.port());
  std::fflush(stdout);
  const pid_t server = fork_and_run([&] { sink.serve(); });
  while (std::getchar() != EOF) {
  }
  ::kill(server, SIGKILL);
  return 0;
}

std::optional<int> number_of(std::string_view text) {
  int number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc{} || end != text.data() + text.size() || number < 1) return std::nullopt;
  return number;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  if (words.size() == 1 && words[0] == "sink") return serve_until_input_ends();
  const std::optional<int> chunks = words.size() >= 2 ? number_of(words[0]) : std::nullopt;
  const std::optional<int> devices = words.size() >= 2 ? number_of(words[1]) : std::nullopt;
  if (!chunks || !devices || words.size() > 3) {
    std::fprintf(stderr, "usage: sluice_drain CHUNKS DEVICES_PER_CHUNK [FOLDER] | sluice_drain sink\n");
    return 2;
  }
  return drain(*chunks, *devices,
               words.size() == 3 ? std::filesystem::path{words[2]} : std::filesystem::temp_directory_path());
}
