// SPDX-License-Identifier: MIT
#include "support/program.hpp"

#include <doctest/doctest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>

namespace sluice::tests {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

int checked(int result, const char* what) {
  if (result < 0) throw std::system_error{errno, std::generic_category(), what};
  return result;
}

int memory_file(const char* name, const std::string& content = {}) {
  const int descriptor = checked(::memfd_create(name, MFD_CLOEXEC), "memfd_create");
  std::size_t written = 0;
  while (written < content.size()) {
    const ssize_t count = ::write(descriptor, content.data() + written, content.size() - written);
    if (count < 0) throw std::system_error{errno, std::generic_category(), "memfd"};
    written += static_cast<std::size_t>(count);
  }
  ::lseek(descriptor, 0, SEEK_SET);
  return descriptor;
}

// The offset is shared with the program that writes, so the file is read by position.
std::string whole_file(int descriptor) {
  struct stat status{};
  checked(::fstat(descriptor, &status), "fstat");
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  const ssize_t count = ::pread(descriptor, text.data(), text.size(), 0);
  text.resize(static_cast<std::size_t>(checked(static_cast<int>(count), "pread")));
  return text;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Program::Program(const ProgramStart& start) {
  const int input = memory_file("stdin", start.input);
  out_ = memory_file("stdout");
  err_ = memory_file("stderr");

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out_, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err_, STDERR_FILENO);
  // A listening socket of this process that lived on in the program would answer for a server that is gone.
  posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  posix_spawn_file_actions_addchdir_np(&actions, start.folder.c_str());

  std::vector<std::string> words{start.file};
  words.insert(words.end(), start.arguments.begin(), start.arguments.end());
  std::vector<std::string> environment = start.environment;
  const int error = ::posix_spawn(&process_, start.file.c_str(), &actions, nullptr, pointers_to(words).data(),
                                  pointers_to(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  ::close(input);
  if (error != 0) throw std::system_error{error, std::generic_category(), start.file};
  // By number: this glibc's header of the function lacks C linkage.
  process_descriptor_ = checked(static_cast<int>(::syscall(SYS_pidfd_open, process_, 0)), "pidfd_open");
}

Program::~Program() {
  if (!exit_code_) {
    send_signal(SIGKILL);
    reap();
  }
  for (const int descriptor : {process_descriptor_, out_, err_}) ::close(descriptor);
}

void Program::send_signal(int signal) const {
  if (!exit_code_) ::kill(process_, signal);
}

std::string Program::out() const { return whole_file(out_); }
std::string Program::err() const { return whole_file(err_); }

bool Program::ends_within(milliseconds time) {
  if (exit_code_) return true;
  const auto deadline = steady_clock::now() + time;
  while (true) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    pollfd ended{process_descriptor_, POLLIN, 0};
    const int ready = ::poll(&ended, 1, left.count() > 0 ? static_cast<int>(left.count()) : 0);
    if (ready > 0) break;
    if (ready == 0) return false;
  }
  reap();
  return true;
}

ProgramEnd Program::wait() {
  if (!ends_within(patience)) {
    send_signal(SIGKILL);
    reap();
  }
  return {*exit_code_, out(), err()};
}

bool Program::wait_until(const std::function<bool()>& condition) {
  const auto deadline = steady_clock::now() + patience;
  while (!condition()) {
    if (steady_clock::now() > deadline) return false;
    if (!ends_within(milliseconds{2})) continue;
    if (condition()) return true;
    MESSAGE("the program ended with " << *exit_code_ << ": " << err());
    return false;
  }
  return true;
}

void Program::reap() {
  int status = 0;
  while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
  }
  exit_code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace sluice::tests
