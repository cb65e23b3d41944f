// SPDX-License-Identifier: MIT
// A run's progress as a value: fed with what happens, asked for a view of it. Reads no clock and keeps a
// bounded memory however long the run and whatever the cloud answers.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/limited_by.hpp"
#include "sluice/core/chunk_rules.hpp"
#include "sluice/core/ids.hpp"
#include "sluice/core/outcome.hpp"
#include "sluice/core/run.hpp"
#include "sluice/core/time.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

/// Where the run stands when watching begins. Chunks and devices that are in flight count as pending.
struct ProgressStart {
  RunId run;
  std::string job_name;
  std::string tenant;
  StateCounts devices;
  StateCounts chunks;
  double rate = 0;           ///< requests per second that this run may make
  double account_limit = 0;  ///< requests per second of the whole account
  int in_flight_max = 0;     ///< requests at once; 0: not known
  SteadyTime at;
};

/// One attempt that has been settled.
struct ProgressSettled {
  SteadyTime at;
  int devices = 0;  ///< in its chunk
  OutcomeKind outcome = OutcomeKind::accepted;
  Transition transition;
  std::optional<std::chrono::nanoseconds> rtt;  ///< absent: there was no answer
  std::string_view code;                        ///< untrusted
  bool was_replay = false;
};

struct EtaRange {
  std::chrono::seconds low{0};
  std::chrono::seconds high{0};

  bool operator==(const EtaRange&) const = default;
};

struct LatencyPercentiles {
  std::chrono::nanoseconds p50{0};
  std::chrono::nanoseconds p95{0};
};

struct ProgressView {
  RunId run;
  std::string job_name;
  std::string tenant;
  StateCounts devices;  ///< pending excludes in flight; they add up to devices_total
  std::int64_t devices_total = 0;
  std::int64_t chunks_done = 0;
  std::int64_t chunks_total = 0;  ///< grows by one with each split
  std::int64_t requests = 0;      ///< sent since watching began
  int requests_in_flight = 0;
  std::int64_t sent_last_second = 0;
  double rate = 0;  ///< of sends, over the last seconds
  double rate_limit = 0;
  double account_limit = 0;
  double pace = 0;           ///< the rate in force now; below rate_limit after a throttle
  double others = 0;         ///< requests per second that others seem to make under the same account
  std::int64_t retries = 0;  ///< attempts that did not settle their chunk, for another reason than the pace
  std::int64_t replays = 0;
  std::int64_t throttled = 0;
  std::optional<LatencyPercentiles> latency;
  std::optional<EtaRange> eta;  ///< absent: unknown
  LimitedBy limited_by = LimitedBy::nothing;
  Halt halt = Halt::none;
  bool finished = false;
  std::chrono::nanoseconds elapsed{0};
  std::vector<CodeCount> top_codes;  ///< most frequent first; untrusted
};

class ProgressModel {
 public:
  explicit ProgressModel(const ProgressStart& start);

  /// A request's first byte went out.
  void sent(SteadyTime now);
  /// An attempt has its result, and its chunk the next state.
  void settled(const ProgressSettled& event);
  /// How many requests are on their way now, and the devices in them.
  void in_flight(int requests, std::int64_t devices);
  /// The rate that the pacer holds now.
  void pace(double requests_per_second);
  void others_use(double requests_per_second) { others_ = requests_per_second; }
  void retries_held(bool are_held) { are_retries_held_ = are_held; }
  void store_held(bool is_held) { is_store_held_ = is_held; }
  void endpoint_lost(bool is_lost) { is_endpoint_lost_ = is_lost; }
  /// It waits for a soak, an approval or its hours now, or will have to before its end: when that is over,
  /// nobody here knows.
  void has_to_wait(bool does_now, bool will_later) {
    is_waiting_ = does_now;
    will_wait_ = will_later;
  }

  ProgressView view(SteadyTime now) const;

 private:
  void move_devices(std::int64_t devices, const Transition& transition);
  void remember_code(std::string_view code);
  std::int64_t chunks_left() const { return chunks_.pending; }
  std::optional<EtaRange> eta(SteadyTime now) const;
  LimitedBy limited_by(SteadyTime now) const;
  LatencyPercentiles latencies() const;
  std::vector<CodeCount> top_codes() const;

  ProgressStart start_;
  StateCounts devices_;  ///< its pending includes what is in flight
  StateCounts chunks_;   ///< likewise
  std::int64_t devices_in_flight_ = 0;
  int requests_in_flight_ = 0;
  double pace_;
  double others_ = 0;
  bool are_retries_held_ = false;
  bool is_store_held_ = false;
  bool is_endpoint_lost_ = false;
  bool is_waiting_ = false;
  bool will_wait_ = false;
  std::int64_t requests_ = 0;
  std::int64_t retries_ = 0;
  std::int64_t replays_ = 0;
  std::int64_t throttled_ = 0;
  Halt halt_ = Halt::none;
  std::optional<SteadyTime> last_throttle_;
  std::optional<SteadyTime> finished_at_;
  std::deque<SteadyTime> sends_;               ///< the latest ones
  std::deque<SteadyTime> finishes_;            ///< when the latest chunks became final
  std::deque<std::chrono::nanoseconds> rtts_;  ///< the latest ones
  std::vector<CodeCount> codes_;               ///< the first few kinds; all others count as one
};

}  // namespace sluice
