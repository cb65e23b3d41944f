// SPDX-License-Identifier: MIT
#include "app/job_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "app/background.hpp"
#include "app/daemon.hpp"
#include "app/queued_job.hpp"
#include "sluice/core/schedule_moves.hpp"
#include "sluice/engine/schedule_control.hpp"

namespace sluice {
namespace asio = boost::asio;
namespace {

using namespace std::chrono_literals;

// Where nothing tells of changes: on a file system of another host, or in a list that stands elsewhere.
constexpr auto look_interval = 60s;
// A file that is written all the time must not keep another's schedule alive.
constexpr int put_off_max = 5;
const std::string folder_actor = "jobs folder";

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

/// The file's record stays as it was, but for what was seen.
JobFileRecord unchanged(const JobFileRecord* before, const FolderFile& file) {
  JobFileRecord record = before == nullptr ? JobFileRecord{.name = file.name} : *before;
  record.seen_digest = file.seen.digest;
  return record;
}

/// The store that would know was lost, and an older copy is in its place.
bool may_have_been_sent(const FolderFile& file, const std::optional<UtcTime>& unknown_until) {
  return unknown_until && file.written_at <= *unknown_until;
}

std::string not_known_whether_sent(UtcTime unknown_until) {
  return fmt::format(
      "nobody knows whether it was sent before an older copy of the store was put in place, at {}\n"
      "To send it, touch the file or submit it by hand; else take it away.",
      to_iso_seconds(unknown_until));
}

/// Of a job that can be queued, its file's revision is noted before the run is made: the seal of the run
/// finds it there.
Agreement and_note(Store& store, const JobFileRecord& record, Agreement agreement) {
  return [&store, &record, agreement = std::move(agreement)](
             const Survey& survey, const std::optional<RunForecast>& forecast) -> Result<void> {
    const Result<void> agreed = agreement(survey, forecast);
    if (agreed.has_error()) return agreed.error();
    return store.job_file_book().note_job_file(record);
  };
}

std::vector<DeclaringFile> declaring(const std::vector<FolderFile>& files) {
  std::vector<DeclaringFile> declaring;
  for (const FolderFile& file : files) {
    DeclaringFile one{.name = file.name, .is_valid = file.seen.is_valid, .schedule = {}};
    if (file.seen.has_schedule) one.schedule = file.prepared->job.name;
    declaring.push_back(std::move(one));
  }
  return declaring;
}

std::vector<FolderSchedule> of_folder(const std::vector<ScheduleRecord>& schedules) {
  std::vector<FolderSchedule> names;
  for (const ScheduleRecord& schedule : schedules) names.push_back({schedule.name, schedule.job_file});
  return names;
}

}  // namespace

Result<JobFolder::Known> JobFolder::known_in(Store& store) {
  Result<std::vector<JobFileRecord>> files = store.job_file_reader().job_files();
  if (files.has_error()) return files.error();
  Result<std::vector<ScheduleRecord>> schedules = store.schedule_reader().schedules();
  if (schedules.has_error()) return schedules.error();
  return Known{std::move(*files), std::move(*schedules)};
}

/// What is known when each schedule has the file that declares it now.
Result<JobFolder::Known> JobFolder::move_schedules(Store& store, const std::vector<FolderFile>& files,
                                                   UtcTime now) {
  Result<Known> known = known_in(store);
  if (known.has_error()) return known;
  const std::vector<MovedSchedule> moves = schedules_to_move(of_folder(known->schedules), declaring(files));
  for (const MovedSchedule& move : moves) {
    const auto schedule = std::ranges::find(known->schedules, move.name, &ScheduleRecord::name);
    const Result<void> moved =
        store.schedule_book().move_schedule({schedule->id, move.file, folder_actor, now});
    if (moved.has_error()) return moved.error();
    schedule->job_file = move.file;
  }
  return known;
}

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
    const bool is_soon = std::exchange(is_being_written_, false);
    const SteadyTime next_look = clock_.steady_now() + (is_soon ? calm_time : look_interval);
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
  auto read = [this, folder = folder_, config = daemon_.config(), now = clock_.utc_now()] {
    return read_folder(folder, *config, environment_, now);
  };
  const Result<std::vector<FolderFile>> files = co_await reading_.call(std::move(read));
  if (files.has_error()) {
    if (std::exchange(told_error_, files.error().message) != files.error().message)
      daemon_.log().error("job_folder_refused",
                          {{"error", files.error().message}, {"hint", files.error().hint}});
    co_return;
  }
  told_error_.clear();
  is_being_written_ = std::ranges::any_of(*files, &FolderFile::is_being_written);
  auto ask = [&files, now = clock_.utc_now()](Store& store) { return move_schedules(store, *files, now); };
  const Result<Known> known = co_await daemon_.store().call(std::move(ask));
  if (known.has_error()) co_return;
  // Those that are gone first: what they leave, the name of a schedule say, is free for the others. What is
  // being written may be the new file of such a schedule, so it is given a moment.
  times_put_off_ = is_being_written_ && times_put_off_ < put_off_max ? times_put_off_ + 1 : 0;
  if (!is_stopping_ && times_put_off_ == 0) co_await look_at_missing(*files, *known);
  for (const FolderFile& file : *files) {
    if (!is_stopping_ && !file.is_being_written) co_await look_at(file, *known);
  }
}

asio::awaitable<void> JobFolder::look_at(const FolderFile& file, const Known& known) {
  const JobFileRecord* before = known.file(file.name);
  const ScheduleRecord* installed = known.schedule_of(file.name);
  std::optional<KnownJobFile> known_before;
  if (before != nullptr) known_before = known_file(*before, installed != nullptr);
  JobFileDecision decision = decide_job_file(known_before, file.seen, false);
  std::optional<SentContent> sent;
  if (decision.step == JobFileStep::submit) {
    auto ask = [&file](Store& store) { return store.job_file_book().sent_content(file.seen.digest); };
    Result<std::optional<SentContent>> known_content = co_await daemon_.store().call(std::move(ask));
    if (known_content.has_error()) co_return;
    sent = std::move(*known_content);
    decision = decide_job_file(known_before, file.seen, sent.has_value());
  }
  if (decision.step == JobFileStep::nothing) co_return;
  std::string error = file.error;
  if (decision.step == JobFileStep::submit) {
    auto ask = [](Store& store) { return store.job_file_book().contents_unknown_until(); };
    const Result<std::optional<UtcTime>> unknown_until = co_await daemon_.store().call(std::move(ask));
    if (unknown_until.has_error()) co_return;
    if (may_have_been_sent(file, *unknown_until)) {
      decision.step = JobFileStep::refuse;
      error = not_known_whether_sent(**unknown_until);
    }
  }
  if (decision.step == JobFileStep::refuse) {
    const JobFileRecord record = unchanged(before, file);
    co_return co_await refuse(before, record, error);
  }
  JobFileRecord record = next_revision(before, file, clock_.utc_now());
  Result<void> done;
  if (decision.step == JobFileStep::install) done = co_await install(file, installed, record);
  if (decision.step == JobFileStep::submit) done = co_await submit(file, record);
  if (decision.step == JobFileStep::accept_submitted) done = co_await accept(*sent, record);
  // What a process that is about to end could not do is no fault of the file.
  if (is_stopping_) co_return;
  if (done.has_error()) {
    // No revision came of it, so the one before counts on.
    record = unchanged(before, file);
    error = done.error().message + "\n" + done.error().hint;
    co_return co_await refuse(before, record, error);
  }
  if (decision.retires_schedule && installed != nullptr) co_await retire(*installed);
}

asio::awaitable<Result<void>> JobFolder::accept(const SentContent& sent, JobFileRecord& record) {
  record.run = sent.run;
  daemon_.log().info(
      "job_file_not_sent",
      {{"file", record.name},
       {"revision", record.revision},
       {"run", sent.run.value},
       {"sent_as", sent.file},
       {"hint", "Its content was sent before. To send it again, change the file or submit it by hand."}});
  auto work = [&sent, &record](Store& store) { return store.job_file_book().note_sent_before(record, sent); };
  co_return co_await daemon_.store().call(std::move(work));
}

asio::awaitable<Result<void>> JobFolder::submit(const FolderFile& file, const JobFileRecord& record) {
  auto queue = [&file, &record, folder = folder_](Store& store) {
    const SendOptions send = options_for(folder, file.name);
    SubmitRequest request = submit_request(*file.prepared, send);
    request.origin = {.job_file = file.name, .job_revision = record.revision};
    return queue_job(store, *file.prepared, send, std::move(request),
                     and_note(store, record, without_asking(file.prepared->job, send)));
  };
  const Result<Submitted> submitted = co_await daemon_.on_worker(std::move(queue));
  if (submitted.has_error()) co_return submitted.error();
  daemon_.log().info("job_file_submitted", {{"file", file.name},
                                            {"revision", record.revision},
                                            {"run", submitted->run.value},
                                            {"devices", submitted->counts.devices}});
  daemon_.look_for_work(file.prepared->setup.name);
  co_return Result<void>{};
}

asio::awaitable<Result<void>> JobFolder::install(const FolderFile& file, const ScheduleRecord* installed,
                                                 JobFileRecord& record) {
  const bool is_renamed = installed != nullptr && installed->name != file.prepared->job.name;
  const std::string name = installed != nullptr && !is_renamed ? installed->name : std::string{};
  // The record of the file in the same breath: a tick finds the revision of its text there.
  auto work = [&, folder = folder_, now = clock_.utc_now()](Store& store) -> Result<InstalledSchedule> {
    Result<InstalledSchedule> schedule =
        name.empty() ? add_schedule(store, {.job_text = file.text,
                                            .folder = folder,
                                            .job_file = file.name,
                                            .actor = folder_actor,
                                            .now = now})
                     : revise_schedule(store, name, {{}, file.text, folder, folder_actor, now});
    if (schedule.has_error()) return schedule;
    record.schedule = schedule->record.id;
    const Result<void> noted = store.job_file_book().note_job_file(record);
    if (noted.has_error()) return noted.error();
    return schedule;
  };
  const Result<InstalledSchedule> schedule = co_await daemon_.store().call(std::move(work));
  if (schedule.has_error()) co_return schedule.error();
  if (is_renamed) co_await retire(*installed);
  daemon_.log().info(
      "job_file_installed",
      {{"file", file.name}, {"revision", record.revision}, {"schedule", schedule->record.name}});
  schedules_changed_();
  co_return Result<void>{};
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
    return steer_schedule(store, name, {.state = ScheduleState::retired, .actor = folder_actor, .now = now});
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
