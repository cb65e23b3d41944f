// SPDX-License-Identifier: MIT
// The outside checks of gates, asked for real: a command is run, or an address is posted to. What cannot be
// asked, or does not answer in time, is inconclusive.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "sluice/core/result.hpp"
#include "sluice/engine/dispatcher.hpp"

namespace sluice {

/// Takes what the checks learn beside the verdict: a command that is not there, an answer that says nothing.
using TellOfCheck = std::function<void(const GateQuestion& question, std::string_view what)>;

/// For people, on stderr.
void say_of_check(const GateQuestion& question, std::string_view what);

/// The checks of one loop.
/// @param ca_file certificates to trust, PEM; empty: the system's
OutsideChecks outside_checks(boost::asio::any_io_executor loop, std::string ca_file,
                             TellOfCheck tell = say_of_check);

/// Whether the check can be asked at all, as far as that shows beforehand: refused addresses.
Result<void> check_outside(const OutsideCheck& check);

/// The verdict in an answer: {"verdict": "pass" | "fail" | "inconclusive"}; anything else is inconclusive.
GateAnswer verdict_in(std::string_view body);

/// What an address is posted: the run, its stage, and how its devices fared.
std::string question_json(const GateQuestion& question);

}  // namespace sluice
