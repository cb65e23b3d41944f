// SPDX-License-Identifier: MIT
#include "simulation/simulation.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "sluice/core/mutation.hpp"

namespace sluice::simulation {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// What has not happened in so many lives is left to another seed.
constexpr std::uint64_t dangerous_lives = 16;
constexpr int lives_to_end_well = 40;
constexpr int lives_until_given_up = 12;
constexpr int lives_until_too_late = 30;
// Of virtual time, for one life in which nothing fails.
constexpr Nanos life_at_most = 30h;

}  // namespace

Place::Place(CrashVfs& vfs, std::string folder)
    : vfs_(vfs), folder_(std::move(folder)), database_(folder_ + "/s.db") {
  fs::create_directories(folder_);
  fs::permissions(folder_, fs::perms::owner_all);
  Disk disk;
  vfs_.mount(disk);
  vfs_.seed(0);
  lay_out(disk, /*is_empty=*/true);
  {
    const BootClock clock{.boot_id = "boot-0", .since_boot = [] { return 1s; }};
    const Result<std::unique_ptr<Store>> made = open_store(database_, Machine::true_utc(0ns) - 1h, clock);
    if (made.has_error()) throw std::runtime_error("no store can be made: " + made.error().message);
  }
  made_ = disk.live_image();
  made_generation_ = generation();
}

Place::~Place() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

void Place::lay_out(Disk& disk, bool is_empty) const {
  if (is_empty) {
    remove_generation();
  } else {
    disk.load(made_);
    put_generation(made_generation_);
  }
  show_whether_there(disk);
}

void Place::show_whether_there(const Disk& disk) const {
  if (disk.has_content(database_)) {
    std::ofstream{database_} << "in memory";
  } else {
    fs::remove(database_);
  }
}

std::string Place::generation() const {
  std::ifstream file{database_ + ".generation"};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void Place::put_generation(const std::string& text) const {
  if (text.empty()) return remove_generation();
  std::ofstream{database_ + ".generation"} << text;
}

void Place::remove_generation() const { fs::remove(database_ + ".generation"); }

Simulation::Simulation(Place& place, const Scenario& scenario, bool is_traced, Totals& totals)
    : place_(place),
      scenario_(scenario),
      totals_(totals),
      world_(is_traced),
      record_(disk_, place.database()),
      operator_dice_(scenario.seed, 3),
      machine_dice_(scenario.seed, 4),
      network_dice_(scenario.seed, 5),
      process_dice_(scenario.seed, 6),
      cloud_(world_, scenario_, [this](const Form& form) { ledger_.executed(form); }),
      ledger_(world_, scenario_, machine_, record_, disk_, place.vfs(), place.database(), totals) {
  place_.vfs().mount(disk_);
  place_.vfs().seed(scenario.seed);
  place_.lay_out(disk_, scenario.begins_empty);
  durable_generation_ = place_.generation();
  disk_.heeds_sync = [this](const std::string& file) {
    const bool is_careless =
        is_seeded(Mutation::synchronous_normal) || (is_seeded(Mutation::no_seal) && is_opening_);
    return !is_careless || !file.ends_with("-wal");
  };
  if (scenario.has(Fault::drift))
    machine_.drift = (machine_dice_.uniform() * 2 - 1) * scenario.rate_of(Fault::drift) * 1e-6;
}

Simulation::~Simulation() {
  process_.reset();
  record_.close();
}

Surroundings Simulation::around() {
  return {world_, scenario_,     machine_,      disk_,   record_, ledger_,
          cloud_, network_dice_, process_dice_, totals_, is_calm_};
}

SeedResult Simulation::run() {
  ++totals_.seeds;
  try {
    go();
  } catch (const std::exception& problem) {
    world_.violated("I11", problem.what());
  }
  totals_.virtual_seconds += static_cast<std::uint64_t>(world_.now() / 1s);
  return {world_.violation(), world_.hash()};
}

void Simulation::go() {
  live_dangerously();
  if (is_well()) end_well();
  if (is_well()) ledger_.count_ends();
}

void Simulation::live_dangerously() {
  while (is_well() && world_.now() < scenario_.safety_phase && lives_ < dangerous_lives) {
    one_life(Purpose::to_send, scenario_.safety_phase);
    if (!is_well()) return;
    const double decides = std::max(scenario_.rate_of(Fault::doubt_verbs), scenario_.rate_of(Fault::again));
    if (operator_dice_.chance(decides)) {
      one_life(Purpose::to_decide, scenario_.safety_phase);
    }
    if (!is_well()) return;
    if (operator_dice_.chance(scenario_.rate_of(Fault::older_copy))) put_older_copy_back();
    if (operator_dice_.chance(scenario_.rate_of(Fault::key_rotation))) ++keys_;
    if (is_over()) return;
    if (scenario_.has(Fault::wall_jump) && operator_dice_.chance(0.7)) jump_wall_clock();
    wait(down_time());
  }
}

/// Often nobody has time to notice; sometimes it takes about as long as a request may be repeated.
Nanos Simulation::down_time() {
  const double which = operator_dice_.uniform();
  if (which < 0.5 || scenario_.is_restarted_at_once) return operator_dice_.span(1ms, 5s);
  return which < 0.75 ? operator_dice_.span(5s, 8min) : operator_dice_.span(8min, 25min);
}

/// Whether nothing is left for which it is worth going on.
bool Simulation::is_over() {
  const bool may_begin_anew =
      scenario_.has(Fault::doubt_verbs) || scenario_.has(Fault::again) || scenario_.has(Fault::older_copy);
  return is_finished_ && !(may_begin_anew && operator_dice_.chance(0.6));
}

bool Simulation::is_all_finished() {
  for (std::size_t i = 0; i < scenario_.runs.size(); ++i) {
    if (!ledger_.was_submitted(static_cast<int>(i))) return false;
  }
  for (const RunRow& run : record_.runs()) {
    if (!run.is_finished) return false;
  }
  return true;
}

void Simulation::end_well() {
  is_calm_ = true;
  cloud_.calm_down();
  machine_.wall_error = 0ns;
  ledger_.rollouts().clocks_changed();
  frozen_until_ = 0ns;
  for (int life = 0; life < lives_to_end_well && is_well(); ++life) {
    one_life(Purpose::to_send, world_.now() + life_at_most);
    if (!is_well()) return;
    if (is_finished_) {
      // What is still on its way must not change what was told.
      while (world_.next_at() && is_well()) world_.step();
      ledger_.recount(/*is_settled=*/true);
      return;
    }
    // A wall clock that was ahead may have put something off for a day.
    wait(calm_lives_ > lives_until_given_up ? 2h : 1s);
  }
  if (is_well())
    world_.violated("I15",
                    fmt::format("after {} quiet lives, something is still unfinished", lives_to_end_well));
}

void Simulation::one_life(Purpose purpose, Nanos until) {
  const std::uint64_t handlers_before = handlers_;
  const std::uint64_t visits_before = visits_;
  const std::uint64_t sends_before = totals_.sends;
  const Nanos begin = world_.now();
  if (begin_life(purpose)) live_until(until);
  // Some ten times what has ever been needed: what is above it is busy with itself.
  const auto seconds = static_cast<std::uint64_t>((world_.now() - begin) / 1s);
  const std::uint64_t handlers_at_most =
      2000 + 5 * seconds + 500 * (totals_.sends - sends_before) + 20 * (visits_ - visits_before);
  if (handlers_ - handlers_before > handlers_at_most) {
    world_.violated("I15", fmt::format("a process that sent {} requests in {} s was woken {} times",
                                       totals_.sends - sends_before, seconds, handlers_ - handlers_before));
  }
  end_life();
}

bool Simulation::begin_life(Purpose purpose) {
  ++lives_;
  place_.show_whether_there(disk_);
  // Copies of older schemas: the product removes them from the real disk.
  for (int schema = 1; schema < 10; ++schema)
    disk_.forget(fmt::format("{}.schema-{}", place_.database(), schema));
  process_ = std::make_unique<Process>(around(), place_.database(), fmt::format("key-{}", keys_),
                                       lives_ >= static_cast<std::uint64_t>(scenario_.denied_from_life));
  world_.note("life", static_cast<std::int64_t>(lives_), purpose == Purpose::to_send ? 1 : 0);
  is_opening_ = true;
  const std::uint64_t trouble_before = totals_.disk_errors + totals_.failed_syncs;
  const bool is_open = process_->open();
  was_opened_ |= is_open;
  is_opening_ = false;
  durable_generation_ = place_.generation();
  const bool was_in_trouble = totals_.disk_errors + totals_.failed_syncs > trouble_before;
  if (!is_open && !process_->is_dead() && !was_in_trouble) {
    world_.violated("I11", "nothing fails, and the store cannot be opened: " + process_->failure()->message);
  }
  if (!is_open) return false;
  ++opens_since_copy_;
  if (std::exchange(must_hold_all_, false)) ledger_.require_all_held();
  ledger_.opened();
  if (!is_well() || !process_->recover()) return false;
  ledger_.recovered();
  if (!is_well()) return false;
  if (purpose == Purpose::to_decide) {
    decide_doubts();
    return false;
  }
  for (std::size_t i = 0; i < scenario_.runs.size(); ++i) {
    const int run = static_cast<int>(i);
    const bool is_wanted = is_calm_ || i == 0 || operator_dice_.chance(0.7);
    if (!is_wanted || ledger_.was_submitted(run) || ledger_.run_id(run)) continue;
    if (!process_->submit(run, job_text(run))) return false;
    ledger_.opened();
    ledger_.recovered();
  }
  if (is_calm_ && !say_yes_to_all()) return false;
  if (!process_->begin_sending()) return false;
  begin_visits();
  return true;
}

void Simulation::decide_doubts() {
  for (std::size_t i = 0; i < scenario_.runs.size(); ++i) {
    const int run = static_cast<int>(i);
    const DoubtVerdict verdict = operator_dice_.chance(0.6) ? DoubtVerdict::resend : DoubtVerdict::accept;
    // What is in doubt in a run may have gone over to another.
    const bool is_decided = ledger_.has_child(run) || process_->decide_doubt(verdict, run, operator_dice_);
    if (!is_decided) return;
    // Nobody sends now, so an operator does by himself what the sender would have done for him.
    const bool approves = scenario_.has(Fault::approve) && operator_dice_.chance(0.3);
    if (approves && !process_->approve_all(run, operator_dice_.chance(0.2))) return;
    const bool pauses = scenario_.has(Fault::pause) && operator_dice_.chance(0.2);
    if (pauses && !process_->set_control(run, RunControl::paused)) return;
    const bool cancels = scenario_.has(Fault::cancel) && operator_dice_.chance(0.1);
    if (cancels && !process_->set_control(run, RunControl::canceled)) return;
    const bool repeats = operator_dice_.chance(scenario_.rate_of(Fault::again));
    if (repeats && !process_->send_again(run, operator_dice_)) return;
  }
}

/// In the end somebody approves whatever waits for it, past gates that hold; and what fails time and again is
/// canceled.
bool Simulation::say_yes_to_all() {
  ++calm_lives_;
  for (std::size_t i = 0; i < scenario_.runs.size(); ++i) {
    const int run = static_cast<int>(i);
    const std::optional<RunId> id = ledger_.run_id(run);
    const std::optional<RunRow> row = id ? record_.run(id->value) : std::nullopt;
    if (!row || row->is_finished) continue;
    if (!process_->approve_all(run, row->cause == "gate")) return false;
    const bool is_hopeless = (calm_lives_ > lives_until_given_up && row->cause == "threshold") ||
                             (calm_lives_ > lives_until_too_late && row->cause == "deadline");
    if (is_hopeless && !process_->set_control(run, RunControl::canceled)) return false;
  }
  for (const RunRow& row : record_.runs()) {
    if (!row.parent || row.is_finished) continue;
    const int run = std::stoi(row.job.substr(row.job.find('-') + 1));
    if (!process_->approve_all(row, run, row.cause == "gate")) return false;
    const bool is_hopeless = calm_lives_ > lives_until_given_up && row.control == "paused";
    if (is_hopeless && !process_->cancel_child(RunId{row.id})) return false;
  }
  return true;
}

void Simulation::live_until(Nanos until) {
  std::uint64_t at_this_time = 0;
  while (is_well() && !process_->is_dead() && !process_->is_done()) {
    const bool is_frozen = world_.now() < frozen_until_;
    if (!is_frozen) {
      const std::uint64_t handlers = process_->work();
      handlers_ += handlers;
      at_this_time += handlers;
      if (process_->is_dead() || process_->is_done() || !is_well()) return;
    }
    std::optional<Nanos> next = is_frozen ? std::optional{frozen_until_} : process_->next_at();
    if (const auto world_next = world_.next_at()) next = next ? std::min(*next, *world_next) : world_next;
    if (!next) {
      world_.violated("I15", "the process waits for something that never comes");
      return;
    }
    if (*next > world_.now()) at_this_time = 0;
    if (at_this_time > 100'000) {
      world_.violated("I15", "the process is busy, and time stands still");
      return;
    }
    if (*next >= until) {
      if (is_calm_) world_.violated("I15", "nothing fails, and the process does not come to an end");
      world_.go_to(until);
      return;
    }
    if (world_.next_at() == next) {
      world_.step();
    } else {
      world_.go_to(*next);
    }
  }
}

void Simulation::end_life() {
  if (!process_) return;
  const bool is_clean = is_well() && !process_->is_dead() && (process_->is_done() || process_->failure());
  is_finished_ = false;
  if (is_clean && process_->is_done_well()) {
    ledger_.recount(/*is_settled=*/true);
    is_finished_ = is_all_finished();
  }
  if (is_clean) {
    process_->close();
    if (!process_->is_dead()) {
      process_.reset();
      durable_generation_ = place_.generation();
      const bool keeps_copy = was_opened_ && scenario_.has(Fault::older_copy) && operator_dice_.chance(0.5);
      if (keeps_copy && !is_calm_) {
        copy_ = disk_.live_image();
        opens_since_copy_ = 0;
      }
      return;
    }
  }
  process_->die();
  bury();
}

/// What a dead process leaves.
void Simulation::bury() {
  generation_at_death_ = place_.generation();
  record_.close();
  process_.reset();
  place_.put_generation(generation_at_death_);
  const bool loses_power = machine_dice_.chance(scenario_.rate_of(Fault::power_cut)) && !is_calm_;
  if (!loses_power) {
    ++totals_.kills;
    return;
  }
  ++totals_.power_cuts;
  world_.note("power_cut");
  disk_.lose_power(machine_dice_);
  if (machine_dice_.chance(0.5)) place_.put_generation(durable_generation_);
  ++machine_.boot;
  machine_.booted_at = world_.now();
  machine_.suspended = 0ns;
}

void Simulation::wait(Nanos time) {
  const Nanos end = world_.now() + time;
  while (world_.next_at() && *world_.next_at() <= end && is_well()) world_.step();
  world_.go_to(end);
}

void Simulation::visit_often(Fault fault, std::uint64_t life, std::function<void()> visit) {
  if (!scenario_.has(fault)) return;
  const double mean = static_cast<double>(scenario_.stretch.count()) / scenario_.rate_of(fault);
  const Nanos next = Nanos{static_cast<std::int64_t>(-std::log(1 - operator_dice_.uniform()) * mean)};
  world_.after(next, [this, fault, life, visit = std::move(visit)] {
    const bool is_same_life = life == lives_ && process_ && !process_->is_dead();
    if (!is_same_life || is_calm_) return;
    ++visits_;
    visit();
    visit_often(fault, life, visit);
  });
}

void Simulation::begin_visits() {
  if (is_calm_) return;
  const auto any_run = [this] {
    return static_cast<int>(operator_dice_.between(0, static_cast<std::int64_t>(scenario_.runs.size()) - 1));
  };
  visit_often(Fault::kill, lives_, [this] { process_->die(); });
  visit_often(Fault::stop, lives_, [this] { process_->stop(); });
  visit_often(Fault::second_owner, lives_, [this] { open_beside(); });
  visit_often(Fault::stale_settle, lives_, [this] { process_->settle_once_more(); });
  visit_often(Fault::freeze, lives_, [this] { freeze(machine_dice_.span(10ms, 40min), false); });
  visit_often(Fault::suspend, lives_, [this] { freeze(machine_dice_.span(1s, 40min), true); });
  visit_often(Fault::wall_jump, lives_, [this] { jump_wall_clock(); });
  const auto say = [this, any_run](RunControl control) {
    process_->ask_for_control(any_run(), control, operator_dice_.chance(0.6));
  };
  visit_often(Fault::pause, lives_, [say] { say(RunControl::paused); });
  visit_often(Fault::cancel, lives_, [say] { say(RunControl::canceled); });
  visit_often(Fault::unpause, lives_, [say] { say(RunControl::active); });
  visit_often(Fault::approve, lives_, [this, any_run] { process_->approve(any_run()); });
  visit_often(Fault::rate_order, lives_, [this] {
    const double rate = scenario_.rate * operator_dice_.log_between(0.1, 1);
    process_->order_rate(rate, operator_dice_.span(1s, 10min));
  });
}

void Simulation::freeze(Nanos time, bool is_suspend) {
  if (world_.now() < frozen_until_) return;
  world_.note(is_suspend ? "suspend" : "freeze", time / 1ms);
  frozen_until_ = world_.now() + time;
  world_.at(frozen_until_, [this] { ledger_.rollouts().woken(); });
  // Nobody looks at the clock meanwhile, so it may as well be set now.
  if (is_suspend) {
    world_.at(frozen_until_, [this, time] { machine_.suspended += time; });
  }
}

void Simulation::jump_wall_clock() {
  const Nanos sizes[] = {machine_dice_.span(1ms, 50s), machine_dice_.span(50s, 20min),
                         machine_dice_.span(20min, 24h)};
  const std::int64_t which = machine_dice_.chance(0.5) ? 1 : machine_dice_.between(0, 3);
  // Every other time somebody sets it right.
  const Nanos size = which == 3 || machine_.wall_error != 0ns ? 0ns : sizes[which];
  machine_.wall_error = machine_dice_.chance(0.5) ? size : -size;
  ledger_.rollouts().clocks_changed();
  world_.note("wall_clock", machine_.wall_error / 1ms);
}

void Simulation::open_beside() {
  world_.note("second_owner");
  const Shield shield{disk_};
  const Result<std::unique_ptr<Store>> second =
      open_store(place_.database(), machine_.utc(world_.now()), {"boot", [] { return 1s; }});
  if (second.has_value() || second.error().kind != ErrorKind::refused) {
    world_.violated("I9", "a second process could open the store while the first one had it");
  }
}

void Simulation::put_older_copy_back() {
  if (!copy_ || opens_since_copy_ == 0) return;
  world_.note("older_copy");
  record_.close();
  disk_.load(*copy_);
  ledger_.restored();
  record_.close();
  must_hold_all_ = true;
}

std::string Simulation::job_text(int run) const {
  const RunPlan& plan = scenario_.runs[static_cast<std::size_t>(run)];
  return fmt::format(
      R"({{"name":"run-{}","call":{{"product_key":"a1BwAGVxxxx","identifier":"Set","args":{{}}}},)"
      R"("compensate":{{"product_key":"a1BwAGVxxxx","identifier":"Reset","args":{{}}}},"chunk_size":{},)"
      R"("safe_to_repeat":{},"on_doubt":"{}","retry":{{"max_attempts":{},"base":"{}ms","cap":"{}ms","deadline":"{}ms"}}{}}})",
      run, plan.chunk_size, plan.safe_to_repeat, to_string(plan.on_doubt), plan.retry.max_attempts,
      plan.retry.base.count(), plan.retry.cap.count(), plan.retry.deadline.count(),
      job_members(plan.rollout));
}

}  // namespace sluice::simulation
