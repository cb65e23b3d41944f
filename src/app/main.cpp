// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>

#include "app/command_line.hpp"
#include "app/secret_variables.hpp"
#include "sluice/dialect/credentials.hpp"

namespace {

/// Who starts us with a standard stream closed would otherwise find what we print in the next file that we
/// open: the store's lock, say.
void occupy_standard_streams() {
  for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; ++stream) {
    // What is opened gets the lowest free number: this one.
    if (::fcntl(stream, F_GETFD) < 0) (void)::open("/dev/null", O_RDWR);
  }
}

}  // namespace

int main(int argc, char** argv) {
  occupy_standard_streams();
  // A pipe that is closed, or a file that must not grow, is an error of the write, not a reason to die; and a
  // key must not end up in a core dump.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  sluice::keep_secrets_apart();
  sluice::take_secret_variables();
  try {
    return sluice::run_command_line(argc, argv);
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "sluice: unexpected: %s\n", problem.what());
    return 1;
  }
}
