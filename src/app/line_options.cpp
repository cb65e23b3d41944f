// SPDX-License-Identifier: MIT
#include "app/line_options.hpp"

#include "jobfile/duration_text.hpp"
#include "sluice/jobfile/device_name.hpp"
#include "sluice/jobfile/job_file.hpp"

namespace sluice {
namespace {

template <class Value>
CLI::Option* add_rate_to(CLI::App* to, const std::string& name, const std::string& what, Value& value) {
  return add_read(to, name, "N", what,
                  [&value](const std::string& source, const std::string& text) -> Result<void> {
                    const Result<double> number = number_between(source, text, rate_min, rate_max);
                    if (number.has_error()) return number.error();
                    value = *number;
                    return {};
                  });
}

}  // namespace

void add_text(CLI::App* to, const std::string& name, const std::string& type, std::string& value,
              const std::string& what) {
  to->add_option(name, value, what)->type_name(type);
}

CLI::Option* add_rate(CLI::App* to, const std::string& name, const std::string& what,
                      std::optional<double>& value) {
  return add_rate_to(to, name, what, value);
}

CLI::Option* add_rate(CLI::App* to, const std::string& name, const std::string& what, double& value) {
  return add_rate_to(to, name, what, value);
}

CLI::Option* add_duration(CLI::App* to, const std::string& name,
                          std::optional<std::chrono::milliseconds>& value, const std::string& what) {
  return add_read(to, name, "TIME", what,
                  [&value](const std::string& source, const std::string& text) -> Result<void> {
                    value = parse_duration(text);
                    if (value) return {};
                    return Error{ErrorKind::usage, printable(source, 128) + ": this is not a duration",
                                 "Expected one such as 500ms, 15s or 2m."};
                  });
}

CLI::Option* add_run_argument(CLI::App* to, std::optional<RunId>& run, const std::string& what) {
  return add_read(
      to, "RUN", "", what, [&run](const std::string& source, const std::string& text) -> Result<void> {
        const auto number = whole_number_between(source, text, 1, std::numeric_limits<std::int64_t>::max());
        if (number.has_value()) run = RunId{*number};
        if (number.has_value()) return {};
        return Error{ErrorKind::usage, printable(source, 128) + ": this is not a run's number",
                     "`sluice list` shows the runs and their numbers."};
      });
}

}  // namespace sluice
