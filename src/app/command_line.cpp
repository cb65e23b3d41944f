// SPDX-License-Identifier: MIT
#include "app/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/control_verbs.hpp"
#include "app/error_report.hpp"
#include "app/exit_codes.hpp"
#include "app/help_texts.hpp"
#include "app/keeping_verbs.hpp"
#include "app/line_options.hpp"
#include "app/rehearsal_verbs.hpp"
#include "app/report_verbs.hpp"
#include "app/say.hpp"
#include "app/send_verbs.hpp"
#include "app/service_verbs.hpp"
#include "app/standard_output.hpp"
#include "app/usage_errors.hpp"
#include "app/verbs.hpp"
#include "app/version_report.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

/// In the list of verbs, one line each: their examples stand in their own help.
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_subcommand(const CLI::App* verb) const override {
    const std::string text = verb->get_description();
    std::ostringstream line;
    CLI::detail::format_help(line, verb->get_name(), text.substr(0, text.find('\n')), column_width_);
    return line.str();
  }
};

KnownOption known_option(const CLI::Option& option) {
  KnownOption known{.names = {},
                    .takes_value = option.get_items_expected_max() > 0,
                    .may_repeat = option.get_items_expected_max() > 1};
  for (const std::string& name : option.get_snames()) known.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) known.names.push_back("--" + name);
  return known;
}

KnownVerb known_verb(const CLI::App& verb) {
  KnownVerb known{.name = verb.get_name(), .arguments = {}, .arguments_needed = 0, .options = {}};
  for (const CLI::Option* option : verb.get_options()) {
    if (!option->get_positional()) {
      known.options.push_back(known_option(*option));
      continue;
    }
    known.arguments.push_back(option->get_name(true));
    if (option->get_required()) ++known.arguments_needed;
  }
  return known;
}

std::optional<ProgressMode> progress_mode_from(std::string_view word) {
  if (word == "auto") return ProgressMode::automatic;
  if (word == "plain") return ProgressMode::plain;
  if (word == "json") return ProgressMode::json;
  if (word == "none") return ProgressMode::none;
  return std::nullopt;
}

/// Everything that can be said on the command line, with the verb that was chosen.
class CommandLine {
 public:
  CommandLine() : app_(std::string{help_texts::first_examples}, "sluice"), verbs_(app_, common_, set_up()) {}

  int run(std::vector<std::string> words) {
    words = with_help_option(std::move(words));
    if (const auto error = find_usage_error(known_words(), words))
      return report(*error, asks_for_json(words));
    try {
      app_.parse(std::vector<std::string>{words.rbegin(), words.rend()});
    } catch (const CLI::ParseError& problem) {
      if (problem.get_exit_code() == 0) return app_.exit(problem);
      return report({ErrorKind::usage, printable(problem.what()), see_help()}, asks_for_json(words));
    } catch (const Error& error) {
      return report(error, asks_for_json(words));
    }
    if (const auto error = verbs_.unknown_format()) return report(*error, common_.wants_json());
    const ExitCode done = verbs_.act();
    if (done.has_error()) return report(with_store(done.error()), common_.wants_json());
    if (!is_output_written()) return report(unwritten_output(), common_.wants_json());
    return *done;
  }

 private:
  /// All but the verbs. @return what each verb's help says of the options they all have
  std::string set_up() {
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.formatter(std::make_shared<HelpFormatter>());
    app_.get_formatter()->column_width(34);
    app_.set_version_flag("--version", version_line());
    app_.footer(fmt::format("{}\n{}", help_texts::environment_footer, help_texts::exit_codes_footer));
    add_common_options();
    const std::vector<const CLI::Option*> options =
        std::as_const(app_).get_options([](const CLI::Option* option) {
          return !option->check_name("--help") && !option->check_name("--version");
        });
    HelpFormatter formatter;
    formatter.column_width(34);
    return formatter.make_group("Options of every verb", false, options).substr(1);
  }

  KnownWords known_words() const {
    KnownWords known;
    for (const CLI::Option* option : app_.get_options()) known.common.push_back(known_option(*option));
    for (const CLI::App* verb : app_.get_subcommands({})) known.verbs.push_back(known_verb(*verb));
    return known;
  }

  std::string see_help() const {
    return verbs_.chosen().empty() ? "See `sluice --help`."
                                   : fmt::format("See `sluice {} --help`.", verbs_.chosen());
  }

  void add_common_options() {
    add_text(&app_, "--store", "FILE", common_.store, "The store [$XDG_STATE_HOME/sluice/sluice.db]");
    add_text(&app_, "--config", "FILE", common_.config,
             "The configuration [$XDG_CONFIG_HOME/sluice/config.json]");
    add_text(&app_, "-o,--output", "FORMAT", common_.output,
             "How to print: text, json; results: table, json, ndjson, csv, txt");
    add_read(&app_, "--progress", "HOW", "On stderr: auto, plain, json or none [auto]",
             [this](const std::string& source, const std::string& text) -> Result<void> {
               const auto mode = progress_mode_from(text);
               if (mode) common_.progress = *mode;
               if (mode) return {};
               return Error{ErrorKind::usage, printable(source, 128) + ": there is no such progress",
                            "One of auto, plain, json, none."};
             });
    app_.add_flag("-q,--quiet", common_.is_quiet, "Say nothing but results and errors");
    app_.add_flag("-v,--verbose", common_.is_verbose,
                  "Print a line for every attempt (not among --progress json)");
  }

  /// A command that a hint names looks into the store that this one was given.
  Error with_store(Error error) const {
    const bool names_command = error.hint.find("sluice ") != std::string::npos;
    if (!common_.store.empty() && names_command && error.hint.find("--store") == std::string::npos)
      error.hint += fmt::format(" (with --store {})", printable(common_.store, 512));
    return error;
  }

  static int report(const Error& error, bool as_json) {
    if (as_json) print(error_json(error));
    // Where nothing can be printed, the error is for people after all.
    if (!as_json || !is_output_written()) say(error_text(error));
    return exit_code_of(error.kind);
  }

  CLI::App app_;
  CommonOptions common_;
  Verbs verbs_;
  // In the order of the help.
  SendVerbs send_{verbs_};
  ControlVerbs control_{verbs_};
  ReportVerbs report_{verbs_};
  RehearsalVerbs rehearsal_{verbs_};
  ServiceVerbs service_{verbs_};
  KeepingVerbs keeping_{verbs_};
};

}  // namespace

int run_command_line(int argc, const char* const* argv) {
  CommandLine line;
  const std::span words(argv + 1, argc > 0 ? static_cast<std::size_t>(argc - 1) : 0);
  return line.run({words.begin(), words.end()});
}

}  // namespace sluice
