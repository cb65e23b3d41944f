// SPDX-License-Identifier: MIT
// The verbs of the service: schedule, token, serve.
#pragma once

#include "app/options.hpp"
#include "app/schedule_options.hpp"
#include "app/token_options.hpp"
#include "app/verbs.hpp"

namespace sluice {

class ServiceVerbs {
 public:
  /// Adds them; what was given is kept here, so this outlives the parsing and the verb.
  explicit ServiceVerbs(Verbs& verbs);
  ServiceVerbs(const ServiceVerbs&) = delete;
  ServiceVerbs& operator=(const ServiceVerbs&) = delete;

 private:
  CommonOptions& common_;
  ScheduleOptionsGiven schedule_;
  TokenOptionsGiven token_;
};

}  // namespace sluice
