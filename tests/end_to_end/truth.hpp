// SPDX-License-Identifier: MIT
// What the store says of each device, held against the cloud's ledger: the promise of the README, checked
// from outside. For fault plans that lose requests and answers and refuse nothing: there, whatever was
// accepted or presumed was executed.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "end_to_end/scene.hpp"

namespace sluice::tests {

struct Truth {
  long sends = 0;           ///< requests that reached the cloud
  long executed_twice = 0;  ///< devices, or more often than twice
  long lost = 0;            ///< devices without exactly one final word
  long wrong = 0;           ///< said to be accepted, but not executed; or failed or canceled, but executed
  long confirmed = 0;
  long presumed = 0;
  long in_doubt = 0;
  long rate_violations = 0;  ///< arrivals beyond the limit in the fullest second
  bool counters_add_up = true;

  Truth& operator+=(const Truth& other);
  bool holds() const {
    return executed_twice == 0 && lost == 0 && wrong == 0 && rate_violations == 0 && counters_add_up;
  }
};

/// Of the store's newest run, which has the devices of device_lines(fleet).
Truth truth_of(const Scene& scene, std::size_t fleet, long requests_per_second);
std::string to_text(const Truth& truth);

/// The newest run of the scene's store, if there is a store with a run.
std::optional<std::string> newest_run(const Scene& scene);

/// Goes on after a death, until the program says that every device has its final word: resumes, or runs the
/// job if nothing is there to resume.
ProgramEnd finish(const Scene& scene);

/// Plays `count` games, as many at a time as makes sense for games that mostly wait, and collects what each
/// has to complain about; empty texts are left out.
std::vector<std::string> complaints_of(std::size_t count,
                                       const std::function<std::string(std::size_t)>& play);

}  // namespace sluice::tests
