// SPDX-License-Identifier: MIT
// The words of the verbs that take a job or send one.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "app/options.hpp"

namespace sluice {

/// The device list and the job's params.
void add_list_options(CLI::App* to, SendOptions& given);
/// That, and how many devices there must be.
void add_device_options(CLI::App* to, SendOptions& given);
void add_expected_devices(CLI::App* to, SendOptions& given);
void add_yes(CLI::App* to, SendOptions& given);
void add_tenant_option(CLI::App* to, SendOptions& given);
void add_pace_options(CLI::App* to, SendOptions& given,
                      const std::string& rate = "Requests per second, at most the tenant's");
/// @param endpoint, rate what their help says
void add_endpoint_options(CLI::App* to, SendOptions& given, const std::string& endpoint,
                          const std::string& rate);
void add_endpoint_options_of_job(CLI::App* to, SendOptions& given);
void add_job_argument(CLI::App* to, SendOptions& given);
void add_start(CLI::App* to, SendOptions& given, const std::string& what);

}  // namespace sluice
