// SPDX-License-Identifier: MIT
#include "app/verbs.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "app/help_texts.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {

Verbs::Verbs(CLI::App& app, CommonOptions& common, std::string common_help)
    : app_(app), common_(common), common_help_(std::move(common_help)) {}

CLI::App* Verbs::add(const std::string& name, const std::string& what, const std::string& examples,
                     std::function<ExitCode()> action, Formats formats) {
  CLI::App* added = app_.add_subcommand(name, what + "\n\nExamples:\n" + examples);
  added->callback([this, verb = Verb{name, std::move(action), std::move(formats)}] { chosen_ = verb; });
  added->footer(
      fmt::format("{}\n{}\n{}", common_help_, help_texts::environment_footer, help_texts::exit_codes_footer));
  return added;
}

std::optional<Error> Verbs::unknown_format() const {
  if (common_.output.empty() || std::ranges::find(chosen_.formats, common_.output) != chosen_.formats.end())
    return std::nullopt;
  return Error{
      ErrorKind::usage,
      fmt::format("--output {}: `sluice {}` has no such format", printable(common_.output, 64), chosen_.name),
      fmt::format("One of {}.", fmt::join(chosen_.formats, ", "))};
}

}  // namespace sluice
