// SPDX-License-Identifier: MIT
// One life of the shipped program, from the opening of its store to its end or its death: what app/session
// builds, on virtual time.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "simulation/network.hpp"
#include "simulation/process_clock.hpp"
#include "sluice/core/job.hpp"
#include "sluice/engine/dispatcher.hpp"
#include "sluice/engine/randomness.hpp"
#include "sluice/store/async_store.hpp"
#include "sluice/store/open_store.hpp"

namespace sluice::simulation {

class Process : public Observer {
 public:
  /// @param knows_deny_list whether it was given the account's
  Process(Surroundings around, std::string store_path, std::string key, bool knows_deny_list);
  ~Process() override;

  /// Opens the store. @return whether it is open; if not, the process has ended or died
  bool open();
  /// Takes over what an earlier one left.
  bool recover();
  bool submit(int run, const std::string& job_text);
  /// All that is unfinished: what the operator calls resume. @return whether there is anything
  bool begin_sending();

  bool decide_doubt(DoubtVerdict verdict, int run, Dice& dice);
  // Another process's word, which this one carries out.
  /// @param is_braked its dispatcher is told as well, as the program does it; else only the record
  void ask_for_control(int run, RunControl control, bool is_braked);
  void approve(int run);
  void order_rate(double rate, Nanos time);
  // The same of an operator who has the store to himself.
  bool set_control(int run, RunControl control);
  bool approve_all(int run, bool is_past_gate);
  bool approve_all(const RunRow& row, int run, bool is_past_gate);
  bool cancel_child(RunId run);
  /// A run over devices of that one, those that were drawn.
  bool send_again(int run, Dice& dice);
  /// As if the answer to an earlier attempt came only now.
  void settle_once_more();
  void stop();
  void die();
  void close();

  bool is_dead() const { return is_dead_; }
  /// All dispatchers have come to an end.
  bool is_done() const { return is_done_; }
  const std::optional<Error>& failure() const { return failure_; }
  /// … of them without trouble, so nothing of theirs is left in flight.
  bool is_done_well() const { return is_done_ && !has_failed_ && !failure_; }
  Store& store() { return *store_; }

  /// Runs what is ready. @return how much that was
  std::uint64_t work();
  std::optional<Nanos> next_at() const { return clock_.next_at(); }

 private:
  class Nonces : public Randomness {
   public:
    explicit Nonces(Dice& dice) : dice_(dice) {}
    std::string nonce() override;
    double uniform() override { return dice_.uniform(); }

   private:
    Dice& dice_;
  };

  struct Sending {
    RunRecord record;
    Job job;
  };

  void attempt_sent(const AttemptSent& event, SteadyTime at) override;
  void attempt_settled(const AttemptSettled& event, SteadyTime at) override;
  void rate_changed(double) override {}
  void endpoint_lost(std::string_view reason) override;
  void endpoint_back() override;
  void stage_changed(const StageNews& news) override;

  bool occasion();
  DiskVerdict judge(DiskCall call);
  bool lift_pauses(const RunRecord& run);
  Result<RunId> import_in_stages(const Job& job, const std::string& job_text, int run);
  bool is_denied(std::string_view device) const;
  boost::asio::awaitable<GateAnswer> answer(GateQuestion question);
  DispatcherConfig config_for(const std::vector<Sending>& runs, SteadyTime not_before);
  boost::asio::awaitable<void> send_all(std::vector<Sending> runs);
  boost::asio::awaitable<SteadyTime> send(std::vector<Sending> runs, SteadyTime not_before);
  Nanos database_delay();

  Surroundings around_;
  std::string path_;
  std::string key_;
  std::optional<boost::asio::io_context> loop_{1};
  ProcessClock clock_;
  DelayingExecutor::Delay delay_;
  Nonces nonces_;
  Network network_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<AsyncStore> async_store_;
  std::unique_ptr<Dispatcher> dispatcher_;
  SteadyTime last_sent_before_;
  std::vector<Settlement> settlements_;  ///< of late
  bool knows_deny_list_;
  std::map<int, int> times_braked_;  ///< of a run
  std::set<RunId> braked_;
  std::set<Alarm*> asking_;  ///< outside checks under way
  Nanos slept_{0};
  double call_dies_ = 0;
  double occasion_dies_ = 0;
  bool is_dead_ = false;
  bool is_done_ = false;
  bool is_stopping_ = false;
  bool has_failed_ = false;
  std::optional<Error> failure_;
};

}  // namespace sluice::simulation
