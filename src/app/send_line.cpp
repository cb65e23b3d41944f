// SPDX-License-Identifier: MIT
#include "app/send_line.hpp"

#include <utility>
#include <vector>

#include "app/line_options.hpp"
#include "app/settings.hpp"
#include "sluice/jobfile/device_name.hpp"
#include "sluice/jobfile/job_file.hpp"

namespace sluice {
namespace {

constexpr std::int64_t devices_max = 1'000'000'000'000;

}  // namespace

void add_list_options(CLI::App* to, SendOptions& given) {
  add_text(to, "--devices", "FILE", given.devices_file,
           "Device list, instead of the job file's; - is standard input:\n"
           "one name a line, or with --column CSV or NDJSON, whichever it is");
  add_text(to, "--column", "NAME", given.column, "Column or member that holds the device's name [device]");
  const auto take = [&given](const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      Result<ParameterSetting> setting = parse_setting(text);
      if (setting.has_error()) throw Error{setting.error()};
      given.settings.push_back(std::move(*setting));
    }
  };
  to->add_option_function<std::vector<std::string>>(
        "--set", take, "The value of one of the job's params, as in version=2.14.0; may be repeated")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
}

void add_device_options(CLI::App* to, SendOptions& given) {
  add_list_options(to, given);
  add_expected_devices(to, given);
}

void add_expected_devices(CLI::App* to, SendOptions& given) {
  add_whole_number(to, "--expect-devices", given.expected_devices, 1, devices_max,
                   "Refuse to go on with any other number of devices");
}

void add_yes(CLI::App* to, SendOptions& given) {
  to->add_flag("-y,--yes", given.says_yes,
               "Answer every question with yes: also a run of more than 500 devices\nwithout stages begins");
}

void add_tenant_option(CLI::App* to, SendOptions& given) {
  add_text(to, "--tenant", "NAME", given.tenant,
           "The cloud account, as the configuration calls it (or SLUICE_TENANT)");
}

void add_pace_options(CLI::App* to, SendOptions& given, const std::string& rate) {
  add_rate(to, "--rate", rate, given.rate);
  add_whole_number(to, "--in-flight", given.in_flight, 1, in_flight_max,
                   "Requests under way at the same time [32]");
}

void add_endpoint_options(CLI::App* to, SendOptions& given, const std::string& endpoint,
                          const std::string& rate) {
  add_text(to, "--endpoint", "URL", given.endpoint, endpoint);
  add_text(to, "--credentials", "FILE", given.credentials_file,
           "File with the access key, mode 0600 (or SLUICE_CREDENTIALS)");
  add_text(to, "--profile", "NAME", given.profile, "Profile of the credentials file");
  add_text(to, "--ca-file", "FILE", given.ca_file,
           "Certificates to trust instead of the system's, PEM (or SLUICE_CA_FILE)");
  add_pace_options(to, given, rate);
  add_duration(to, "--connect-timeout", given.connect_timeout, "For connecting [5s]");
  add_duration(to, "--tls-timeout", given.tls_timeout, "For the TLS handshake [5s]");
  add_duration(to, "--timeout", given.exchange_timeout,
               "From a request's first byte to its answer's last [15s]");
}

void add_endpoint_options_of_job(CLI::App* to, SendOptions& given) {
  add_endpoint_options(to, given,
                       "Where the API is, such as https://iot.cn-shanghai.aliyuncs.com (or SLUICE_ENDPOINT)",
                       "Requests per second, at most the tenant's (or SLUICE_RATE)");
}

void add_job_argument(CLI::App* to, SendOptions& given) {
  to->add_option("JOB", given.job_file, "The job file")->type_name("")->required();
}

void add_start(CLI::App* to, SendOptions& given, const std::string& what) {
  add_read(to, "--start", "TIME", what,
           [&given](const std::string& source, const std::string& text) -> Result<void> {
             given.start = from_iso_seconds(text);
             if (given.start) return {};
             return Error{ErrorKind::usage, printable(source, 128) + ": this is not a time",
                          "Expected one in UTC, written like 2026-03-28T22:00:00Z."};
           });
}

}  // namespace sluice
