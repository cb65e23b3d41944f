// SPDX-License-Identifier: MIT
// The kinds of words that verbs take, each with its own errors. A value that does not fit is thrown as an
// Error, through CLI11, which would put it into words of its own.
#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "app/option_values.hpp"
#include "sluice/core/ids.hpp"
#include "sluice/core/result.hpp"

namespace sluice {

void add_text(CLI::App* to, const std::string& name, const std::string& type, std::string& value,
              const std::string& what);

/// @param read takes where the text came from, for its error, and the text
template <class Read>
CLI::Option* add_read(CLI::App* to, const std::string& name, const std::string& type, const std::string& what,
                      Read read) {
  const auto take = [name, read](const std::string& text) {
    const Result<void> taken = read(fmt::format("{} {}", name, text), text);
    if (taken.has_error()) throw Error{taken.error()};
  };
  return to->add_option_function<std::string>(name, take, what)->type_name(type);
}

/// @param value a number, or an optional one
template <class Value>
CLI::Option* add_whole_number(CLI::App* to, const std::string& name, Value& value, std::int64_t least,
                              std::int64_t most, const std::string& what) {
  return add_read(to, name, "N", what,
                  [&value, least, most](const std::string& source, const std::string& text) -> Result<void> {
                    const Result<std::int64_t> number = whole_number_between(source, text, least, most);
                    if (number.has_error()) return number.error();
                    if constexpr (requires { typename Value::value_type; })
                      value = static_cast<typename Value::value_type>(*number);
                    else
                      value = static_cast<Value>(*number);
                    return {};
                  });
}

/// Requests per second.
CLI::Option* add_rate(CLI::App* to, const std::string& name, const std::string& what,
                      std::optional<double>& value);
CLI::Option* add_rate(CLI::App* to, const std::string& name, const std::string& what, double& value);

CLI::Option* add_duration(CLI::App* to, const std::string& name,
                          std::optional<std::chrono::milliseconds>& value, const std::string& what);

/// The number of a run, under the name RUN.
CLI::Option* add_run_argument(CLI::App* to, std::optional<RunId>& run, const std::string& what);

}  // namespace sluice
