// SPDX-License-Identifier: MIT
#include "app/rehearsal_ground.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>
#include <variant>

#include "app/simulated_cloud.hpp"
#include "app/simulated_transport.hpp"
#include "app/store_options.hpp"
#include "app/system_now.hpp"
#include "clock/virtual_clock.hpp"
#include "engine/seeded_randomness.hpp"
#include "simulator/simulator.hpp"
#include "sluice/jobfile/device_name.hpp"
#include "sluice/store/open_store.hpp"

namespace sluice {
namespace asio = boost::asio;
namespace {

/// A folder of its own that is gone when the rehearsal is over.
class ScratchFolder {
 public:
  static Result<std::shared_ptr<ScratchFolder>> make() {
    std::string path = (std::filesystem::temp_directory_path() / "sluice-rehearsal-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr) {
      return Error{ErrorKind::storage, fmt::format("no folder for the rehearsal can be made at {}", path),
                   "Give the rehearsal a store of its own with --store FILE."};
    }
    return std::make_shared<ScratchFolder>(std::move(path));
  }
  explicit ScratchFolder(std::string path) : path_(std::move(path)) {}
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  std::string store() const { return path_ + "/rehearsal.db"; }

 private:
  std::string path_;
};

/// Everything that a rehearsal in virtual time refers to, in the order in which it may go.
struct VirtualWorld {
  explicit VirtualWorld(UtcTime start) : clock(loop, SteadyTime{std::chrono::hours{1}}, start) {}

  // The store counts from the start of the machine, and this one has just been started.
  BootClock boot_clock() {
    return {.boot_id = "virtual", .since_boot = [this] { return clock.steady_now().time_since_epoch(); }};
  }

  asio::io_context loop{1};
  VirtualClock clock;
  std::unique_ptr<SimulatedCloud> cloud;
};

/// No socket listens there: a loopback address, because to those any rate may be sent.
constexpr std::string_view virtual_url = "http://localhost";

SessionGround session_in(const std::shared_ptr<VirtualWorld>& world, std::uint64_t seed) {
  return {.loop = {world, &world->loop},
          .database = world->loop.get_executor(),
          .clock = {world, &world->clock},
          .randomness = std::make_shared<SeededRandomness>(seed),
          .open_transport = [world](const TenantSetup& setup) -> Result<std::unique_ptr<Transport>> {
            return std::make_unique<SimulatedTransport>(*world->cloud, world->clock, setup.endpoint,
                                                        setup.https);
          },
          .run_loop = [world] { world->clock.run(); },
          .is_watched = false};
}

Result<void> require_new(const std::string& store_path) {
  std::error_code unknown;
  if (store_path.empty() || !std::filesystem::exists(store_path, unknown)) return {};
  return Error{
      ErrorKind::refused,
      fmt::format("{} is there already, and a rehearsal in virtual time has other times than what is in it",
                  printable(store_path, 4096)),
      "Name a new file with --store, or leave it out."};
}

}  // namespace

Result<RehearsalGround> real_ground(const simulator::Options& cloud, const std::string& store_path) {
  auto started = simulator::Simulator::start(cloud);
  if (auto* problem = std::get_if<std::string>(&started)) return Error{ErrorKind::refused, *problem, ""};
  const std::shared_ptr<simulator::Simulator> simulator =
      std::get<std::unique_ptr<simulator::Simulator>>(std::move(started));
  std::shared_ptr<ScratchFolder> scratch;
  if (store_path.empty()) {
    Result<std::shared_ptr<ScratchFolder>> made = ScratchFolder::make();
    if (made.has_error()) return made.error();
    scratch = std::move(*made);
  }
  return RehearsalGround{.session = machine_ground(),
                         .url = simulator->url(),
                         .open_store =
                             [scratch, store_path] {
                               return open_store(scratch ? scratch->store() : store_path, system_now(),
                                                 system_boot_clock(), operators_store_options());
                             },
                         .end =
                             [simulator] {
                               simulator->stop();
                               return simulator->summary();
                             }};
}

Result<RehearsalGround> virtual_ground(const simulator::Options& cloud, const std::string& store_path,
                                       UtcTime start) {
  const Result<void> is_new = require_new(store_path);
  if (is_new.has_error()) return is_new.error();
  const auto world = std::make_shared<VirtualWorld>(start);
  Result<std::unique_ptr<SimulatedCloud>> opened = SimulatedCloud::open(cloud, world->clock);
  if (opened.has_error()) return opened.error();
  world->cloud = std::move(*opened);
  return RehearsalGround{.session = session_in(world, cloud.seed),
                         .url = std::string{virtual_url},
                         .open_store =
                             [world, store_path] {
                               if (store_path.empty())
                                 return open_memory_store(world->clock.utc_now(), world->boot_clock());
                               return open_store(store_path, world->clock.utc_now(), world->boot_clock(),
                                                 operators_store_options());
                             },
                         .end = [world] { return world->cloud->summary(); }};
}

}  // namespace sluice
