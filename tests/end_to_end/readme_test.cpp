// SPDX-License-Identifier: MIT
// Holds README.md to the program: each command on the page is run and prints what the page shows, and what
// the page names is there.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/json/value_to.hpp>
#include <filesystem>
#include <regex>
#include <set>
#include <string>
#include <variant>

#include "end_to_end/readme_page.hpp"
#include "end_to_end/scene.hpp"
#include "simulator/fault_plan.hpp"
#include "support/program.hpp"
#include "support/temporary_folder.hpp"

namespace sluice::tests {
namespace {

namespace fs = std::filesystem;

const fs::path project = SLUICE_SOURCE_DIR;

std::string readme() { return content_of(project / "README.md"); }

/// Every match's first group, or the whole match if the pattern has no group.
std::set<std::string> all_matches(const std::string& text, const std::string& pattern) {
  const std::regex regex{pattern};
  std::set<std::string> found;
  const int group = regex.mark_count() > 0 ? 1 : 0;
  for (std::sregex_token_iterator match{text.begin(), text.end(), regex, group}, end; match != end; ++match) {
    found.insert(*match);
  }
  return found;
}

std::string joined(const std::set<std::string>& words) { return fmt::format("{}", fmt::join(words, " ")); }

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

int free_port() {
  boost::asio::io_context io;
  boost::asio::ip::tcp::acceptor acceptor{io, {boost::asio::ip::address_v4::loopback(), 0}};
  return acceptor.local_endpoint().port();
}

/// A copy of what the page's commands need, so that they find nothing else and leave nothing behind.
struct Clone {
  Clone() {
    fs::copy(project / "samples", folder.path() / "samples", fs::copy_options::recursive);
    fs::create_directories(folder.path() / "build/release");
    fs::create_symlink(SLUICE_PROGRAM, folder.path() / "build/release/sluice");
    fs::create_directories(folder.path() / "home");
  }

  ProgramEnd run(const std::string& file, const Words& words) const {
    Program program{{.file = file,
                     .arguments = words,
                     .environment = {"PATH=/usr/bin:/bin", "HOME=" + folder / "home"},
                     .input = {},
                     .folder = folder.path().string()}};
    return program.wait();
  }

  TemporaryFolder folder;
};

/// One shell for all commands, as a reader has one. What command N prints is in N.out and N.err, its exit
/// code in N.code; one that stays in the background is waited for until its port is open.
std::string shell_script(const std::vector<ShownCommand>& commands, int port) {
  std::string script = "trap '[ -z \"${!:-}\" ] || kill $! 2>/dev/null' EXIT\n";
  for (std::size_t i = 0; i < commands.size(); ++i) {
    script += fmt::format("{{ {}\n}} >{}.out 2>{}.err\necho $? >{}.code\n", commands[i].command, i, i, i);
    if (commands[i].command.ends_with("&")) {
      script += fmt::format(
          "until (exec 3<>/dev/tcp/127.0.0.1/{}) 2>/dev/null; do kill -0 $! || exit 1; sleep 0.05; done\n",
          port);
    }
  }
  return script;
}

std::string help_of(const Clone& clone, const Words& verb) {
  Words words = verb;
  words.push_back("--help");
  const ProgramEnd help = clone.run(SLUICE_PROGRAM, words);
  CHECK(help.exit_code == 0);
  return help.out;
}

std::set<std::string> verbs_of_the_program(const Clone& clone) {
  const std::string help = help_of(clone, {});
  return all_matches(help.substr(help.find("Subcommands:")), R"(\n  ([a-z-]+) )");
}

bool has_preset(const std::string& name) {
  const auto presets = json_object(content_of(project / "CMakePresets.json"));
  const auto& known = presets.at("configurePresets").as_array();
  return std::any_of(known.begin(), known.end(), [&](const auto& preset) {
    return boost::json::value_to<std::string>(preset.at("name")) == name;
  });
}

}  // namespace

TEST_CASE("readme: each command that begins with $ prints what the page shows, and exits as it says") {
  const Clone clone;
  const int port = free_port();
  const auto commands = shown_commands(fenced_blocks(replaced(readme(), "8443", std::to_string(port))));
  REQUIRE(commands.size() > 10);
  clone.folder.write("commands.sh", shell_script(commands, port));

  const ProgramEnd shell = clone.run("/bin/bash", {"commands.sh"});

  CAPTURE(shell.err);
  for (std::size_t i = 0; i < commands.size(); ++i) {
    const std::string out = content_of(clone.folder / fmt::format("{}.out", i));
    const std::string err = content_of(clone.folder / fmt::format("{}.err", i));
    CAPTURE(commands[i].command);
    CAPTURE(out);
    CAPTURE(err);
    CHECK(content_of(clone.folder / fmt::format("{}.code", i)) == fmt::format("{}\n", commands[i].exit_code));
    // A terminal shows the two as they come; from two files their order cannot be told.
    const bool as_shown = is_as_shown(commands[i].output, lines_of(out + err)) ||
                          is_as_shown(commands[i].output, lines_of(err + out));
    CHECK(as_shown);
  }
}

TEST_CASE("readme: each other command is a script that can be run, or names a preset that exists") {
  std::size_t commands = 0;
  for (const FencedBlock& block : fenced_blocks(readme())) {
    if (block.language != "sh") continue;
    for (const std::string& line : block.lines) {
      CAPTURE(line);
      ++commands;
      const std::string program = line.substr(0, line.find(' '));
      if (program.find('/') != std::string::npos && !program.starts_with("build/")) {
        CHECK(::access((project / program).c_str(), X_OK) == 0);
      }
      for (const std::string& preset : all_matches(line, R"((?:--preset |run\.sh )([a-z]+))")) {
        CHECK(has_preset(preset));
      }
    }
  }

  CHECK(commands >= 2);
}

TEST_CASE("readme: the table of commands has each verb of the program, and no other") {
  const Clone clone;

  const auto in_the_table = all_matches(readme(), R"(\n\| `sluice ([a-z-]+))");

  CHECK(joined(in_the_table) == joined(verbs_of_the_program(clone)));
}

TEST_CASE("readme: each option that the page names exists") {
  const Clone clone;
  std::string help = help_of(clone, {});
  for (const std::string& verb : verbs_of_the_program(clone)) help += help_of(clone, {verb});
  const auto known = all_matches(help, R"(--[a-z][a-z-]+)");
  // What the sh blocks give to other programs is not ours.
  const std::string page = std::regex_replace(readme(), std::regex{"```sh\n[^`]*```"}, "");

  const auto named = all_matches(page, R"(--[a-z][a-z-]+)");

  CHECK(named.size() > 15);
  for (const std::string& option : named) {
    CAPTURE(option);
    CHECK(known.contains(option));
  }
}

TEST_CASE("readme: each link leads to a file or folder of the project") {
  const auto links = all_matches(readme(), R"(\]\(([^)#]+)\))");

  CHECK(links.size() > 5);
  for (const std::string& link : links) {
    CAPTURE(link);
    CHECK(fs::exists(project / link));
  }
}

TEST_CASE("readme: each exit code of the page is one that --help names, and none is missing") {
  const Clone clone;
  const std::string help = help_of(clone, {});
  const std::string page = readme();
  const std::string rows = page.substr(page.find("| Exit code |"));

  const auto on_the_page = all_matches(rows.substr(0, rows.find("\n\n")), R"(\b\d+\b)");
  const auto in_the_help = all_matches(help.substr(help.find("Exit codes:")), R"(\b\d+\b)");
  CHECK(joined(on_the_page) == joined(in_the_help));
}

TEST_CASE("samples: each job file is valid") {
  const Clone clone;
  std::size_t jobs = 0;
  for (const auto& file : fs::directory_iterator(project / "samples")) {
    const std::string name = file.path().filename().string();
    const bool is_configuration = name.ends_with("config.json");
    if (!name.ends_with(".json") || is_configuration || name == "job.schema.json") continue;
    ++jobs;
    CAPTURE(name);
    CHECK(clone.run(SLUICE_PROGRAM, {"validate", "samples/" + name}).exit_code == 0);
  }

  CHECK(jobs >= 3);
}

TEST_CASE("samples: each fault plan comes early enough for the sample fleet: 12 requests in 1.4 s") {
  std::size_t plans = 0;
  for (const auto& file : fs::directory_iterator(project / "samples/faults")) {
    CAPTURE(file.path());
    auto read = simulator::read_fault_plan(file.path().string());
    REQUIRE(std::holds_alternative<simulator::FaultPlan>(read));
    const auto& plan = std::get<simulator::FaultPlan>(read);
    ++plans;
    if (plan.account) CHECK(plan.account->after_requests < 12);
    if (plan.job) CHECK(plan.job->after_requests < 12);
    if (!plan.outages.empty()) CHECK(plan.outages.front().from_s < 11 / 8.0);
    // The fleet's 8 a second and theirs are to be more than the account's 10, bursts aside.
    if (file.path().filename() == "busy-account.json") CHECK(8 + plan.other_requests_per_second > 12);
  }

  CHECK(plans >= 10);
}

TEST_CASE(
    "samples: a fault plan of which nothing comes about is warned of, a rehearsal without faults is not") {
  const Clone clone;
  const auto rehearse = [&clone](const std::string& plan) {
    return clone.run(SLUICE_PROGRAM,
                     {"rehearse", "samples/hello.json", "--faults", "samples/faults/" + plan});
  };

  const ProgramEnd vain = rehearse("blocked-key.json");
  CHECK(vain.exit_code == 0);
  CHECK(
      vain.err.find("Warning: nothing that samples/faults/blocked-key.json plans came about in 1 request.") !=
      std::string::npos);
  CHECK(rehearse("latency.json").err.find("Warning") == std::string::npos);
  CHECK(rehearse("wrong-clock.json").err.find("Warning") == std::string::npos);
}

}  // namespace sluice::tests
