// SPDX-License-Identifier: MIT
// Reading beside the writer: one moment of the store in each call, and no more calls than can be borne.
#include "sluice/store/read_side.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <stdexcept>
#include <vector>

#include "store/store_engines.hpp"
#include "store/store_fixture.hpp"

using namespace sluice;
using namespace sluice::store_tests;

namespace {

struct Scene {
  template <class Work>
  void ask(Work work) {
    boost::asio::co_spawn(loop, answer_to(std::move(work)),
                          [](std::exception_ptr problem) { REQUIRE_FALSE(problem); });
    loop.restart();
    loop.poll();
  }

  template <class Work>
  boost::asio::awaitable<void> answer_to(Work work) {
    answers.push_back(co_await reads.call(std::move(work)));
  }

  void answer_all() {
    thread.restart();
    thread.poll();
    loop.restart();
    loop.poll();
  }

  SqliteHome home;
  std::unique_ptr<Store> store = expect(home.open(noon));
  std::unique_ptr<BoundedReader> reader = expect(open_bounded_reader(home.path(), 10min));
  boost::asio::io_context loop;
  boost::asio::io_context thread;
  ReadSide reads{*reader, loop.get_executor(), thread.get_executor(), /*waiting_max=*/2};
  std::vector<Result<std::size_t>> answers;
};

}  // namespace

TEST_CASE("read_side: a call sees one moment of the store, whatever is written while it reads") {
  Scene scene;
  submit(*scene.store, {1});

  scene.ask([&scene](StoreReader& reader) -> Result<std::size_t> {
    const std::size_t before = expect(reader.runs(10)).size();
    submit(*scene.store, {1});
    return before * 10 + expect(reader.runs(10)).size();
  });
  scene.answer_all();
  scene.ask([](StoreReader& reader) -> Result<std::size_t> { return expect(reader.runs(10)).size(); });
  scene.answer_all();

  REQUIRE(scene.answers.size() == 2);
  CHECK(expect(scene.answers[0]) == 11);
  CHECK(expect(scene.answers[1]) == 2);
}

TEST_CASE("read_side: a call beyond those that may wait is refused at once, and room comes back") {
  Scene scene;
  const auto count = [](StoreReader& reader) -> Result<std::size_t> {
    return expect(reader.runs(10)).size();
  };

  for (int i = 0; i < 3; ++i) scene.ask(count);

  REQUIRE(scene.answers.size() == 1);
  CHECK(kind_of(scene.answers[0]) == ErrorKind::storage_busy);
  scene.answer_all();
  scene.ask(count);
  scene.answer_all();
  REQUIRE(scene.answers.size() == 4);
  CHECK(expect(scene.answers[3]) == 0);
}

TEST_CASE("read_side: work that throws fails alone") {
  Scene scene;

  scene.ask([](StoreReader&) -> Result<std::size_t> { throw std::runtime_error{"oops"}; });
  scene.ask([](StoreReader& reader) -> Result<std::size_t> { return expect(reader.runs(10)).size(); });
  scene.answer_all();

  REQUIRE(scene.answers.size() == 2);
  CHECK(kind_of(scene.answers[0]) == ErrorKind::unexpected);
  CHECK(expect(scene.answers[1]) == 0);
}
