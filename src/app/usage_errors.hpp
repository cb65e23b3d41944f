// SPDX-License-Identifier: MIT
// What is wrong with the words of a command line, said in words of ours: which one is not known, and which
// known one it was most likely meant to be. The values of options are somebody else's business.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sluice/core/result.hpp"

namespace sluice {

struct KnownOption {
  std::vector<std::string> names;  ///< with their dashes: "-o", "--output"
  bool takes_value = false;
  bool may_repeat = false;
};

struct KnownVerb {
  std::string name;
  std::vector<std::string> arguments;  ///< such as "JOB", in their order
  std::size_t arguments_needed = 0;
  std::vector<KnownOption> options;
};

struct KnownWords {
  std::vector<KnownOption> common;  ///< may stand before and after the verb
  std::vector<KnownVerb> verbs;
};

/// The first word that cannot be, or what is missing; absent: nothing, or help is asked for before it.
/// @param words without the program's name
std::optional<Error> find_usage_error(const KnownWords& known, std::span<const std::string> words);

/// "help" and "help VERB" as the options they stand for; all other words stay as they are.
std::vector<std::string> with_help_option(std::vector<std::string> words);

/// Whether errors are wanted as JSON, also by words that cannot be understood as a whole.
bool asks_for_json(std::span<const std::string> words);

}  // namespace sluice
