// SPDX-License-Identifier: MIT
// What a process leaves behind that ended as if killed.
#pragma once

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sluice/core/result.hpp"

namespace sluice::store_tests {

/// Runs the work in a process that then ends as if killed: nothing is closed, nothing destroyed.
template <class Work>
void in_killed_process(Work work) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    work();
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) == 0);
}

/// For the work of such a process, which has nobody to report to.
template <class T>
T& or_die(Result<T>& result) {
  if (result.has_error()) _exit(1);
  return *result;
}

}  // namespace sluice::store_tests
