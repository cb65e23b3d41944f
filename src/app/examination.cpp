// SPDX-License-Identifier: MIT
#include "app/examination.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <iterator>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "app/control_client.hpp"
#include "app/credential_sources.hpp"
#include "app/doctor_findings.hpp"
#include "app/endpoint_probe.hpp"
#include "app/prepared_job.hpp"
#include "app/setting_origins.hpp"
#include "app/settings.hpp"
#include "app/store_options.hpp"
#include "app/version_report.hpp"
#include "http_api/control_socket.hpp"
#include "jobfile/regular_file.hpp"
#include "sluice/jobfile/device_name.hpp"
#include "sluice/jobfile/json_document.hpp"
#include "sluice/store/sqlite_library.hpp"
#include "sluice/store/store_check.hpp"

namespace sluice {
namespace {

namespace fs = std::filesystem;

// Longer than any that is not stuck.
constexpr std::chrono::seconds owner_awaited_for{5};

/// Whoever hangs accepts a connection all the same, so only an answer counts, whatever it says.
std::optional<pid_t> who_answers(const std::string& store_file) {
  ApiRequest question;
  question.method = "GET";
  question.target = "/healthz";
  const Result<std::optional<OwnerAnswer>> answer = ask_owner(store_file, question, owner_awaited_for);
  if (answer.has_error() || !*answer) return std::nullopt;
  const auto socket = connect_to_control_socket(control_socket_path(store_file));
  const std::optional<SocketPeer> peer = socket ? peer_of(socket->get()) : std::nullopt;
  return peer ? peer->process : 0;
}

/// One look at everything, place by place.
class Examination {
 public:
  Examination(const CommonOptions& common, const std::string& tenant, const Environment& environment)
      : common_(common), tenant_(tenant), environment_(environment) {}

  DoctorReport examine() {
    add(judge_versions(versions_line(), loaded_sqlite()));
    if (read_configuration() || is_store_named()) look_at_store();
    if (is_configuration_read_) look_at_tenants();
    return std::move(report_);
  }

 private:
  void add(DoctorFinding finding) { report_.findings.push_back(std::move(finding)); }

  bool is_store_named() const { return !common_.store.empty() || environment_("SLUICE_STORE").has_value(); }
  bool read_configuration();
  void look_at_store();
  void look_at_disk(const StoreCheck& store);
  void look_at_tenants();
  std::vector<TenantSetup> tenants_to_look_at();
  std::optional<TenantSetup> setup_of(const std::string& name);
  void look_at_files_of(const TenantSetup& setup);

  const CommonOptions& common_;
  const std::string& tenant_;
  const Environment& environment_;
  Config config_;
  std::optional<JsonDocument> file_;  ///< the configuration's, to see what stands in it
  JsonValue nothing_;
  bool is_configuration_read_ = false;
  DoctorReport report_;
};

bool Examination::read_configuration() {
  Result<Config> config = load_config(common_, environment_);
  if (config.has_error()) {
    add(problem_found("configuration", "", config.error()));
    return false;
  }
  config_ = std::move(*config);
  is_configuration_read_ = true;
  add({.check = "configuration",
       .text = config_.file.empty() ? "there is no file; defaults are used"
                                    : printable(config_.file, 4096) + " is valid"});
  if (!config_.file.empty()) {
    Result<std::string> text = read_regular_file(config_.file, "configuration file", JsonLimits{}.bytes_max);
    Result<JsonDocument> document = text.has_error() ? Result<JsonDocument>{text.error()}
                                                     : JsonDocument::parse(config_.file, std::move(*text));
    if (document.has_value()) file_ = std::move(*document);
  }
  report_.settings = common_origins(common_, environment_, config_, file_ ? file_->root() : nothing_);
  return true;
}

void Examination::look_at_store() {
  const std::string path = store_path(common_, environment_, config_);
  const Result<StoreCheck> store = check_store(path, operators_store_options().is_network_allowed);
  if (store.has_error()) return add(problem_found("store", "", store.error()));
  for (DoctorFinding& finding : judge_store(*store, ::geteuid())) add(std::move(finding));
  add(judge_owner(*store, who_answers(path)));
  look_at_disk(*store);
}

// Of the nearest folder that exists: the store's own is made with it.
void Examination::look_at_disk(const StoreCheck& store) {
  fs::path folder = fs::path{store.path}.parent_path();
  std::error_code error;
  while (!fs::is_directory(folder, error) && folder != folder.parent_path()) folder = folder.parent_path();
  const fs::space_info space = fs::space(folder, error);
  if (error) {
    return add(problem_found(
        "disk", "",
        {ErrorKind::storage, fmt::format("{}: {}", folder.string(), error.message()), "Check the disk."}));
  }
  add(judge_disk(folder.string(), static_cast<std::int64_t>(space.available), store.bytes));
}

void Examination::look_at_tenants() {
  const std::vector<TenantSetup> setups = tenants_to_look_at();
  for (const TenantSetup& setup : setups) look_at_files_of(setup);
  const std::vector<Result<ProbeAnswer>> answers = probe_endpoints(setups);
  for (std::size_t i = 0; i < setups.size(); ++i) {
    const std::string& name = setups[i].name;
    if (answers[i].has_error()) {
      add(problem_found("endpoint", name, answers[i].error()));
      continue;
    }
    add(judge_endpoint(name, to_string(setups[i].endpoint), answers[i]->reply));
    if (std::holds_alternative<HttpResponse>(answers[i]->reply))
      add(judge_clock(name, answers[i]->clock_offset));
  }
}

std::vector<TenantSetup> Examination::tenants_to_look_at() {
  std::vector<std::string> names;
  if (!tenant_.empty()) names.push_back(tenant_);
  if (names.empty()) {
    for (const auto& [name, tenant] : config_.tenants) names.push_back(name);
  }
  // Without a configuration there still is the account that the environment leads to.
  if (names.empty()) names.emplace_back();
  std::vector<TenantSetup> setups;
  for (const std::string& name : names) {
    if (std::optional<TenantSetup> setup = setup_of(name)) setups.push_back(std::move(*setup));
  }
  return setups;
}

std::optional<TenantSetup> Examination::setup_of(const std::string& name) {
  SendOptions options;
  options.tenant = name;
  Result<TenantSetup> setup = tenant_setup(options, environment_, config_, Job{});
  if (setup.has_value()) return std::move(*setup);
  DoctorFinding finding = problem_found("tenant", name, setup.error());
  // Who has only just begun has no account yet, and can rehearse.
  if (name.empty()) finding.level = FindingLevel::warning;
  add(std::move(finding));
  return std::nullopt;
}

void Examination::look_at_files_of(const TenantSetup& setup) {
  for (SettingOrigin& origin : tenant_origins(setup, environment_, file_ ? file_->root() : nothing_))
    report_.settings.push_back(std::move(origin));
  add(judge_credentials(setup.name, find_credentials({.file = setup.credentials_file,
                                                      .profile = setup.profile,
                                                      .home = environment_("HOME").value_or(""),
                                                      .environment = environment_})));
  const auto denied = denied_devices(setup);
  if (denied.has_error()) add(problem_found("deny_file", setup.name, denied.error()));
}

}  // namespace

DoctorReport examine(const CommonOptions& common, const std::string& tenant, const Environment& environment) {
  return Examination{common, tenant, environment}.examine();
}

}  // namespace sluice
