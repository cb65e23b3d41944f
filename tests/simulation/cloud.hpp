// SPDX-License-Identifier: MIT
// The cloud as far as a client can tell: devices, a memory of nonces, a clock, a quota, and its moods. It
// never forgets, whatever happens to the process that talks to it.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "simulation/dice.hpp"
#include "simulation/form.hpp"
#include "simulation/scenario.hpp"
#include "simulation/world.hpp"
#include "sluice/transport/http_message.hpp"

namespace sluice::simulation {

/// What is true of a request, whatever its answer says.
enum class Truth {
  executed,
  refused,  ///< and an answer that says so: certainly not executed
  unclear,  ///< the answer says nothing of it
};

struct CloudAnswer {
  HttpResponse response;
  Truth truth = Truth::unclear;
  bool says_accepted = false;
  bool blames_device = false;  ///< a device of the list is at fault
  Nanos silence_asked{0};      ///< by Retry-After and the like
};

class Cloud {
 public:
  using Executed = std::function<void(const Form& form)>;

  Cloud(World& world, const Scenario& scenario, Executed executed);

  /// A request has arrived, now.
  CloudAnswer receive(const Form& form);

  enum class Outage { none, refuses_connections, unavailable, failing, black_hole };
  Outage outage() const { return world_.now() < outage_until_ ? outage_ : Outage::none; }

  /// The faults end; what is wrong with devices stays.
  void calm_down();

 private:
  CloudAnswer judge(const Form& form);
  CloudAnswer answer(int status, std::string body, Truth truth);
  CloudAnswer refuse(int status, const std::string& code);
  CloudAnswer refuse_by_product(const std::string& code);
  CloudAnswer throttle();
  CloudAnswer error_page();
  CloudAnswer accept(const Form& form);
  bool is_over_quota();
  bool is_used(const Form& form);
  bool draws(Fault fault);
  Nanos until_next(Fault fault);
  void begin_outage();
  void begin_refusals(Fault fault);

  World& world_;
  const Scenario& scenario_;
  Executed executed_;
  Dice dice_;
  bool is_calm_ = false;
  std::map<std::pair<std::string, std::string>, Nanos> nonces_;  ///< by key and nonce: when it came
  std::deque<Nanos> arrivals_;
  Outage outage_ = Outage::none;
  Nanos outage_until_{0};
  Nanos blocked_until_{0};
  std::string blocked_code_;
  Nanos rejected_until_{0};
  int rejected_run_ = 0;
  std::uint64_t request_ids_ = 0;
};

}  // namespace sluice::simulation
