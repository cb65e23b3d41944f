// SPDX-License-Identifier: MIT
// README.md as tests see it: its fenced blocks, the commands in them with what they are said to print, and a
// comparison that leaves room for what differs from run to run.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::tests {

using Lines = std::vector<std::string>;

struct FencedBlock {
  std::string language;  ///< what stands behind the opening fence: console, sh, text, jsonc
  Lines lines;
};

/// A line of a console block that begins with "$ ", and what stands below it.
struct ShownCommand {
  std::string command;
  int exit_code = 0;  ///< as a comment says: "# exit code 7"
  Lines output;
};

Lines lines_of(std::string_view text);
std::vector<FencedBlock> fenced_blocks(std::string_view page);
std::vector<ShownCommand> shown_commands(const std::vector<FencedBlock>& blocks);

/// A line "…" stands for any number of lines. Of times, rates reached, ports and ids only the kind must
/// agree.
bool is_as_shown(const Lines& shown, const Lines& printed);

}  // namespace sluice::tests
