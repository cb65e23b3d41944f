// SPDX-License-Identifier: MIT
// What is said of devices in doubt, of the decisions about them, and of the words that decide.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "http_api/json_text.hpp"
#include "sluice/core/result.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

// Texts for people end with the exact next commands; JSON is one object and a line end. As in run_report.hpp,
// a command names the store too, if it is not the default one: `store_file`.

/// One row per chunk: how many devices, how often it may have been sent, since when it is in doubt and why.
std::string doubt_list_text(RunId run, std::span<const DoubtfulChunk> doubts,
                            std::string_view store_file = {});
/// {"schema_version","run","chunks":[{"chunk","devices","code","message","request_id","sends","since"}],
/// "devices"}, where a chunk that is held for another reason than its result's has it as "reason" too.
std::string doubt_list_json(RunId run, std::span<const DoubtfulChunk> doubts);

/// One of the objects of that list.
void write_doubt(JsonText& json, const DoubtfulChunk& doubt);

std::string decided_text(RunId run, std::span<const DecidedChunk> decided);
/// {"schema_version","run","decisions":[{"chunk","devices","decision","actor","reason","at"}]}
std::string decided_json(RunId run, std::span<const DecidedChunk> decided);

/// What a decision came to, and the command that follows.
std::string resolved_text(const DoubtDecision& decision, const DoubtResolved& resolved);
std::string resolved_json(const DoubtDecision& decision, const DoubtResolved& resolved,
                          std::string_view next_command);
/// @param has_daemon one owns the store: it sends what is to be sent again without another word
std::string command_after(const DoubtDecision& decision, std::string_view store_file, bool has_daemon);

/// Wrong use: a reason that is missing, blank, longer than 500 bytes, or that cannot be read as it stands.
Result<void> check_reason(std::string_view reason);

}  // namespace sluice
