// SPDX-License-Identifier: MIT
// The store, lent to a thread that submits while others settle.
#include "app/lent_store.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <memory>
#include <optional>

#include "app/background.hpp"
#include "sluice/store/async_store.hpp"
#include "sluice/store/open_store.hpp"
#include "store/store_fixture.hpp"
#include "support/temporary_folder.hpp"

using namespace sluice;
using namespace sluice::store_tests;

namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;

/// A store file with its database thread, as the daemon has it.
struct Scene {
  ~Scene() { database.join(); }

  tests::TemporaryFolder folder;
  const std::string file = folder / "store/sluice.db";
  std::unique_ptr<Store> store = expect(open_store(file, noon));
  std::unique_ptr<StoreReader> reader = expect(open_store_reader(file));
  asio::io_context loop{1};  // outlives the thread that posts to it
  asio::thread_pool database{1};
  LentStore lent{*store, database.get_executor(), *reader};
};

/// The slices of a submit: 500 chunks of 100 devices each.
Result<RunId> submit_slices(Store& store, int slices) {
  const Result<RunId> run = store.create_run({.job_name = "large",
                                              .tenant = "other",
                                              .endpoint = "https://iot.example",
                                              .job_text = "{}",
                                              .rate = 10,
                                              .created_at = noon});
  if (run.has_error()) return run;
  std::vector<NewChunk> slice;
  for (int i = 0; i < 500; ++i) slice.push_back({.devices = 100, .names = names(i * 100, 100)});
  for (int i = 0; i < slices; ++i) {
    const Result<void> added = store.add_chunks(*run, slice);
    if (added.has_error()) return added.error();
  }
  const Result<void> sealed = store.seal_run(*run, 0);
  if (sealed.has_error()) return sealed.error();
  return run;
}

}  // namespace

TEST_CASE("lent store: what is recorded through it is on record, in a group or by itself") {
  Scene scene;

  const RunId run = submit(scene.lent, {100, 50});
  CHECK(expect(scene.store->run(run))->devices.pending == 150);
  expect(scene.lent.begin());
  expect(scene.lent.set_tenant_pause("prod", "a reason", noon));
  // Between begin and commit its own words are read back.
  CHECK(expect(scene.lent.run(run))->tenant_pause_reason == "a reason");
  expect(scene.lent.commit());
  CHECK(expect(scene.lent.run(run))->tenant_pause_reason == "a reason");

  expect(scene.lent.begin());
  expect(scene.lent.set_tenant_pause("prod", "", noon));
  scene.lent.abandon();
  CHECK(expect(scene.lent.run(run))->tenant_pause_reason == "a reason");
}

TEST_CASE("lent store: after its stop nothing more is recorded, not even what has begun") {
  Scene scene;
  const RunId run = submit(scene.lent, {100});
  expect(scene.lent.begin());
  expect(scene.lent.set_tenant_pause("prod", "a reason", noon));

  scene.lent.stop();

  CHECK(kind_of(scene.lent.commit()) == ErrorKind::refused);
  CHECK(kind_of(scene.lent.set_tenant_pause("prod", "a reason", noon)) == ErrorKind::refused);
  CHECK(expect(scene.store->run(run))->tenant_pause_reason.empty());
}

TEST_CASE("lent store: while a million devices are submitted, others wait for no more than one slice") {
  Scene scene;
  asio::io_context& loop = scene.loop;
  AsyncStore store{*scene.store, loop.get_executor(), scene.database.get_executor()};
  Background worker{loop.get_executor()};
  std::optional<Result<RunId>> submitted;
  steady_clock::duration longest{0};
  int calls = 0;

  const auto submit_all = [&]() -> asio::awaitable<void> {
    auto work = [&] { return submit_slices(scene.lent, 20); };
    submitted = co_await worker.call(std::move(work));
  };
  const auto record_meanwhile = [&]() -> asio::awaitable<void> {
    while (!submitted) {
      const auto asked_at = steady_clock::now();
      auto work = [](Store& one) { return one.set_tenant_pause("prod", "", noon); };
      const Result<void> done = co_await store.call(std::move(work));
      longest = std::max(longest, steady_clock::now() - asked_at);
      ++calls;
      if (done.has_error()) co_return;
    }
  };
  asio::co_spawn(loop, submit_all(), [](const std::exception_ptr&) {});
  asio::co_spawn(loop, record_meanwhile(), [](const std::exception_ptr&) {});
  loop.run();

  REQUIRE(submitted.has_value());
  CHECK(expect(scene.store->run(expect(std::move(*submitted))))->devices.pending == 1'000'000);
  // About one call between any two slices.
  CHECK(calls >= 10);
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(longest).count();
  MESSAGE(fmt::format("{} calls beside a submit of a million devices; the longest took {} ms", calls,
                      milliseconds));
}
