// SPDX-License-Identifier: MIT
// Conformance suite: the job files of the daemon's folder, for every engine of the Store seam.
#include "sluice/store/job_files.hpp"

#include <doctest/doctest.h>

#include <string>

#include "sluice/store/pages.hpp"
#include "store/store_engines.hpp"
#include "store/store_fixture.hpp"

using namespace sluice;
using namespace sluice::store_tests;

namespace {

const std::string content(64, 'a');

JobFileRecord good_file() {
  return {.name = "nightly.json", .revision = 3, .digest = content, .seen_digest = content, .seen_at = noon};
}

/// As the daemon does for the file: first noted, then submitted.
RunId submit_for(Store& store, const JobFileRecord& file) {
  expect(store.job_file_book().note_job_file(file));
  const NewRun run{.job_name = "fw",
                   .tenant = "prod",
                   .endpoint = "https://iot.example",
                   .job_text = "{}",
                   .rate = 8,
                   .created_at = noon,
                   .origin = {.job_file = file.name, .job_revision = file.revision}};
  const RunId id = expect(store.create_run(run));
  expect(store.add_chunks(id, {{.devices = 2, .names = names(0, 2)}}));
  return id;
}

}  // namespace

TEST_CASE_TEMPLATE("store: a job file's content counts as submitted from the seal of its run on", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit_for(*store, good_file());
  CHECK_FALSE(expect(store->job_file_book().sent_content(content)).has_value());
  CHECK(expect(store->job_file_reader().job_files()).front().run == std::nullopt);

  expect(store->seal_run(run, 0));

  CHECK(expect(store->job_file_book().sent_content(content)) == SentContent{"nightly.json", run});
  CHECK_FALSE(expect(store->job_file_book().sent_content(std::string(64, 'b'))).has_value());
  CHECK(expect(store->job_file_reader().job_files()).front().run == run);
  const auto record = expect(store->run(run));
  CHECK(record->origin == RunOrigin{.job_file = "nightly.json", .job_revision = 3});
}

TEST_CASE_TEMPLATE("store: that a content was sent before is told once, with its run", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  JobFileRecord renamed = good_file();
  renamed.name = "renamed.json";
  renamed.run = RunId{7};
  const auto told = [&] {
    const EventsWanted wanted{.limit = 10};
    const auto page = expect(store->pages().events_page(wanted));
    std::string text;
    for (const EventRow& event : page.rows)
      text += event.job_file + " " + event.what + " " + event.reason + "\n";
    return text;
  };

  expect(store->job_file_book().note_sent_before(renamed, {"nightly.json", RunId{7}}));
  expect(store->job_file_book().note_sent_before(renamed, {"nightly.json", RunId{7}}));

  CHECK(told() == "renamed.json job_file_not_sent its content was sent before, as run 7 of nightly.json\n");
  CHECK(expect(store->job_file_reader().job_files()) == std::vector{renamed});
}

TEST_CASE_TEMPLATE("store: what is noted of a job file is read as it was noted, in the order of the names",
                   Home, SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  JobFileRecord invalid = good_file();
  invalid.state = JobFileState::invalid;
  invalid.seen_digest = std::string(64, 'b');
  invalid.error = "a.json:1:1: no job";
  invalid.name = "a.json";
  expect(store->job_file_book().note_job_file(good_file()));
  expect(store->job_file_book().note_job_file(invalid));

  CHECK(expect(store->job_file_reader().job_files()) == std::vector{invalid, good_file()});
}
