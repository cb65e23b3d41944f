// SPDX-License-Identifier: MIT
#include "app/doubt_report.hpp"

#include <fmt/format.h>

#include <optional>

#include "app/display_text.hpp"
#include "app/run_report.hpp"
#include "http_api/api_reason.hpp"
#include "http_api/json_text.hpp"
#include "jobfile/utf8.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

template <class Chunks>
std::int64_t devices_of(const Chunks& chunks) {
  std::int64_t devices = 0;
  for (const auto& chunk : chunks) devices += chunk.devices;
  return devices;
}

std::string time_text(const std::optional<UtcTime>& time) { return time ? to_iso_seconds(*time) : "-"; }

std::string text_or_dash(std::string_view text, std::size_t bytes_max) {
  return text.empty() ? "-" : printable(text, bytes_max);
}

std::string row_of(const DoubtfulChunk& doubt) {
  return fmt::format("{:>7}  {:>7}  {:>5}  {:<20}  {}  {}  {}\n", doubt.chunk.value, doubt.devices,
                     doubt.sends, time_text(doubt.since), padded(text_or_dash(doubt.code, 128), 22),
                     padded(text_or_dash(doubt.request_id, 128), 36), text_or_dash(doubt.message, 256));
}

Error unfit_reason(const std::string& what) {
  return {ErrorKind::usage, what, "Say in a sentence how you know, or who decided: --reason \"…\"."};
}

}  // namespace

std::string doubt_list_text(RunId run, std::span<const DoubtfulChunk> doubts, std::string_view store_file) {
  const std::string store = option_text("--store", store_file);
  if (doubts.empty()) {
    return fmt::format("run {}: no device is in doubt\nWhat was decided: sluice doubt list {} --decided{}\n",
                       run.value, run.value, store);
  }
  const std::int64_t devices = devices_of(doubts);
  std::string text = fmt::format("run {}: {} in {} in doubt\n", run.value, counted(devices, "device"),
                                 counted(static_cast<std::int64_t>(doubts.size()), "chunk"));
  text += fmt::format("{:>7}  {:>7}  {:>5}  {:<20}  {:<22}  {:<36}  {}\n", "CHUNK", "DEVICES", "SENDS",
                      "SINCE", "CODE", "REQUEST ID", "MESSAGE");
  for (const DoubtfulChunk& doubt : doubts) text += row_of(doubt);
  text += fmt::format("They got the command: sluice doubt accept {} --reason TEXT{}\n", run.value, store);
  text += fmt::format("Send it once more:    sluice doubt resend {} --reason TEXT --expect-devices {}{}\n",
                      run.value, devices, store);
  return text;
}

std::string doubt_list_json(RunId run, std::span<const DoubtfulChunk> doubts) {
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version).member("run", run.value);
  json.key("chunks").begin_array();
  for (const DoubtfulChunk& doubt : doubts) write_doubt(json, doubt);
  json.end_array().member("devices", devices_of(doubts)).end_object().end_document();
  return json.take();
}

void write_doubt(JsonText& json, const DoubtfulChunk& doubt) {
  json.begin_object().member("chunk", doubt.chunk.value).member("devices", doubt.devices);
  json.member("code", doubt.code).member("message", doubt.message);
  json.member("request_id", doubt.request_id).member("sends", doubt.sends).key("since");
  doubt.since ? json.value(to_rfc3339(*doubt.since)) : json.null();
  if (doubt.held != Held::no) json.member("reason", to_string(doubt.held));
  json.end_object();
}

std::string decided_text(RunId run, std::span<const DecidedChunk> decided) {
  if (decided.empty()) return fmt::format("run {}: nothing was decided about doubt\n", run.value);
  std::string text = fmt::format("{:>7}  {:>7}  {:<8}  {:<20}  {:<24}  {}\n", "CHUNK", "DEVICES", "DECISION",
                                 "AT", "BY", "REASON");
  for (const DecidedChunk& one : decided) {
    text += fmt::format("{:>7}  {:>7}  {:<8}  {:<20}  {}  {}\n", one.chunk.value, one.devices,
                        to_string(one.verdict), to_iso_seconds(one.at), padded(printable(one.actor, 256), 24),
                        printable(one.reason, reason_bytes_max));
  }
  return text;
}

std::string decided_json(RunId run, std::span<const DecidedChunk> decided) {
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version).member("run", run.value);
  json.key("decisions").begin_array();
  for (const DecidedChunk& one : decided) {
    json.begin_object().member("chunk", one.chunk.value).member("devices", one.devices);
    json.member("decision", to_string(one.verdict)).member("actor", one.actor).member("reason", one.reason);
    json.member("at", to_rfc3339(one.at)).end_object();
  }
  return json.end_array().end_object().end_document().take();
}

std::string resolved_text(const DoubtDecision& decision, const DoubtResolved& resolved) {
  return fmt::format(
      "run {}: {} in {} {}\n", decision.run.value, counted(resolved.devices, "device"),
      counted(resolved.chunks, "chunk"),
      decision.verdict == DoubtVerdict::accept ? "counted as accepted, presumed" : "put back into the queue");
}

std::string resolved_json(const DoubtDecision& decision, const DoubtResolved& resolved,
                          std::string_view next_command) {
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version).member("run", decision.run.value);
  json.member("decision", to_string(decision.verdict)).member("chunks", resolved.chunks);
  json.member("devices", resolved.devices).member("actor", decision.actor).member("reason", decision.reason);
  json.member("next_command", next_command).end_object().end_document();
  return json.take();
}

std::string command_after(const DoubtDecision& decision, std::string_view store_file, bool has_daemon) {
  const bool must_be_sent = decision.verdict == DoubtVerdict::resend && !has_daemon;
  return fmt::format("sluice {} {}{}", must_be_sent ? "resume" : "status", decision.run.value,
                     option_text("--store", store_file));
}

Result<void> check_reason(std::string_view reason) {
  if (reason.find_first_not_of(' ') == reason.npos) {
    return unfit_reason("a decision about doubt needs a reason, and --reason is missing or blank");
  }
  if (reason.size() > reason_bytes_max) {
    return unfit_reason(
        fmt::format("--reason has {} bytes; at most {} are kept", reason.size(), reason_bytes_max));
  }
  if (!is_readable(reason)) {
    return unfit_reason(fmt::format("--reason {}: control and other invisible characters are not kept",
                                    printable(reason, 64)));
  }
  return {};
}

}  // namespace sluice
