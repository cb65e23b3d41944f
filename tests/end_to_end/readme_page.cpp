// SPDX-License-Identifier: MIT
#include "end_to_end/readme_page.hpp"

#include <array>
#include <regex>
#include <span>

namespace sluice::tests {
namespace {

constexpr std::string_view fence = "```";
constexpr std::string_view prompt = "$ ";
constexpr std::string_view lines_left_out = "…";

struct Volatile {
  std::regex pattern;
  std::string replacement;
};

/// The line with its kind of number in the place of each number that nobody can foretell.
std::string without_volatile_parts(std::string line) {
  static const std::array<Volatile, 5> parts{
      Volatile{std::regex{R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z)"}, "TIME"},
      Volatile{std::regex{R"([0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12})"}, "ID"},
      Volatile{std::regex{R"(127\.0\.0\.1:\d+)"}, "127.0.0.1:PORT"},
      Volatile{std::regex{R"(\d+(\.\d+)? (s|ms|%)( |,|;|\.|$))"}, "N $2$3"},
      // A machine that is busy may hold sends back, and then no window is full.
      Volatile{std::regex{R"(at most \d+ in any window of N s)"}, "at most N in any window of N s"}};
  for (const Volatile& part : parts) line = std::regex_replace(line, part.pattern, part.replacement);
  return line;
}

bool matches(std::span<const std::string> shown, std::span<const std::string> printed) {
  if (shown.empty()) return printed.empty();
  if (shown.front() != lines_left_out) {
    return !printed.empty() &&
           without_volatile_parts(shown.front()) == without_volatile_parts(printed.front()) &&
           matches(shown.subspan(1), printed.subspan(1));
  }
  for (std::size_t left_out = 0; left_out <= printed.size(); ++left_out) {
    if (matches(shown.subspan(1), printed.subspan(left_out))) return true;
  }
  return false;
}

int exit_code_named_in(const std::string& command) {
  static const std::regex comment{R"(# exit code (\d+)$)"};
  std::smatch found;
  return std::regex_search(command, found, comment) ? std::stoi(found[1]) : 0;
}

}  // namespace

Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::vector<FencedBlock> fenced_blocks(std::string_view page) {
  std::vector<FencedBlock> blocks;
  bool is_inside = false;
  for (const std::string& line : lines_of(page)) {
    if (line.starts_with(fence)) {
      if (!is_inside) blocks.push_back({line.substr(fence.size()), {}});
      is_inside = !is_inside;
    } else if (is_inside) {
      blocks.back().lines.push_back(line);
    }
  }
  return blocks;
}

std::vector<ShownCommand> shown_commands(const std::vector<FencedBlock>& blocks) {
  std::vector<ShownCommand> commands;
  for (const FencedBlock& block : blocks) {
    if (block.language != "console") continue;
    for (const std::string& line : block.lines) {
      if (line.starts_with(prompt)) {
        std::string command = line.substr(prompt.size());
        const int exit_code = exit_code_named_in(command);
        commands.push_back({std::move(command), exit_code, {}});
      } else if (!commands.empty()) {
        commands.back().output.push_back(line);
      }
    }
  }
  return commands;
}

bool is_as_shown(const Lines& shown, const Lines& printed) { return matches(shown, printed); }

}  // namespace sluice::tests
