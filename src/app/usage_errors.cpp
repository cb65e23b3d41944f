// SPDX-License-Identifier: MIT
#include "app/usage_errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "app/wrong_use.hpp"
#include "jobfile/nearest_word.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

constexpr std::size_t shown_word_max = 64;

std::string shown(std::string_view word) { return printable(word, shown_word_max); }

const KnownOption* find_option(const std::vector<KnownOption>& options, std::string_view name) {
  const auto found = std::ranges::find_if(options, [name](const KnownOption& option) {
    return std::ranges::find(option.names, name) != option.names.end();
  });
  return found == options.end() ? nullptr : &*found;
}

bool asks_for_help(const KnownOption& option) {
  return std::ranges::find_if(option.names, [](const std::string& name) {
           return name == "--help" || name == "--version";
         }) != option.names.end();
}

/// One pass over the words, from left to right, as far as the first mistake.
class Scan {
 public:
  Scan(const KnownWords& known, std::span<const std::string> words) : known_(known), words_(words) {}

  std::optional<Error> first_error() {
    while (at_ < words_.size() && !is_help_asked_for_) {
      if (auto error = take(words_[at_++])) return error;
    }
    return is_help_asked_for_ ? std::nullopt : what_is_missing();
  }

 private:
  std::optional<Error> take(const std::string& word) {
    if (word == "--") are_options_over_ = true;
    if (word == "--") return std::nullopt;
    if (!are_options_over_ && word.starts_with("--")) return take_long_option(word);
    if (!are_options_over_ && word.starts_with("-") && word.size() > 1) return take_short_options(word);
    return verb_ == nullptr ? take_verb(word) : take_argument(word);
  }

  std::optional<Error> take_verb(const std::string& word) {
    const auto found = std::ranges::find(known_.verbs, word, &KnownVerb::name);
    if (found != known_.verbs.end()) {
      verb_ = &*found;
      return std::nullopt;
    }
    std::vector<std::string_view> names{"help"};
    for (const KnownVerb& verb : known_.verbs) names.push_back(verb.name);
    const auto nearest = nearest_word(word, names);
    return wrong_use(fmt::format("there is no verb \"{}\"", shown(word)),
                     nearest ? fmt::format("Did you mean `sluice {}`?", *nearest) : see_help());
  }

  std::optional<Error> take_argument(const std::string& word) {
    if (arguments_taken_ == verb_->arguments.size()) {
      return wrong_use(fmt::format("\"{}\" is one word too many for `sluice {}`", shown(word), verb_->name),
                       see_help());
    }
    const std::string& name = verb_->arguments[arguments_taken_++];
    if (!word.empty()) return std::nullopt;
    return wrong_use(fmt::format("{} is empty", name), "Check the variable that it was taken from.");
  }

  std::optional<Error> take_long_option(const std::string& word) {
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const KnownOption* option = find(name);
    if (option == nullptr) return unknown_option(name);
    if (equals == std::string::npos) return take_option(*option, name);
    if (option->takes_value) return take_value(*option, name, word.substr(equals + 1));
    return wrong_use(fmt::format("{} takes no value", name), see_help());
  }

  /// "-q", "-qv", "-o json", "-ojson"
  std::optional<Error> take_short_options(const std::string& word) {
    for (std::size_t i = 1; i < word.size(); ++i) {
      const std::string name{'-', word[i]};
      const KnownOption* option = find(name);
      // Named as a whole: a single dash before a long name is the likeliest mistake.
      if (option == nullptr) return unknown_option(i == 1 ? word : name);
      if (option->takes_value && i + 1 < word.size()) return take_value(*option, name, word.substr(i + 1));
      if (auto error = take_option(*option, name)) return error;
    }
    return std::nullopt;
  }

  std::optional<Error> take_option(const KnownOption& option, const std::string& name) {
    if (asks_for_help(option)) is_help_asked_for_ = true;
    if (!option.takes_value) return std::nullopt;
    if (at_ == words_.size()) return wrong_use(fmt::format("{} needs a value", name), see_help());
    if (words_[at_].starts_with("--") && find(words_[at_]) != nullptr) {
      return wrong_use(fmt::format("{} needs a value, and {} follows instead", name, words_[at_]),
                       see_help());
    }
    return take_value(option, name, words_[at_++]);
  }

  std::optional<Error> take_value(const KnownOption& option, const std::string& name,
                                  const std::string& value) {
    if (value.empty()) {
      return wrong_use(fmt::format("{} is given with an empty value", name),
                       "Leave the option out, or check the variable that its value was taken from.");
    }
    if (given_.insert(&option).second || option.may_repeat) return std::nullopt;
    return wrong_use(fmt::format("{} is given twice", name), "Leave one of the two out.");
  }

  Error unknown_option(const std::string& name) const {
    std::string message = verb_ == nullptr
                              ? fmt::format("there is no option {}", shown(name))
                              : fmt::format("`sluice {}` has no option {}", verb_->name, shown(name));
    return wrong_use(std::move(message), hint_for_option(name));
  }

  std::string hint_for_option(const std::string& name) const {
    std::vector<std::string_view> names;
    const auto add = [&names](const std::vector<KnownOption>& options) {
      for (const KnownOption& option : options) {
        for (const std::string& known : option.names) {
          if (known.starts_with("--")) names.push_back(known);
        }
      }
    };
    add(known_.common);
    if (verb_ != nullptr) add(verb_->options);
    const std::string with_dashes = name.starts_with("--") ? name : "-" + name;
    if (const auto nearest = nearest_word(with_dashes, names)) {
      return fmt::format("Did you mean {}?", *nearest);
    }
    if (verb_ != nullptr) return see_help();
    for (const KnownVerb& verb : known_.verbs) {
      if (find_option(verb.options, name) == nullptr) continue;
      return fmt::format("It belongs after a verb: sluice {} … {}", verb.name, name);
    }
    return see_help();
  }

  std::optional<Error> what_is_missing() const {
    if (verb_ == nullptr) return wrong_use("a verb is missing", see_help());
    if (arguments_taken_ >= verb_->arguments_needed) return std::nullopt;
    return wrong_use(fmt::format("`sluice {}` needs {}, and it is missing", verb_->name,
                                 verb_->arguments[arguments_taken_]),
                     see_help());
  }

  const KnownOption* find(std::string_view name) const {
    const KnownOption* common = find_option(known_.common, name);
    return common != nullptr || verb_ == nullptr ? common : find_option(verb_->options, name);
  }

  std::string see_help() const {
    return verb_ == nullptr ? "See `sluice --help`." : fmt::format("See `sluice {} --help`.", verb_->name);
  }

  const KnownWords& known_;
  std::span<const std::string> words_;
  std::size_t at_ = 0;
  const KnownVerb* verb_ = nullptr;
  std::size_t arguments_taken_ = 0;
  std::set<const KnownOption*> given_;
  bool are_options_over_ = false;
  bool is_help_asked_for_ = false;
};

}  // namespace

std::optional<Error> find_usage_error(const KnownWords& known, std::span<const std::string> words) {
  return Scan{known, words}.first_error();
}

std::vector<std::string> with_help_option(std::vector<std::string> words) {
  if (words.empty() || words.front() != "help") return words;
  words.erase(words.begin());
  words.emplace_back("--help");
  return words;
}

bool asks_for_json(std::span<const std::string> words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--output=json" || words[i] == "-ojson") return true;
    const bool is_next_the_format = words[i] == "--output" || words[i] == "-o";
    if (is_next_the_format && i + 1 < words.size() && words[i + 1] == "json") return true;
  }
  return false;
}

}  // namespace sluice
