// SPDX-License-Identifier: MIT
#include "app/child_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <cstring>
#include <string_view>

#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

namespace asio = boost::asio;

/// A key is for the cloud's own door, not for whoever looks after the fleet's health.
bool is_secret(std::string_view variable) {
  constexpr std::array<std::string_view, 4> prefixes{"ALIBABA_CLOUD_", "ALICLOUD_", "ALIBABACLOUD_",
                                                     "SLUICE_CREDENTIALS"};
  return std::ranges::any_of(prefixes, [&](std::string_view prefix) { return variable.starts_with(prefix); });
}

std::vector<std::string> environment_with(const std::vector<std::pair<std::string, std::string>>& variables) {
  std::vector<std::string> environment;
  for (char** variable = ::environ; variable != nullptr && *variable != nullptr; ++variable) {
    if (!is_secret(*variable)) environment.emplace_back(*variable);
  }
  for (const auto& [name, value] : variables) environment.push_back(name + "=" + value);
  return environment;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// Attributes and actions for posix_spawn, given back at the end.
class SpawnPlan {
 public:
  SpawnPlan() {
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_init(&actions);
    // A group of its own, so that it can be ended with all that it has started, and Ctrl-C is ours to handle.
    posix_spawnattr_setpgroup(&attributes, 0);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    // What it prints must not mix with our results; and the rest of what we have open is not its business.
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  ~SpawnPlan() {
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
  }

  posix_spawnattr_t attributes{};
  posix_spawn_file_actions_t actions{};
};

}  // namespace

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(
    asio::any_io_executor loop, const std::vector<std::string>& command,
    const std::vector<std::pair<std::string, std::string>>& variables) {
  std::vector<std::string> words = command;
  std::vector<std::string> environment = environment_with(variables);
  const SpawnPlan plan;
  pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, words.front().c_str(), &plan.actions, &plan.attributes,
                                   pointers_to(words).data(), pointers_to(environment).data());
  if (error != 0) {
    return Error{ErrorKind::not_found,
                 fmt::format("the command {} cannot be run: {}", printable(command.front(), 256),
                             std::strerror(error)),
                 "Check the job's gate."};
  }
  const auto descriptor = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (descriptor < 0) {
    const int problem = errno;
    ::kill(-pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return Error{ErrorKind::unexpected,
                 fmt::format("a command cannot be watched: {}", std::strerror(problem)), ""};
  }
  return std::unique_ptr<ChildProcess>{new ChildProcess(loop, pid, descriptor)};
}

ChildProcess::ChildProcess(const asio::any_io_executor& loop, pid_t pid, int descriptor)
    : target_(std::make_shared<Target>(Target{.pid = pid})), descriptor_(loop, descriptor), timer_(loop) {}

ChildProcess::~ChildProcess() {
  if (target_->is_reaped) return;
  kill();
  target_->is_reaped = ::waitpid(target_->pid, nullptr, 0) == target_->pid;
}

asio::awaitable<std::optional<int>> ChildProcess::wait(std::chrono::milliseconds timeout) {
  timer_.expires_after(timeout);
  timer_.async_wait([target = target_](const boost::system::error_code& error) {
    if (!error) target->kill();
  });
  boost::system::error_code ignored;
  co_await descriptor_.async_wait(asio::posix::stream_descriptor::wait_read,
                                  asio::redirect_error(asio::use_awaitable, ignored));
  timer_.cancel();
  int status = 0;
  target_->is_reaped = ::waitpid(target_->pid, &status, 0) == target_->pid;
  if (!target_->is_reaped || !WIFEXITED(status)) co_return std::nullopt;
  co_return WEXITSTATUS(status);
}

void ChildProcess::kill() { target_->kill(); }

void ChildProcess::Target::kill() const {
  if (!is_reaped) ::kill(-pid, SIGKILL);
}

}  // namespace sluice
