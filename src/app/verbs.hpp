// SPDX-License-Identifier: MIT
// The table of the verbs while it is written: each with its help and what it does, and which of them was
// chosen.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/commands.hpp"
#include "app/options.hpp"
#include "sluice/core/result.hpp"

namespace sluice {

class Verbs {
 public:
  using Formats = std::vector<std::string_view>;

  /// @param common_help what each verb's help says of the options they all have; app and common outlive it
  Verbs(CLI::App& app, CommonOptions& common, std::string common_help);
  Verbs(const Verbs&) = delete;
  Verbs& operator=(const Verbs&) = delete;

  /// @param formats what --output may be with it @return takes the verb's own options
  CLI::App* add(const std::string& name, const std::string& what, const std::string& examples,
                std::function<ExitCode()> action, Formats formats = {"text", "json"});

  /// What all verbs are told; read when a verb acts.
  CommonOptions& common() const { return common_; }

  /// Empty until a verb was read from the command line.
  const std::string& chosen() const { return chosen_.name; }
  ExitCode act() const { return chosen_.action(); }
  /// That the chosen verb does not print what --output asks for; absent: it does.
  std::optional<Error> unknown_format() const;

 private:
  struct Verb {
    std::string name;
    std::function<ExitCode()> action;
    Formats formats;
  };

  CLI::App& app_;
  CommonOptions& common_;
  std::string common_help_;
  Verb chosen_;
};

}  // namespace sluice
