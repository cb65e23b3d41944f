// SPDX-License-Identifier: MIT
// A store in which a bit is not what it was: whatever the place, nobody crashes or hangs, and what is wrong
// with the file is said of the file. That a text has been changed into another one, SQLite cannot tell.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "store/store_engines.hpp"
#include "store/store_fixture.hpp"

using namespace sluice;
using namespace sluice::store_tests;

namespace {

namespace fs = std::filesystem;

constexpr std::size_t sector_bytes = 512;

std::string content_of(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

void flip_bit(const std::string& path, std::size_t offset, unsigned bit) {
  std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
  file.seekg(static_cast<std::streamoff>(offset));
  const int byte = file.get();
  file.seekp(static_cast<std::streamoff>(offset));
  file.put(static_cast<char>(byte ^ (1 << bit)));
}

/// What a store says when it is asked for all there is.
struct Answers {
  std::string text;
  std::optional<Error> error;

  template <class T>
  bool keep(const Result<T>& result) {
    if (result.has_error()) error = result.error();
    return !error;
  }
};

Answers answers_of(StoreReader& reader) {
  Answers answers;
  const auto runs = reader.runs(100);
  if (!answers.keep(runs)) return answers;
  for (const RunRecord& run : *runs) {
    answers.text += fmt::format("{} {} {}\n", run.id.value, run.job_name, run.devices.accepted);
    const auto said = reader.for_each_device(run.id, {}, [&](const DeviceResult& device) {
      answers.text += fmt::format("{} {} {} {}\n", device.device, to_string(device.state), device.code,
                                  device.request_id);
      return true;
    });
    if (!answers.keep(said)) return answers;
    if (!answers.keep(reader.sends_of_run(run.id))) return answers;
    if (!answers.keep(reader.top_codes(run.id, 5))) return answers;
    if (!answers.keep(reader.queue_state(run.id, noon))) return answers;
  }
  return answers;
}

Answers answers_of(const Result<std::unique_ptr<StoreReader>>& reader) {
  if (reader.has_value()) return answers_of(**reader);
  return {.text = {}, .error = reader.error()};
}

/// Opens it as a run would, and goes on with it until it fails or nothing is left.
std::optional<Error> error_of_going_on(const std::string& path) {
  const auto store = open_store(path, noon);
  if (store.has_error()) return store.error();
  const auto recovered = (*store)->recover(
      [](const UnresolvedAttempt&) { return Transition{.state = ChunkState::in_doubt}; }, noon);
  if (recovered.has_error()) return recovered.error();
  for (int i = 0; i < 9; ++i) {
    const auto claimed =
        (*store)->claim({.tenant = "prod", .limit = 1, .now = noon, .make_intent = fresh_intent});
    if (claimed.has_error()) return claimed.error();
    if (claimed->empty()) break;
    const auto settled = (*store)->settle(accepted(claimed->front()));
    if (settled.has_error()) return settled.error();
  }
  return std::nullopt;
}

}  // namespace

TEST_CASE("store: a flipped bit, whichever sector it is in, is refused with what to do, or does no harm") {
  const SqliteHome home;
  {
    const auto store = expect(home.open(noon));
    submit(*store, {3, 2, 40, 1});
    expect(store->settle(accepted(claim_one(*store))));
    expect(store->settle(rejected(claim_one(*store))));
  }
  const std::string bytes = content_of(home.path());
  const std::string truth = answers_of(home.open_reader()).text;
  REQUIRE(std::count(truth.begin(), truth.end(), '\n') == 47);

  int sectors = 0;
  int refused = 0;
  int changed = 0;
  for (std::size_t offset = 0; offset < bytes.size(); offset += sector_bytes) {
    const ScratchFolder folder;
    const std::string path = folder.file("sluice.db");
    fs::copy_file(home.path(), path);
    fs::copy_file(home.path() + ".generation", path + ".generation");
    flip_bit(path, offset, static_cast<unsigned>(sectors % 8));
    CAPTURE(offset);

    const Answers answers = answers_of(open_store_reader(path));
    const std::optional<Error> error = error_of_going_on(path);

    ++sectors;
    for (const std::optional<Error>& said : {answers.error, error}) {
      if (!said) continue;
      CHECK_MESSAGE(said->message.find(path) != std::string::npos, said->message);
      CHECK_MESSAGE(said->hint != "", said->message);
      // Of the texts of the schema, SQLite only says what it misses in them.
      const bool blames_us = said->kind == ErrorKind::unexpected;
      CHECK_MESSAGE((!blames_us || said->hint.find("damaged") != std::string::npos), said->hint);
    }
    refused += answers.error || error ? 1 : 0;
    changed += !answers.error && answers.text != truth ? 1 : 0;
  }
  CHECK(sectors > 400);
  CHECK(refused > 30);
  CHECK(changed * 100 < sectors);
}
