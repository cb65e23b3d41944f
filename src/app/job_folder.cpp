// SPDX-License-Identifier: MIT
#include "app/job_folder.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "app/background.hpp"
#include "app/daemon.hpp"
#include "app/queued_job.hpp"
#include "sluice/engine/schedule_control.hpp"

namespace sluice {
namespace asio = boost::asio;
namespace {

using namespace std::chrono_literals;

// Where nothing tells of changes: on a file system of another host, or in a list that stands elsewhere.
constexpr auto look_interval = 60s;

KnownJobFile known_file(const JobFileRecord& record, bool has_schedule) {
  return {.revision = record.revision,
          .digest = record.digest,
          .is_good = record.state == JobFileState::good,
          .is_removed = record.state == JobFileState::removed,
          .has_schedule = has_schedule,
          .has_run = record.run.has_value()};
}

/// A content that has its revision already keeps it, however often it is tried.
JobFileRecord next_revision(const JobFileRecord* before, const FolderFile& file, UtcTime now) {
  JobFileRecord record{
      .name = file.name, .digest = file.seen.digest, .seen_digest = file.seen.digest, .seen_at = now};
  if (before == nullptr) {
    record.revision = 1;
  } else {
    record.revision = before->revision + (before->digest == file.seen.digest ? 0 : 1);
  }
  return record;
}

/// This very content was refused before.
bool is_refused(const JobFileRecord* before, const JobFileRecord& record) {
  return before != nullptr && before->state == JobFileState::invalid &&
         before->seen_digest == record.seen_digest;
}

}  // namespace

const JobFileRecord* JobFolder::Known::file(const std::string& name) const {
  const auto found = std::ranges::find(files, name, &JobFileRecord::name);
  return found == files.end() ? nullptr : &*found;
}

const ScheduleRecord* JobFolder::Known::schedule_of(const std::string& name) const {
  const auto found = std::ranges::find(schedules, name, &ScheduleRecord::job_file);
  return found == schedules.end() ? nullptr : &*found;
}

JobFolder::JobFolder(asio::any_io_executor loop, Daemon& daemon, Background& reading, Clock& clock,
                     Environment environment, std::function<void()> schedules_changed)
    : daemon_(daemon),
      reading_(reading),
      clock_(clock),
      environment_(std::move(environment)),
      schedules_changed_(std::move(schedules_changed)),
      alarm_(clock.alarm()),
      watch_(std::move(loop), [this] { look(); }) {}

void JobFolder::look() { alarm_->ring(); }

void JobFolder::stop() {
  is_stopping_ = true;
  watch_.stop();
  alarm_->ring();
}

asio::awaitable<void> JobFolder::run() {
  while (!is_stopping_) {
    watch_configured();
    if (!folder_.empty()) co_await look_at_all();
    const SteadyTime next_look = clock_.steady_now() + look_interval;
    if (!is_stopping_) co_await alarm_->sleep_until(next_look);
  }
}

void JobFolder::watch_configured() {
  const std::string& configured = daemon_.config()->jobs_folder;
  if (configured == folder_) return;
  folder_ = configured;
  watch_.stop();
  if (folder_.empty()) return;
  const Result<void> watched = watch_.watch(folder_);
  if (watched.has_error())
    daemon_.log().warning("job_folder_unwatched", {{"folder", folder_}, {"error", watched.error().message}});
}

asio::awaitable<void> JobFolder::look_at_all() {
  auto read = [this, folder = folder_, config = daemon_.config()] {
    return read_folder(folder, *config, environment_);
  };
  const Result<std::vector<FolderFile>> files = co_await reading_.call(std::move(read));
  if (files.has_error()) {
    if (std::exchange(told_error_, files.error().message) != files.error().message)
      daemon_.log().error("job_folder_refused",
                          {{"error", files.error().message}, {"hint", files.error().hint}});
    co_return;
  }
  told_error_.clear();
  auto ask = [](Store& store) -> Result<Known> {
    Result<std::vector<JobFileRecord>> known = store.job_file_reader().job_files();
    if (known.has_error()) return known.error();
    Result<std::vector<ScheduleRecord>> schedules = store.schedule_reader().schedules();
    if (schedules.has_error()) return schedules.error();
    return Known{std::move(*known), std::move(*schedules)};
  };
  const Result<Known> known = co_await daemon_.store().call(std::move(ask));
  if (known.has_error()) co_return;
  for (const FolderFile& file : *files) {
    if (!is_stopping_) co_await look_at(file, *known);
  }
  if (!is_stopping_) co_await look_at_missing(*files, *known);
}

asio::awaitable<void> JobFolder::look_at(const FolderFile& file, const Known& known) {
  const JobFileRecord* before = known.file(file.name);
  const ScheduleRecord* installed = known.schedule_of(file.name);
  auto ask = [&file](Store& store) {
    return store.job_file_book().was_submitted(file.name, file.seen.digest);
  };
  const Result<bool> was_submitted = co_await daemon_.store().call(std::move(ask));
  if (was_submitted.has_error()) co_return;
  std::optional<KnownJobFile> known_before;
  if (before != nullptr) known_before = known_file(*before, installed != nullptr);
  const JobFileDecision decision = decide_job_file(known_before, file.seen, *was_submitted);
  if (decision.step == JobFileStep::nothing) co_return;
  if (decision.step == JobFileStep::refuse) {
    JobFileRecord record = before == nullptr ? JobFileRecord{.name = file.name} : *before;
    record.seen_digest = file.seen.digest;
    co_return co_await refuse(before, record, file.error);
  }
  JobFileRecord record = next_revision(before, file, clock_.utc_now());
  Result<void> done;
  if (decision.step == JobFileStep::install) done = co_await install(file, installed, record);
  if (decision.step == JobFileStep::submit) done = co_await submit(file, before, record);
  if (decision.step == JobFileStep::accept_submitted) done = co_await note(record);
  // What a process that is about to end could not do is no fault of the file.
  if (is_stopping_) co_return;
  if (done.has_error())
    co_return co_await refuse(before, record, done.error().message + "\n" + done.error().hint);
  if (decision.retires_schedule && installed != nullptr) co_await retire(*installed);
}

asio::awaitable<Result<void>> JobFolder::submit(const FolderFile& file, const JobFileRecord* before,
                                                JobFileRecord& record) {
  // Before the run is made: its seal finds the revision here. One that was refused stays so until it is
  // taken, or each further try would be told as two changes.
  const bool is_tried_again = is_refused(before, record) && before->revision == record.revision;
  Result<void> noted = co_await note(is_tried_again ? *before : record);
  if (noted.has_error()) co_return noted.error();
  auto queue = [&file, &record, folder = folder_](Store& store) {
    const SendOptions send = options_for(folder, file.name);
    SubmitRequest request = submit_request(*file.prepared, send);
    request.origin = {.job_file = file.name, .job_revision = record.revision};
    return queue_job(store, *file.prepared, send, std::move(request),
                     without_asking(file.prepared->job, send));
  };
  const Result<Submitted> submitted = co_await daemon_.on_worker(std::move(queue));
  if (submitted.has_error()) co_return submitted.error();
  daemon_.log().info("job_file_submitted", {{"file", file.name},
                                            {"revision", record.revision},
                                            {"run", submitted->run.value},
                                            {"devices", submitted->counts.devices}});
  daemon_.look_for_work(file.prepared->setup.name);
  if (!is_tried_again) co_return Result<void>{};
  record.run = submitted->run;
  noted = co_await note(record);
  co_return noted;
}

asio::awaitable<Result<void>> JobFolder::install(const FolderFile& file, const ScheduleRecord* installed,
                                                 JobFileRecord& record) {
  const bool is_renamed = installed != nullptr && installed->name != file.prepared->job.name;
  const std::string name = installed != nullptr && !is_renamed ? installed->name : std::string{};
  auto work = [&file, name, folder = folder_, now = clock_.utc_now()](Store& store) {
    const std::string actor = "jobs folder";
    if (!name.empty()) return revise_schedule(store, name, {{}, file.text, folder, actor, now});
    return add_schedule(
        store, {.job_text = file.text, .folder = folder, .job_file = file.name, .actor = actor, .now = now});
  };
  const Result<InstalledSchedule> schedule = co_await daemon_.store().call(std::move(work));
  if (schedule.has_error()) co_return schedule.error();
  if (is_renamed) co_await retire(*installed);
  record.schedule = schedule->record.id;
  daemon_.log().info(
      "job_file_installed",
      {{"file", file.name}, {"revision", record.revision}, {"schedule", schedule->record.name}});
  schedules_changed_();
  co_return co_await note(record);
}

asio::awaitable<void> JobFolder::look_at_missing(const std::vector<FolderFile>& there, const Known& known) {
  for (const JobFileRecord& before : known.files) {
    const bool is_there = std::ranges::find(there, before.name, &FolderFile::name) != there.end();
    const ScheduleRecord* schedule = known.schedule_of(before.name);
    if (is_there || decide_job_file(known_file(before, schedule != nullptr), {}, false) == JobFileDecision{})
      continue;
    JobFileRecord record = before;
    record.state = JobFileState::removed;
    record.error.clear();
    record.seen_at = clock_.utc_now();
    if (schedule != nullptr) co_await retire(*schedule);
    daemon_.log().info("job_file_removed", {{"file", before.name}});
    (void)co_await note(record);
  }
}

asio::awaitable<void> JobFolder::retire(const ScheduleRecord& schedule) {
  auto work = [name = schedule.name, now = clock_.utc_now()](Store& store) {
    return steer_schedule(store, name, {.state = ScheduleState::retired, .actor = "jobs folder", .now = now});
  };
  const Result<ScheduleSteered> retired = co_await daemon_.store().call(std::move(work));
  if (retired.has_error())
    daemon_.log().error("schedule_not_retired",
                        {{"schedule", schedule.name}, {"error", retired.error().message}});
  for (std::size_t tick = 0; retired.has_value() && tick < retired->retired_ticks; ++tick)
    daemon_.metrics().tick_decided("skipped", "retired");
  schedules_changed_();
}

/// Told once, and then only if the file or what is wrong with it has changed.
asio::awaitable<void> JobFolder::refuse(const JobFileRecord* before, const JobFileRecord& record,
                                        const std::string& error) {
  if (is_refused(before, record) && before->error == error) co_return;
  JobFileRecord refused = record;
  refused.state = JobFileState::invalid;
  refused.error = error;
  refused.seen_at = clock_.utc_now();
  daemon_.log().error("job_file_invalid",
                      {{"file", record.name}, {"error", error}, {"in_force", record.revision}});
  (void)co_await note(refused);
}

asio::awaitable<Result<void>> JobFolder::note(const JobFileRecord& record) {
  auto work = [&record](Store& store) { return store.job_file_book().note_job_file(record); };
  co_return co_await daemon_.store().call(std::move(work));
}

}  // namespace sluice
