// SPDX-License-Identifier: MIT
#include "simulation/ledger.hpp"

#include <algorithm>
#include <cmath>

#include "sluice/core/chunk_rules.hpp"

namespace sluice::simulation {
namespace {

using namespace std::chrono_literals;

// What the clocks of a machine may be off the truth by, over the window of a replay.
constexpr Nanos clock_tolerance = 1s;
constexpr Nanos probe_interval = 5s;
constexpr Nanos budget_window = 2min;
constexpr std::size_t retries_always = 3;
constexpr std::size_t sends_per_retry = 10;
constexpr int replays_max = 2;
constexpr Nanos replay_window = 10min;
constexpr int crashes_of_poison = 3;

std::string list_of(int run, int devices) {
  std::string list;
  for (int i = 0; i < devices; ++i) list += to_text({run, i}) + "\n";
  return list;
}

std::string counter_of(const ChunkRow& chunk) {
  if (chunk.state != "succeeded") return chunk.state;
  return chunk.evidence == "presumed" ? "presumed" : "accepted";
}

bool is_unfinished(const ChunkRow& chunk) { return chunk.state == "pending" || chunk.state == "in_flight"; }

}  // namespace

Ledger::Ledger(World& world, const Scenario& scenario, const Machine& machine, RecordView& record, Disk& disk,
               CrashVfs& vfs, std::string database, Totals& totals)
    : world_(world),
      scenario_(scenario),
      machine_(machine),
      record_(record),
      disk_(disk),
      vfs_(vfs),
      database_(std::move(database)),
      totals_(totals),
      rollouts_(world, scenario, machine, record) {
  for (std::size_t i = 0; i < scenario.runs.size(); ++i) {
    RunTruth run;
    run.devices.resize(static_cast<std::size_t>(scenario.runs[i].devices));
    run.list = list_of(static_cast<int>(i), scenario.runs[i].devices);
    runs_.push_back(std::move(run));
  }
}

std::optional<int> Ledger::plan_of(RunId run) const {
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    if (runs_[i].id == run) return static_cast<int>(i);
  }
  return std::nullopt;
}

Ledger::DeviceTruth& Ledger::device(DeviceName name) {
  return runs_[static_cast<std::size_t>(name.run)].devices[static_cast<std::size_t>(name.device)];
}

bool Ledger::may_repeat(int run) const {
  const RunPlan& plan = scenario_.runs[static_cast<std::size_t>(run)];
  return plan.safe_to_repeat || plan.on_doubt == OnDoubt::resend;
}

void Ledger::process_started(bool knows_deny_list) {
  ++totals_.processes;
  silent_until_ = {};
  is_stop_asked_ = false;
  wall_error_at_start_ = machine_.wall_error;
  forget_sends();
  rollouts_.process_started(knows_deny_list);
}

void Ledger::dispatcher_started(const std::vector<RunId>& runs) {
  forget_sends();
  std::vector<int> plans;
  for (const RunId run : runs) {
    if (const std::optional<int> plan = plan_of(run)) plans.push_back(*plan);
  }
  rollouts_.dispatcher_started(plans);
}

void Ledger::forget_sends() {
  dispatcher_sends_.clear();
  dispatcher_retries_.clear();
  endpoint_lost(false);
}

void Ledger::endpoint_lost(bool is_lost) {
  is_endpoint_lost_ = is_lost;
  last_probe_at_.reset();
}

void Ledger::passed_gate() { dispatcher_sends_.push_back(machine_.steady(world_.now())); }

void Ledger::load_attempts() {
  for (AttemptRow& row : record_.attempts_after(attempts_.empty() ? 0 : attempts_.back().id)) {
    const auto earlier = newest_of_nonce_.find(row.nonce);
    if (earlier != newest_of_nonce_.end()) {
      const AttemptRow& first = attempts_[earlier->second];
      if (first.chunk != row.chunk || first.key != row.key || first.rest != row.rest) {
        violated("I5", "attempt {} repeats the nonce of attempt {} for something else", row.id, first.id);
      }
    }
    const std::optional<int> plan = plan_of(RunId{row.run});
    if (plan) {
      const RunTruth& run = runs_[static_cast<std::size_t>(*plan)];
      if (run.no_attempt_after && row.id > *run.no_attempt_after) {
        violated("I13", "attempt {} was made for run {} after its pause or cancellation was confirmed",
                 row.id, row.run);
      }
      const int attempts_max = scenario_.runs[static_cast<std::size_t>(*plan)].retry.max_attempts;
      if (row.number > attempts_max) {
        violated("I12", "attempt {} is number {} of chunk {}, and {} are allowed", row.id, row.number,
                 row.chunk, attempts_max);
      }
    }
    if (no_attempt_of_tenant_after_ && row.id > *no_attempt_of_tenant_after_) {
      violated("I12", "attempt {} was made although the tenant is blocked", row.id);
    }
    newest_of_nonce_[row.nonce] = attempts_.size();
    by_attempt_[row.id] = attempts_.size();
    attempts_.push_back(std::move(row));
  }
}

void Ledger::sent(const Form& form, std::string_view body, bool is_fresh_connection) {
  ++totals_.sends;
  load_attempts();
  const auto found = newest_of_nonce_.find(form.nonce);
  const AttemptRow* attempt = found == newest_of_nonce_.end() ? nullptr : &attempts_[found->second];
  world_.note("send", attempt == nullptr ? 0 : attempt->id, attempt == nullptr ? 0 : attempt->chunk,
              form.nonce);
  if (!form.is_whole) violated("I3", "a request was sent that the cloud cannot read");
  if (is_stop_asked_) violated("I13", "a request was sent after the process was asked to stop");
  check_rate();
  check_intent(form, attempt);
  if (attempt != nullptr) check_breaker_and_budget(*attempt);
  check_silence();
  for (const DeviceName name : form.devices) {
    const DeviceTruth& truth = device(name);
    if (truth.is_final) violated("I4", "{} was final, and a request was sent for it", to_text(name));
    if (truth.was_refused_alone) violated("I4", "{} was refused by itself, and asked again", to_text(name));
  }
  NonceTruth& nonce = nonces_[form.nonce];
  if (nonce.sends == 0) {
    check_first_send(form, nonce);
    nonce.devices = form.devices;
    nonce.body = body;
    nonce.key = form.key;
    nonce.first_sent = world_.now();
    nonce.boot = machine_.boot;
    if (attempt != nullptr) nonce.claimed_at = from_microseconds(attempt->claimed_at_us);
  } else {
    ++totals_.replays;
    check_replay(form, body, is_fresh_connection, nonce);
  }
  const std::optional<int> plan = attempt == nullptr ? std::nullopt : plan_of(RunId{attempt->run});
  if (plan) rollouts_.sent(*plan, *attempt, form.devices);
  ++nonce.sends;
  nonce.is_answered = nonce.is_answer_settled = nonce.blames_device = false;
  open(nonce);
}

void Ledger::check_rate() {
  sends_.push_back(world_.now());
  while (sends_.front() <= world_.now() - 1s) sends_.pop_front();
  const auto most = static_cast<std::size_t>(std::ceil(scenario_.rate));
  if (sends_.size() > most) {
    violated("I8", "{} sends within one second, and {} are allowed", sends_.size(), scenario_.rate);
  }
}

void Ledger::check_silence() {
  const SteadyTime now = machine_.steady(world_.now());
  if (now < silent_until_) {
    violated("I8", "a request was sent {} ms before the end of the silence that the server asked for",
             (silent_until_ - now) / 1ms);
  }
  const bool can_be_told = recorded_silence_.wall_error == wall_error_at_start_ &&
                           recorded_silence_.wall_error == machine_.wall_error;
  if (can_be_told && world_.now() + clock_tolerance < recorded_silence_.until) {
    violated("I8",
             "a request was sent {} ms before the end of the silence that an earlier process was asked for",
             (recorded_silence_.until - world_.now()) / 1ms);
  }
}

void Ledger::check_breaker_and_budget(const AttemptRow& attempt) {
  const SteadyTime now = machine_.steady(world_.now());
  if (is_endpoint_lost_) {
    if (last_probe_at_ && now < *last_probe_at_ + probe_interval) {
      violated("I12", "a lost endpoint was probed twice within {} ms", (now - *last_probe_at_) / 1ms);
    }
    last_probe_at_ = now;
    return;
  }
  if (attempt.is_replay || attempt.number <= 1) return;
  while (!dispatcher_sends_.empty() && dispatcher_sends_.front() <= now - budget_window)
    dispatcher_sends_.pop_front();
  while (!dispatcher_retries_.empty() && dispatcher_retries_.front() <= now - budget_window) {
    dispatcher_retries_.pop_front();
  }
  dispatcher_retries_.push_back(now);
  if (dispatcher_retries_.size() > std::max(retries_always, dispatcher_sends_.size() / sends_per_retry)) {
    violated("I12", "{} retries among the {} sends of two minutes", dispatcher_retries_.size(),
             dispatcher_sends_.size());
  }
}

void Ledger::check_intent(const Form& form, const AttemptRow* attempt) {
  if (attempt == nullptr) {
    violated("I3", "a request was sent whose nonce is in no attempt on record");
    return;
  }
  const std::optional<ChunkRow> chunk = record_.chunk(attempt->chunk);
  if (!chunk || chunk->state != "in_flight" || chunk->attempt != attempt->id) {
    violated("I3", "attempt {} was sent, and chunk {} is not in flight under it", attempt->id,
             attempt->chunk);
  }
  const bool is_all_durable = disk_.is_durable(database_) && disk_.is_durable(database_ + "-wal");
  if (!is_all_durable && !would_survive(form.nonce)) {
    violated("I3", "attempt {} was sent, and would be lost if the power failed now", attempt->id);
  }
  if (form.devices != devices_of(attempt->chunk)) {
    violated("I3", "attempt {} was sent for other devices than those of chunk {}", attempt->id,
             attempt->chunk);
  }
}

bool Ledger::would_survive(const std::string& nonce) {
  Disk remains;
  remains.load(disk_.certain_image());
  vfs_.mount(remains);
  bool is_there = false;
  try {
    RecordView record{remains, database_};
    for (const AttemptRow& row : record.attempts_after(0)) is_there |= row.nonce == nonce;
  } catch (const std::exception&) {
    is_there = false;
  }
  vfs_.mount(disk_);
  return is_there;
}

void Ledger::check_first_send(const Form& form, NonceTruth&) {
  for (const DeviceName name : form.devices) {
    const DeviceTruth& truth = device(name);
    if (may_repeat(name.run) || truth.open_nonces <= truth.permissions) continue;
    violated("I5", "a fresh nonce was sent for {}, and an earlier one may have been executed", to_text(name));
    return;
  }
}

void Ledger::check_replay(const Form& form, std::string_view body, bool is_fresh_connection,
                          const NonceTruth& nonce) {
  if (body != nonce.body) violated("I5", "a nonce was sent again with other bytes");
  if (form.key != nonce.key) violated("I5", "a nonce was sent again under another key");
  if (nonce.sends > replays_max) violated("I5", "a request was sent {} times", nonce.sends + 1);
  if (nonce.is_answer_settled) violated("I5", "a request was repeated after it had been answered");
  if (!is_fresh_connection) violated("I5", "a request was repeated on a connection that was used before");
  // After a new start of the machine, only the wall clock can tell.
  const Nanos true_age = world_.now() - nonce.first_sent;
  const Nanos told_age = machine_.utc(world_.now()) - nonce.claimed_at;
  const Nanos age = nonce.boot == machine_.boot ? true_age : std::min(true_age, told_age);
  if (age > replay_window + clock_tolerance) {
    violated("I5", "a request was repeated {} s after it was first sent", age / 1s);
  }
}

void Ledger::open(NonceTruth& nonce) {
  if (std::exchange(nonce.is_open, true)) return;
  for (const DeviceName name : nonce.devices) ++device(name).open_nonces;
}

void Ledger::close(NonceTruth& nonce) {
  if (!std::exchange(nonce.is_open, false)) return;
  for (const DeviceName name : nonce.devices) --device(name).open_nonces;
}

void Ledger::executed(const Form& form) {
  ++totals_.executions;
  NonceTruth& nonce = nonces_[form.nonce];
  ++nonce.executions;
  world_.note("execute", nonce.executions, static_cast<std::int64_t>(form.devices.size()), form.nonce);
  for (const DeviceName name : form.devices) {
    DeviceTruth& truth = device(name);
    ++truth.executions;
    if (!may_repeat(name.run) && truth.executions > 1 + truth.permissions) {
      violated("I6", "{} got the command {} times, with {} permissions to repeat it", to_text(name),
               truth.executions, truth.permissions);
    }
  }
}

void Ledger::heard(const std::string& nonce) {
  load_attempts();
  const auto found = newest_of_nonce_.find(nonce);
  if (found == newest_of_nonce_.end()) return;
  const AttemptRow& attempt = attempts_[found->second];
  if (const std::optional<int> plan = plan_of(RunId{attempt.run})) rollouts_.heard(*plan, attempt.id);
}

void Ledger::answered(const std::string& text, const CloudAnswer* answer) {
  heard(text);
  NonceTruth& nonce = nonces_[text];
  world_.note("answer", answer == nullptr ? 0 : answer->response.status,
              answer == nullptr ? 0 : static_cast<int>(answer->truth), text);
  nonce.is_answered = answer != nullptr;
  if (answer == nullptr) return;
  nonce.blames_device = answer->blames_device && nonce.sends == 1;
  nonce.says_accepted = answer->says_accepted;
  if (answer->truth == Truth::refused && nonce.sends == 1) close(nonce);
  nonce.silent_until = world_.now() + answer->silence_asked;
  if (answer->silence_asked > 0ns) {
    silent_until_ = std::max(silent_until_, machine_.steady(world_.now()) + answer->silence_asked);
  }
}

void Ledger::settled(const AttemptSettled& event) {
  load_attempts();
  world_.note("settled", event.attempt.value, event.chunk.value, to_string(event.outcome.kind));
  const auto found = by_attempt_.find(event.attempt.value);
  if (found == by_attempt_.end()) {
    violated("I11", "attempt {} was told as settled, and is not on record", event.attempt.value);
    return;
  }
  const auto run = plan_of(event.run);
  const auto truth = nonces_.find(attempts_[found->second].nonce);
  const Transition& next = event.transition;
  settled_attempts_.insert(event.attempt.value);
  if (next.halt == Halt::tenant) no_attempt_of_tenant_after_ = record_.newest_attempt();
  if (run) {
    heed_halt(runs_[static_cast<std::size_t>(*run)], next);
    rollouts_.settled(*run, event);
  }
  const bool is_confirmed = next.state == ChunkState::succeeded && next.evidence == Evidence::confirmed;
  const bool is_final = (next.state == ChunkState::succeeded && !next.is_presumed_by_policy) ||
                        next.state == ChunkState::failed;
  if (is_final) final_chunks_[event.chunk.value] = to_string(next.state);
  if (truth != nonces_.end()) {
    NonceTruth& nonce = truth->second;
    // An answer that an earlier process got and did not record is not what this one settles.
    nonce.is_answer_settled = nonce.is_answered && event.outcome.http_status != 0;
    if (nonce.is_answer_settled && nonce.silent_until > recorded_silence_.until) {
      recorded_silence_ = {nonce.silent_until, machine_.wall_error};
    }
    if (is_confirmed && !nonce.says_accepted) {
      violated("I7", "chunk {} was called confirmed, and no answer said so", event.chunk.value);
    }
    // Of a replay the product cannot know whether its first copy was ever sent.
    const bool is_certain = nonce.blames_device && !attempts_[found->second].is_replay;
    if (is_certain && nonce.devices.size() == 1) device(nonce.devices[0]).was_refused_alone = true;
  }
  for (const DeviceName name : devices_of(event.chunk.value)) {
    DeviceTruth& of_device = device(name);
    if (is_final) of_device.is_final = true;
    if (is_confirmed && of_device.executions == 0) {
      violated("I7", "{} was called confirmed, and never got the command", to_text(name));
    }
    if (next.state == ChunkState::failed && of_device.executions > 0 && !of_device.is_taken) {
      violated("I7", "{} was called failed, and had got the command", to_text(name));
    }
  }
}

void Ledger::heed_halt(RunTruth& run, const Transition& next) {
  if (next.halt != Halt::run && next.halt != Halt::cancel) return;
  const std::optional<RunRow> row = record_.run(run.id->value);
  // Somebody may have said to go on by the time this is told.
  if (row && row->control != "active") run.no_attempt_after = record_.newest_attempt();
  if (next.halt != Halt::cancel) return;
  run.control = RunControl::canceled;
  run.is_control_certain = true;
}

void Ledger::submitted(int run) {
  runs_[static_cast<std::size_t>(run)].is_submitted = true;
  world_.note("submitted", run);
}

int Ledger::control_asked(int run, RunControl control) {
  RunTruth& truth = runs_[static_cast<std::size_t>(run)];
  world_.note("control_asked", run, static_cast<int>(control));
  const bool is_over = truth.is_control_certain && truth.control == RunControl::canceled;
  if (control == RunControl::active) rollouts_.resume_asked(run);
  if (is_over) return ++truth.times_asked;
  truth.is_control_certain = false;
  if (control == RunControl::active) truth.no_attempt_after.reset();
  return ++truth.times_asked;
}

void Ledger::control_refused(int run, RunControl control) {
  if (control == RunControl::active) rollouts_.resume_over(run);
}

void Ledger::control_done(int run, RunControl control, int asked) {
  if (control == RunControl::active) rollouts_.resume_over(run);
  RunTruth& truth = runs_[static_cast<std::size_t>(run)];
  world_.note("control", run, static_cast<int>(control));
  const bool was_over = truth.is_control_certain && truth.control == RunControl::canceled;
  if (was_over && control == RunControl::active) violated("I13", "run-{} was canceled, and is to go on", run);
  // Who has asked for something else since then decides.
  if (asked != truth.times_asked || was_over) return;
  truth.control = control;
  truth.is_control_certain = true;
  truth.no_attempt_after.reset();
  if (control != RunControl::active) truth.no_attempt_after = record_.newest_attempt();
}

void Ledger::child_asked(int run, const AgainSelection& selection) {
  RunTruth& truth = runs_[static_cast<std::size_t>(run)];
  truth.has_child = true;
  truth.is_control_certain &= truth.control == RunControl::canceled;
  Child child{.parent = truth.id.value().value, .list = {}};
  for (const ChunkRow& chunk : record_.chunks()) {
    if (chunk.run != child.parent) continue;
    const bool is_doubtful = chunk.state == "in_doubt" || (chunk.state == "pending" && chunk.is_unclear);
    const bool is_unsent = chunk.state == "canceled" || (chunk.state == "pending" && !chunk.is_unclear);
    const bool is_taken = (selection.failed && chunk.state == "failed") ||
                          (selection.not_sent && is_unsent) || (selection.in_doubt && is_doubtful) ||
                          (selection.accepted && chunk.state == "succeeded");
    if (!is_taken) continue;
    child.list += record_.names_of(chunk.id);
    for (const DeviceName name : devices_of(chunk.id)) {
      DeviceTruth& of_device = device(name);
      of_device.is_taken = true;
      of_device.is_final = of_device.was_refused_alone = false;
      // What has got the command, or may have, is sent another one.
      if (is_doubtful || chunk.state == "succeeded") ++of_device.permissions;
    }
  }
  world_.note("again", run, static_cast<std::int64_t>(child.list.size()));
  expected_children_.push_back(std::move(child));
}

/// A run that is on record, and is made of devices of another.
void Ledger::meet_child(const RunRow& row) {
  if (children_.contains(row.id)) return;
  const auto expected = std::ranges::find(expected_children_, *row.parent, &Child::parent);
  if (expected == expected_children_.end()) {
    violated("I1", "run {} takes devices of run {}, and nobody asked for it", row.id, *row.parent);
    return;
  }
  children_[row.id] = std::move(*expected);
  expected_children_.erase(expected);
}

/// A device may be on its way by one run only.
void Ledger::check_live_once(const std::vector<ChunkRow>& chunks) {
  if (children_.empty()) return;
  std::map<DeviceName, std::int64_t> live;
  for (const ChunkRow& chunk : chunks) {
    if (!is_unfinished(chunk)) continue;
    for (const DeviceName name : devices_of(chunk.id)) {
      const auto [other, is_new] = live.try_emplace(name, chunk.run);
      if (!is_new) {
        violated("I1", "{} is unfinished in run {} and in run {}", to_text(name), other->second, chunk.run);
        return;
      }
    }
  }
}

void Ledger::tenant_resumed() { no_attempt_of_tenant_after_.reset(); }

void Ledger::verdict_asked(DoubtVerdict verdict, const std::vector<std::int64_t>& chunks) {
  rollouts_.doubts_asked();
  for (const std::int64_t chunk : chunks) {
    world_.note("verdict", static_cast<int>(verdict), chunk);
    crashes_.erase(chunk);
    final_chunks_.erase(chunk);
    if (verdict != DoubtVerdict::resend) continue;
    for (const DeviceName name : devices_of(chunk)) {
      DeviceTruth& truth = device(name);
      ++truth.permissions;
      truth.is_final = truth.was_refused_alone = false;
    }
  }
}

void Ledger::verdict_done() {
  for (std::size_t i = 0; i < runs_.size(); ++i) rollouts_.doubts_decided(static_cast<int>(i));
  check_prefixes();
  remember_kept();
}

const std::vector<DeviceName>& Ledger::devices_of(std::int64_t chunk) {
  auto [known, is_new] = chunk_devices_.try_emplace(chunk);
  if (!is_new) return known->second;
  const std::string names = record_.names_of(chunk);
  std::string_view left = names;
  while (!left.empty()) {
    const std::size_t end = left.find('\n');
    if (const auto name = device_name_from(left.substr(0, end))) known->second.push_back(*name);
    left.remove_prefix(end == left.npos ? left.size() : end + 1);
  }
  return known->second;
}

void Ledger::opened() {
  left_in_flight_.clear();
  for (const ChunkRow& chunk : record_.chunks()) {
    if (chunk.state == "in_flight") left_in_flight_.push_back(chunk.id);
  }
  for (const RunRow& row : record_.runs()) {
    if (row.parent) {
      meet_child(row);
      continue;
    }
    const int plan = std::stoi(row.job.substr(row.job.find('-') + 1));
    RunTruth& run = runs_[static_cast<std::size_t>(plan)];
    if (run.id && *run.id != RunId{row.id}) violated("I11", "run {} is now run {}", run.id->value, row.id);
    run.id = RunId{row.id};
    run.is_submitted = true;
    rollouts_.known_as(plan, row.id);
  }
  rollouts_.opened();
  recount(false);
}

void Ledger::recovered() {
  for (const std::int64_t chunk : left_in_flight_) ++crashes_[chunk];
  left_in_flight_.clear();
  rollouts_.recovered();
  for (const ChunkRow& chunk : record_.chunks()) {
    if (!is_unfinished(chunk)) continue;
    const auto crashes = crashes_.find(chunk.id);
    if (crashes != crashes_.end() && crashes->second >= crashes_of_poison) {
      violated("I12", "chunk {} was in flight at {} deaths of the process, and is not held", chunk.id,
               crashes->second);
    }
    if (chunk.state == "in_flight") {
      violated("I9", "chunk {} is in flight after the recovery, and nobody's", chunk.id);
    }
  }
}

void Ledger::restored() {
  attempts_.clear();
  newest_of_nonce_.clear();
  by_attempt_.clear();
  results_.clear();
  events_.clear();
  decisions_.clear();
  chunk_devices_.clear();
  settled_attempts_.clear();
  final_chunks_.clear();
  crashes_.clear();
  no_attempt_of_tenant_after_.reset();
  recorded_silence_ = {};
  rollouts_.restored();
  for (const ChunkRow& chunk : record_.chunks()) {
    if (chunk.crashes > 0) crashes_[chunk.id] = static_cast<int>(chunk.crashes);
  }
  const std::vector<RunRow> rows = record_.runs();
  // A child that is gone was either forgotten or never there; its number may be given to another one.
  for (auto& [id, child] : children_) {
    const std::int64_t number = id;
    if (std::ranges::find(rows, number, &RunRow::id) == rows.end()) expected_children_.push_back(child);
  }
  std::erase_if(children_, [&rows](const auto& one) {
    return std::ranges::find(rows, one.first, &RunRow::id) == rows.end();
  });
  for (RunTruth& run : runs_) {
    run.is_control_certain = false;
    run.no_attempt_after.reset();
    if (!run.is_submitted && !run.id) continue;
    const bool is_there =
        std::any_of(rows.begin(), rows.end(), [&run](const RunRow& row) { return run.id == RunId{row.id}; });
    if (is_there) continue;
    run.is_lost = run.is_submitted = true;
    run.id.reset();
  }
}

void Ledger::require_all_held() {
  for (const ChunkRow& chunk : record_.chunks()) {
    if (is_unfinished(chunk)) {
      violated("I5", "an older copy was put in the store's place, and chunk {} is not held", chunk.id);
    }
  }
}

void Ledger::recount(bool is_settled) {
  ++totals_.recounts;
  load_attempts();
  check_prefixes();
  const std::vector<RunRow> runs = record_.runs();
  const std::vector<ChunkRow> chunks = record_.chunks();
  std::size_t in_flight = 0;
  std::map<std::int64_t, std::string> of_halves;
  for (const ChunkRow& chunk : chunks) {
    in_flight += chunk.state == "in_flight" ? 1 : 0;
    if (chunk.parent) of_halves[*chunk.parent] += record_.names_of(chunk.id);
    recount_chunk(chunk);
  }
  for (const ChunkRow& chunk : chunks) {
    const auto halves = of_halves.find(chunk.id);
    const bool is_parent = halves != of_halves.end();
    if (is_parent != (chunk.state == "split") ||
        (is_parent && halves->second != record_.names_of(chunk.id))) {
      violated("I1", "the halves of chunk {} are not its devices", chunk.id);
    }
  }
  for (const RunRow& run : runs) recount_run(run, chunks);
  check_live_once(chunks);
  if (in_flight > (is_settled ? 0 : scenario_.in_flight)) {
    violated("I9", "{} chunks are in flight", in_flight);
  }
  check_acknowledged(runs);
  remember_kept();
}

void Ledger::recount_chunk(const ChunkRow& chunk) {
  const std::vector<DeviceName>& names = devices_of(chunk.id);
  if (static_cast<std::int64_t>(names.size()) != chunk.devices) {
    violated("I1", "chunk {} counts {} devices and names {}", chunk.id, chunk.devices, names.size());
  }
  const bool claims_execution = chunk.state == "succeeded" && chunk.evidence == "confirmed";
  const bool claims_none = chunk.state == "failed" || chunk.state == "canceled" ||
                           (chunk.state == "pending" && !chunk.is_unclear && !chunk.is_replay);
  for (const DeviceName name : names) {
    const int executions = device(name).executions;
    if (claims_execution && executions == 0) {
      violated("I7", "chunk {} is confirmed, and {} never got the command", chunk.id, to_text(name));
    }
    if (claims_none && executions > 0 && !device(name).is_taken) {
      violated("I7", "chunk {} is {}, and {} had got the command", chunk.id, chunk.state, to_text(name));
    }
  }
}

void Ledger::recount_run(const RunRow& run, const std::vector<ChunkRow>& chunks) {
  std::map<std::string, std::int64_t> of_chunks;
  std::map<std::string, std::int64_t> of_devices;
  std::string leaves;
  bool is_unfinished_run = false;
  for (const ChunkRow& chunk : chunks) {
    if (chunk.run != run.id) continue;
    ++of_chunks[counter_of(chunk)];
    is_unfinished_run |= is_unfinished(chunk);
    if (chunk.state == "split") continue;
    of_devices[counter_of(chunk)] += chunk.devices;
    leaves += record_.names_of(chunk.id);
  }
  const int plan = std::stoi(run.job.substr(run.job.find('-') + 1));
  const std::string& list = run.parent ? children_[run.id].list : runs_[static_cast<std::size_t>(plan)].list;
  if (leaves != list) violated("I1", "the chunks of run {} are not the devices of its list", run.id);
  if (!run.parent) rollouts_.recount(run, plan, chunks);
  for (const auto& [name, count] : run.chunks) {
    if (of_chunks[name] != count) {
      violated("I2", "run {} counts {} chunks {}, and there are {}", run.id, count, name, of_chunks[name]);
    }
  }
  for (const auto& [name, count] : run.devices) {
    if (of_devices[name] != count) {
      violated("I2", "run {} counts {} devices {}, and there are {}", run.id, count, name, of_devices[name]);
    }
  }
  if (run.requests != record_.count_results(run.id, "sent = 'sent'") ||
      run.throttled != record_.count_results(run.id, "outcome = 'throttled'")) {
    violated("I2", "run {} does not count its requests right", run.id);
  }
  if (run.is_finished == is_unfinished_run) {
    violated("I2", "run {} is {}finished, and its chunks say otherwise", run.id, run.is_finished ? "" : "un");
  }
  if (run.control == "canceled" && of_chunks["pending"] > 0) {
    violated("I13", "run {} is canceled, and {} of its chunks are pending", run.id, of_chunks["pending"]);
  }
}

// Everything that was there is still there, and as it was.
void Ledger::check_prefixes() {
  const std::vector<AttemptRow> attempts = record_.attempts_after(0);
  const bool are_there =
      attempts.size() >= attempts_.size() &&
      std::equal(attempts_.begin(), attempts_.end(), attempts.begin(),
                 [](const AttemptRow& one, const AttemptRow& other) {
                   return one.id == other.id && one.nonce == other.nonce && one.rest == other.rest;
                 });
  if (!are_there) violated("I10", "attempts that were on record are gone or changed");
  const std::map<std::int64_t, std::string> results = record_.results();
  for (const auto& [attempt, text] : results_) {
    const auto found = results.find(attempt);
    if (found == results.end() || found->second != text) {
      violated("I10", "the result of attempt {} is gone or changed", attempt);
    }
  }
  for (const std::int64_t attempt : settled_attempts_) {
    if (!results.contains(attempt)) {
      violated("I11", "attempt {} was told as settled, and its result is not on record", attempt);
    }
  }
  const auto is_prefix = [](const std::vector<KeptRow>& older, const std::vector<KeptRow>& newer) {
    return newer.size() >= older.size() && std::equal(older.begin(), older.end(), newer.begin());
  };
  if (!is_prefix(events_, record_.events()))
    violated("I10", "events that were on record are gone or changed");
  if (!is_prefix(decisions_, record_.doubt_decisions())) {
    violated("I10", "decisions that were on record are gone or changed");
  }
}

void Ledger::remember_kept() {
  results_ = record_.results();
  events_ = record_.events();
  decisions_ = record_.doubt_decisions();
}

void Ledger::check_acknowledged(const std::vector<RunRow>& runs) {
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    const RunTruth& run = runs_[i];
    if (!run.is_submitted || run.is_lost) continue;
    const auto found = std::find_if(runs.begin(), runs.end(),
                                    [i](const RunRow& row) { return row.job == "run-" + std::to_string(i); });
    if (found == runs.end()) {
      violated("I11", "run-{} was told as submitted, and is not on record", i);
      continue;
    }
    if (!run.is_control_certain) continue;
    // What was on its way when a person spoke may pass a threshold, or end a stage whose gate cancels, and
    // the process die before it tells.
    const bool is_by_rule = found->cause == "threshold" || found->cause == "gate";
    const bool is_canceled_since = found->control == "canceled" && is_by_rule;
    const bool is_as_told = found->control == to_string(run.control) || is_canceled_since ||
                            (run.control == RunControl::active && found->control == "paused");
    if (!is_as_told)
      violated("I11", "run {} was told as {}, and is {}", found->id, to_string(run.control), found->control);
  }
  for (const auto& [id, state] : final_chunks_) {
    const std::optional<ChunkRow> chunk = record_.chunk(id);
    if (!chunk || chunk->state != state) {
      violated("I4", "chunk {} was told as {}, and is {}", id, state, chunk ? chunk->state : "gone");
    }
  }
}

void Ledger::count_ends() {
  for (const ChunkRow& chunk : record_.chunks()) {
    if (chunk.state == "split") continue;
    ++totals_.chunks;
    if (chunk.state == "failed") ++totals_.failed;
    if (chunk.state == "in_doubt") ++totals_.in_doubt;
    if (chunk.state == "canceled") ++totals_.canceled;
    if (chunk.state == "succeeded") ++(chunk.evidence == "presumed" ? totals_.presumed : totals_.confirmed);
  }
}

}  // namespace sluice::simulation
