// SPDX-License-Identifier: MIT
#include <sys/prctl.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <exception>

#include "app/command_line.hpp"

int main(int argc, char** argv) {
  // A pipe that is closed is an error of the write, not a reason to die; and a key must not end up in a core
  // dump.
  std::signal(SIGPIPE, SIG_IGN);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  try {
    return sluice::run_command_line(argc, argv);
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "sluice: unexpected: %s\n", problem.what());
    return 1;
  }
}
