// SPDX-License-Identifier: MIT
// The record page by page, over any connection: what sluice/store/pages.hpp tells. Failures are StoreFailure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "sluice/store/pages.hpp"
#include "store/sqlite/connection.hpp"

namespace sluice::queries {

Page<RunRecord, RunId> runs_page(Connection& connection, const RunsWanted& wanted);
Page<ChunkRow, ChunkPlace> chunks_page(Connection& connection, const ChunksWanted& wanted);
Page<AttemptRow, AttemptId> attempts_page(Connection& connection, const AttemptsWanted& wanted);
void for_each_leaf(Connection& connection, RunId run, const LeafVisitor& visit);
void for_each_send(Connection& connection, RunId run, const SendVisitor& visit);
void for_each_chunk_outcome(Connection& connection, RunId run, const ChunkOutcomeVisitor& visit);
std::optional<LateResults> late_results(Connection& connection, RunId run, UtcTime since, int attempts_max);
std::vector<CodeDevices> code_devices(Connection& connection, RunId run, std::size_t examples);
std::optional<std::int64_t> devices_page(Connection& connection, const DevicesWanted& wanted,
                                         const std::function<void(const DeviceResult&)>& visit);
std::optional<DeviceHistoryWanted::Place> device_history(Connection& connection,
                                                         const DeviceHistoryWanted& wanted,
                                                         const DeviceRunVisitor& visit);
Page<DoubtfulChunk, ChunkId> doubts_page(Connection& connection, const DoubtsWanted& wanted);

// event_queries.cpp
Page<EventRow, std::int64_t> events_page(Connection& connection, const EventsWanted& wanted);
std::int64_t newest_event(Connection& connection);

// tenant_queries.cpp
Page<TenantRow, std::string> tenants_page(Connection& connection, const TenantsWanted& wanted);
std::optional<TenantRow> tenant(Connection& connection, const std::string& name);
Page<JobFileRow, std::string> job_files_page(Connection& connection, const JobFilesWanted& wanted);

/// How many rows a page has at most, for what was asked.
std::size_t rows_of(std::size_t limit);

}  // namespace sluice::queries
