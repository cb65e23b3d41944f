// SPDX-License-Identifier: MIT
// A program as its user meets it: started with arguments, environment and input of its own, waited for with a
// deadline, interrupted or killed. What it prints is kept in memory files, so that it can be read while it
// runs and never blocks it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sluice::tests {

/// How long a test waits for something that comes at once on an idle machine: only ever waited out by a
/// failure.
inline constexpr std::chrono::seconds patience{180};

struct ProgramStart {
  std::string file;                      ///< an absolute path
  std::vector<std::string> arguments;    ///< without the program's name
  std::vector<std::string> environment;  ///< "NAME=value", and nothing else is in it
  std::string input;                     ///< what stands on standard input
  std::string folder = "/";              ///< the working directory
};

struct ProgramEnd {
  int exit_code = -1;  ///< 128 + N if signal N ended it, as a shell says it
  std::string out;
  std::string err;
};

class Program {
 public:
  explicit Program(const ProgramStart& start);
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();  ///< kills it, if it still runs

  pid_t id() const { return process_; }
  void send_signal(int signal) const;

  /// What it has printed so far.
  std::string out() const;
  std::string err() const;

  bool ends_within(std::chrono::milliseconds time);
  /// Waits for its end. One that takes longer than `patience` is killed: a failed test, not a hanging one.
  ProgramEnd wait();
  /// Waits until the condition holds. @return false: the program ended or `patience` did
  bool wait_until(const std::function<bool()>& condition);

 private:
  void reap();

  pid_t process_ = -1;
  int process_descriptor_ = -1;
  int out_ = -1;
  int err_ = -1;
  std::optional<int> exit_code_;
};

}  // namespace sluice::tests
