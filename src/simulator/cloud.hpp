// SPDX-License-Identifier: MIT
// The simulated cloud itself: judges requests in the order of their arrival and remembers nonces, quota and
// what was executed on which device. Knows no sockets and reads no clock: the server around it does both.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "answers.hpp"
#include "arrival_window.hpp"
#include "fault_dice.hpp"
#include "moment.hpp"
#include "options.hpp"
#include "parameters.hpp"
#include "summary.hpp"

namespace sluice::simulator {

/// What the ledger says about one request.
struct LedgerEntry {
  std::chrono::nanoseconds at{};
  long connection = 0;
  std::string nonce;
  int http_status = 0;  ///< 0: no answer
  std::string code;     ///< empty: none was given
  std::optional<Fault> fault;
  std::vector<std::string> device_names;  ///< what was executed; empty if nothing was
  long devices = 0;                       ///< how many names the request carried
};

struct Verdict {
  Answer answer;
  LedgerEntry entry;
};

class Cloud {
 public:
  explicit Cloud(const Options& options);

  /// A request has been read: decides its latency and fault. The first one starts the clock of the outages.
  Passage receive(const Moment& now);

  /// The request arrives. @param now never earlier than in the call before
  Verdict arrive(const Request& request, const Passage& passage, const Moment& now);

  /// Whether the port is closed by an outage at this time.
  bool refuses_connections(std::chrono::nanoseconds since_start) const;

  /// From the server's start; absent before the first one.
  std::optional<std::chrono::nanoseconds> first_request_at() const { return first_request_at_; }

  Summary summary() const;

 private:
  struct Decision;

  std::optional<Fault> outage_at(std::chrono::nanoseconds since_start) const;
  std::optional<Fault> loss_of(const Passage& passage, const Moment& now) const;
  std::chrono::sys_time<std::chrono::seconds> own_time(const Moment& now) const;
  Answer answer_to(const Request& request, const Parameters& parameters, const Decision& decision,
                   const Moment& now);
  Decision judge(const Request& request, const Parameters& parameters, std::optional<Fault> fault,
                 const Moment& now);
  std::optional<Refusal> check_history(const Parameters& parameters, std::optional<Fault>& fault,
                                       const Moment& now);
  std::variant<std::vector<std::string>, Refusal> call(const Parameters& parameters,
                                                       std::optional<Fault>& fault) const;
  bool is_new_nonce(const std::string& nonce, std::chrono::nanoseconds at);
  bool quota_allows(const std::string& account, std::chrono::nanoseconds at);
  std::string account_of(const Parameters& parameters) const;
  void count(const LedgerEntry& entry);

  Options options_;
  FaultDice passages_;
  FaultDice others_;  ///< on its own, so that the others' arrivals do not shift the faults
  FaultDice ids_;
  std::unordered_map<std::string, QuotaWindow> quotas_;  ///< by account
  std::optional<std::chrono::nanoseconds> first_request_at_;
  std::optional<std::chrono::nanoseconds> next_other_at_;

  struct Remembered {
    std::chrono::nanoseconds until;
    std::string nonce;
  };
  std::deque<Remembered> nonces_by_age_;
  std::unordered_set<std::string> nonces_;

  std::map<std::string, std::vector<std::chrono::nanoseconds>> arrivals_;  ///< by account
  std::unordered_map<std::string, std::uint32_t> executions_;
  Summary counted_;
};

}  // namespace sluice::simulator
