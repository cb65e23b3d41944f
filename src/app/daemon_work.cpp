// SPDX-License-Identifier: MIT
#include "app/daemon_work.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "app/control_answer.hpp"
#include "app/control_client.hpp"
#include "app/daemon_pause.hpp"
#include "app/display_text.hpp"
#include "app/followed_run.hpp"
#include "app/left_out.hpp"
#include "app/resumed_run.hpp"
#include "app/run_report.hpp"
#include "app/say.hpp"
#include "app/settings.hpp"
#include "app/standard_input.hpp"
#include "app/standard_output.hpp"
#include "app/store_access.hpp"
#include "http_api/problem.hpp"
#include "sluice/core/run_rules.hpp"
#include "sluice/jobfile/device_name.hpp"
#include "sluice/store/open_store.hpp"

namespace sluice {
namespace {

namespace json = boost::json;

// A device list of a million names is read before the answer comes.
constexpr std::chrono::seconds work_deadline{600};

Error ended_silently() {
  return {ErrorKind::unexpected, "the daemon ended without an answer, so whether it has heard is unknown",
          "See whether there is a new run: sluice list."};
}

/// The document of an answer that grants what was asked.
Result<std::string> document_of(const Result<std::optional<OwnerAnswer>>& answer) {
  if (answer.has_error()) return answer.error();
  if (!*answer) return ended_silently();
  if ((*answer)->status >= 300) return error_from_problem((*answer)->body);
  return (*answer)->body;
}

Error for_own_process(std::string_view option) {
  return {ErrorKind::refused,
          fmt::format("a daemon owns the store, and {} is for a process that sends by itself", option),
          "Leave it out; what the daemon sends with stands in its configuration."};
}

Error unreadable(std::string_view text) {
  return {ErrorKind::unexpected, "the daemon gave an answer that cannot be read: " + printable(text, 128),
          "It may be another version of sluice: see `sluice version`."};
}

Result<std::int64_t> number_in(const std::string& document, std::string_view name) {
  boost::system::error_code problem;
  const json::value answer = json::parse(document, problem);
  const json::value* number = !problem && answer.is_object() ? answer.as_object().if_contains(name) : nullptr;
  if (number == nullptr || !number->is_int64()) return unreadable(document);
  return number->as_int64();
}

Result<RunId> run_in(const std::string& document) {
  const Result<std::int64_t> number = number_in(document, "run");
  if (number.has_error()) return number.error();
  return RunId{*number};
}

std::string content_type_of(std::string_view file) {
  if (file.ends_with(".csv")) return "text/csv";
  if (file.ends_with(".ndjson") || file.ends_with(".jsonl")) return "application/x-ndjson";
  return "text/plain";
}

/// The id by which the daemon knows the list from now on.
Result<std::string> upload_list(const std::string& store_file, const std::string& file,
                                const std::string& content_type) {
  const Result<std::string> document =
      document_of(upload_to_owner(store_file, "/api/v1/device-lists", file, content_type));
  if (document.has_error()) return document.error();
  boost::system::error_code problem;
  const json::value answer = json::parse(*document, problem);
  const json::value* id =
      !problem && answer.is_object() ? answer.as_object().if_contains("device_list") : nullptr;
  if (id == nullptr || !id->is_string()) return unreadable(*document);
  return std::string{id->as_string()};
}

std::string beside_job(const SendOptions& send, const std::string& file) {
  return (std::filesystem::path{send.job_file}.parent_path() / file).string();
}

/// Empty: the names are in the job itself.
std::string list_file(const SendOptions& send, const Job& job) {
  if (!send.devices_file.empty() || job.targets.devices_file.empty()) return send.devices_file;
  return beside_job(send, job.targets.devices_file);
}

/// The survey reads the list here, and the daemon reads it again.
Result<void> keep_list_for_daemon(const SendOptions& send, const Job& job) {
  return list_file(send, job) == "-" ? keep_standard_input() : Result<void>{};
}

Result<void> add_lists(json::object& body, const SendOptions& send, const Job& job,
                       const std::string& store_file) {
  const std::string file = list_file(send, job);
  if (!file.empty()) {
    const Result<std::string> id = file == "-" ? upload_list(store_file, std::string{standard_input_file},
                                                             standard_input_type(!send.column.empty()))
                                               : upload_list(store_file, file, content_type_of(file));
    if (id.has_error()) return id.error();
    body["device_list"] = *id;
    if (!send.column.empty()) body["column"] = send.column;
  }
  if (job.targets.exclude_file.empty()) return {};
  const std::string excluded = beside_job(send, job.targets.exclude_file);
  const Result<std::string> id = upload_list(store_file, excluded, content_type_of(excluded));
  if (id.has_error()) return id.error();
  body["exclude_list"] = *id;
  return {};
}

Result<json::object> body_of(const SendOptions& send, const PreparedJob& prepared,
                             const std::string& store_file, std::int64_t devices) {
  json::object body{{"job", prepared.text}, {"expect_devices", devices}};
  // Whoever agreed to it has agreed to this tenant, and at this rate: variables say so as well as options,
  // and the daemon may have another default.
  const Environment environment = process_environment();
  const bool is_tenant_named = !send.tenant.empty() || environment("SLUICE_TENANT");
  if (is_tenant_named || !prepared.config.tenants.empty()) body["tenant"] = prepared.setup.name;
  if (send.rate || environment("SLUICE_RATE")) body["rate"] = prepared.setup.rate;
  if (!send.settings.empty()) {
    json::object settings;
    for (const ParameterSetting& setting : send.settings) settings[setting.name] = setting.value;
    body["set"] = std::move(settings);
  }
  const Result<void> added = add_lists(body, send, prepared.job, store_file);
  if (added.has_error()) return added.error();
  return body;
}

/// As a run of its own does, since whoever wants one sent wants its account to go on. The daemon's own pauses
/// it takes back by itself.
Result<void> lift_pause_of_tenant(const CommonOptions& common, StoreReader& reader,
                                  const std::string& store_file, RunId run) {
  const Result<RunRecord> record = find_run(reader, run);
  if (record.has_error()) return record.error();
  if (record->tenant_pause_reason.empty() || is_daemon_pause(record->tenant_pause_reason)) return {};
  const Result<std::optional<ControlAnswer>> lifted =
      ask_owner(store_file, ControlRunCommand{ControlVerb::resume, run, {}});
  // Refused: somebody else has lifted it, and the run is over.
  if (lifted.has_error() && lifted.error().kind == ErrorKind::refused) return {};
  if (lifted.has_error()) return lifted.error();
  if (*lifted && !common.is_quiet) say(tenant_goes_on_text(*record));
  return {};
}

ExitCode follow_wanted(const CommonOptions& common, StoreReader& reader, const std::string& store_file,
                       RunId run) {
  const Result<void> lifted = lift_pause_of_tenant(common, reader, store_file, run);
  if (lifted.has_error()) return lifted.error();
  return follow_run(common, reader, run);
}

int report_left(const CommonOptions& common, RunId run, const std::string& words,
                const std::string& document) {
  if (common.wants_json()) {
    print(document);
    return 0;
  }
  print(words);
  if (common.is_quiet) return 0;
  say(fmt::format("The daemon sends it. How it stands: sluice status {}{}\n", run.value,
                  option_text("--store", common.store)));
  return 0;
}

}  // namespace

bool is_served_by_daemon(const std::string& store_file) {
  ApiRequest request;
  request.method = "GET";
  request.target = "/api/v1/tenants?limit=1";
  const Result<std::optional<OwnerAnswer>> answer = ask_owner(store_file, request);
  return answer.has_value() && *answer && (*answer)->status == 200;
}

Result<void> check_options_for_daemon(const SendOptions& send) {
  const std::pair<std::string_view, bool> options[] = {
      {"--endpoint", !send.endpoint.empty()},
      {"--credentials", !send.credentials_file.empty()},
      {"--profile", !send.profile.empty()},
      {"--ca-file", !send.ca_file.empty()},
      {"--in-flight", send.in_flight.has_value()},
      {"--connect-timeout", send.connect_timeout.has_value()},
      {"--tls-timeout", send.tls_timeout.has_value()},
      {"--timeout", send.exchange_timeout.has_value()},
  };
  const auto given = std::ranges::find_if(options, [](const auto& option) { return option.second; });
  if (given == std::end(options)) return {};
  return for_own_process(given->first);
}

Result<void> check_options_to_go_on(const SendOptions& send) {
  const Result<void> fit = check_options_for_daemon(send);
  if (fit.has_error() || !send.rate) return fit;
  return Error{ErrorKind::refused,
               "a daemon owns the store, and what it goes on with keeps its rate, whatever --rate says",
               "Leave it out; to slow the tenant down: sluice rate set N --for TIME"};
}

Result<std::string> post_to_daemon(const std::string& store_file, const std::string& target,
                                   const json::object& body) {
  ApiRequest request;
  request.method = "POST";
  request.target = target;
  request.body = json::serialize(body);
  return document_of(ask_owner(store_file, request, work_deadline));
}

ExitCode submit_to_daemon(const CommonOptions& common, const SendOptions& send, const PreparedJob& prepared,
                          const std::string& store_file, const Agreement& agreement, ThenWhat then) {
  const Result<void> fit = check_options_for_daemon(send);
  if (fit.has_error()) return fit.error();
  if (process_environment()("SLUICE_ENDPOINT")) return for_own_process("SLUICE_ENDPOINT");
  const Result<void> kept = keep_list_for_daemon(send, prepared.job);
  if (kept.has_error()) return kept.error();
  const Result<std::unique_ptr<StoreReader>> reader = open_store_reader(store_file);
  if (reader.has_error()) return reader.error();
  const Result<SurveyedJob> surveyed =
      survey_job(**reader, prepared, send, submit_request(prepared, send), agreement);
  if (surveyed.has_error()) return surveyed.error();
  const Survey& survey = surveyed->survey;
  const std::optional<Error> unexpected = unexpected_device_count(survey, send.expected_devices);
  if (unexpected) return *unexpected;
  const Result<json::object> body = body_of(send, prepared, store_file, survey.counts.devices);
  if (body.has_error()) return body.error();
  const Result<std::string> document = post_to_daemon(store_file, "/api/v1/runs", *body);
  if (document.has_error()) return document.error();
  const Result<RunId> run = run_in(*document);
  if (run.has_error()) return run.error();
  const std::string left_out = left_out_text(survey.counts);
  if (!common.is_quiet && !left_out.empty()) say(fmt::format("left out: {}\n", left_out));
  if (then == ThenWhat::follow) return follow_wanted(common, **reader, store_file, *run);
  return report_left(common, *run,
                     fmt::format("run {}: {} in {} queued ({} left out)\n", run->value,
                                 counted(survey.counts.devices, "device"), counted(survey.chunks, "chunk"),
                                 counted(survey.counts.duplicates, "duplicate")),
                     *document);
}

ExitCode send_again_by_daemon(const CommonOptions& common, const std::string& store_file,
                              const AgainRequest& request, std::string_view where, const AgainSurvey& survey,
                              ThenWhat then) {
  json::object body{{"expect_devices", survey.total()}};
  if (request.purpose == RunPurpose::retry) {
    body["failed"] = request.selection.failed;
    body["not_sent"] = request.selection.not_sent;
    body["in_doubt"] = request.selection.in_doubt;
    if (!where.empty()) body["where"] = where;
  }
  const Result<std::string> document = post_to_daemon(
      store_file, fmt::format("/api/v1/runs/{}:{}", request.parent.value, to_string(request.purpose)), body);
  if (document.has_error()) return document.error();
  const Result<RunId> run = run_in(*document);
  if (run.has_error()) return run.error();
  if (then == ThenWhat::leave) {
    return report_left(common, *run,
                       fmt::format("run {}: {} queued\n", run->value, counted(survey.total(), "device")),
                       *document);
  }
  const Result<std::unique_ptr<StoreReader>> reader = open_store_reader(store_file);
  if (reader.has_error()) return reader.error();
  return follow_wanted(common, **reader, store_file, *run);
}

Result<DoubtResolved> decide_in_daemon(const std::string& store_file, const DoubtDecision& decision) {
  json::object body{{"reason", decision.reason}};
  if (decision.expected_devices) body["expect_devices"] = *decision.expected_devices;
  if (!decision.chunks.empty()) {
    json::array chunks;
    for (const ChunkId chunk : decision.chunks) chunks.push_back(chunk.value);
    body["chunks"] = std::move(chunks);
  }
  const std::string_view verb = decision.verdict == DoubtVerdict::accept ? "accept" : "resend";
  const Result<std::string> document =
      post_to_daemon(store_file, fmt::format("/api/v1/runs/{}/doubts:{}", decision.run.value, verb), body);
  if (document.has_error()) return document.error();
  const Result<std::int64_t> chunks = number_in(*document, "chunks");
  if (chunks.has_error()) return chunks.error();
  const Result<std::int64_t> devices = number_in(*document, "devices");
  if (devices.has_error()) return devices.error();
  return DoubtResolved{*chunks, *devices};
}

ExitCode resume_all_in_daemon(const CommonOptions& common, const std::string& store_file) {
  const Result<std::unique_ptr<StoreReader>> reader = open_store_reader(store_file);
  if (reader.has_error()) return reader.error();
  const Result<std::vector<RunRecord>> runs = (*reader)->runs(std::numeric_limits<std::int32_t>::max());
  if (runs.has_error()) return runs.error();
  std::optional<ControlAnswer> whole;
  for (const RunRecord& run : *runs) {
    if (status_of(run) != RunStatus::paused) continue;
    Result<std::optional<ControlAnswer>> answered =
        ask_owner(store_file, ControlRunCommand{ControlVerb::resume, run.id, {}});
    if (answered.has_error()) return answered.error();
    if (!*answered) return ended_silently();
    if (!whole) {
      whole = std::move(**answered);
    } else {
      std::ranges::move((*answered)->runs, std::back_inserter(whole->runs));
    }
  }
  if (whole) {
    print(common.wants_json() ? control_json(*whole) : control_text(*whole, common.store));
    return 0;
  }
  if (common.wants_json()) print("{\"schema_version\":1,\"runs\":[]}\n");
  say("Nothing to resume: no run of this store is paused, and the daemon sends what is left.\n");
  return 0;
}

}  // namespace sluice
