// SPDX-License-Identifier: MIT
#include "app/device_export.hpp"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "app/results_writer.hpp"
#include "http_api/resources/query_reader.hpp"
#include "http_api/resources/resource.hpp"
#include "sluice/store/pages.hpp"

namespace sluice {
namespace {

namespace asio = boost::asio;

struct FileKind {
  ResultsFormat format;
  std::string_view content_type;
  std::string_view extension;
};

/// What a page is comes without a format.
std::optional<FileKind> file_kind_from(std::string_view word) {
  if (word == "ndjson") return FileKind{ResultsFormat::ndjson, "application/x-ndjson", "ndjson"};
  if (word == "csv") return FileKind{ResultsFormat::csv, "text/csv; charset=utf-8", "csv"};
  if (word == "txt") return FileKind{ResultsFormat::txt, "text/plain; charset=utf-8", "txt"};
  return std::nullopt;
}

class ExportStream final : public ApiStream {
 public:
  ExportStream(ReadSide& reads, DevicesWanted wanted, ResultsFormat format, bool is_raw)
      : reads_(reads),
        wanted_(std::move(wanted)),
        writer_({.format = format, .run = wanted_.run, .raw = is_raw},
                [this](std::string_view block) -> Result<void> {
                  piece_ += block;
                  return {};
                }) {
    wanted_.limit = page_rows_max;
  }

  asio::awaitable<Result<std::optional<std::string>>> next() override {
    while (!is_over_ && piece_.empty()) {
      auto work = [this](StoreReader& store) { return write_page(store); };
      const Result<void> written = co_await reads_.call(std::move(work));
      if (written.has_error()) co_return written.error();
    }
    if (piece_.empty()) co_return std::optional<std::string>{};
    co_return std::optional{std::exchange(piece_, {})};
  }

  void stop() override { is_over_ = true; }

 private:
  Result<void> write_page(StoreReader& store) {
    bool is_written = true;
    const auto rest = store.pages().devices_page(
        wanted_, [&](const DeviceResult& row) { is_written = writer_.write(row) && is_written; });
    if (rest.has_error()) return rest.error();
    if (*rest && is_written) {
      wanted_.after = **rest;
      return {};
    }
    is_over_ = true;
    return writer_.finish();
  }

  ReadSide& reads_;
  DevicesWanted wanted_;
  std::string piece_;
  ResultsWriter writer_;
  bool is_over_ = false;
};

struct WantedFile {
  DevicesWanted devices;
  FileKind kind;
  bool is_raw = false;
};

Result<WantedFile> wanted_file(const ApiRequest& request) {
  QueryReader query{request};
  const auto kind = query.word("format", file_kind_from, "ndjson, csv, txt");
  const auto is_raw = query.word(
      "raw",
      [](std::string_view word) -> std::optional<bool> {
        return word == "true" || word == "false" ? std::optional{word == "true"} : std::nullopt;
      },
      "true, false");
  if (query.problem()) return *query.problem();
  for (const char* key : {"limit", "cursor", "position"}) {
    if (!request.query_value(key)) continue;
    return Error{ErrorKind::usage,
                 fmt::format("format and {} exclude each other: a file has all devices", key),
                 "Leave one of them out."};
  }
  Result<DevicesWanted> devices = devices_wanted(request);
  if (devices.has_error()) return devices.error();
  return WantedFile{std::move(*devices), *kind, is_raw.value_or(false)};
}

asio::awaitable<ApiAnswer> export_devices(ReadSide& reads, ApiRequest request) {
  Result<WantedFile> file = wanted_file(request);
  if (file.has_error()) co_return refused(file.error());
  auto work = [&request](StoreReader& store) { return run_in_path(store, request); };
  const Result<RunRecord> run = co_await reads.call(std::move(work));
  if (run.has_error()) co_return refused(run.error());
  file->devices.run = run->id;
  ApiAnswer answer;
  answer.content_type = file->kind.content_type;
  // Nothing of what a user wrote becomes the name of a file on somebody's disk.
  answer.headers.emplace_back("Content-Disposition", fmt::format("attachment; filename=\"run-{}-devices.{}\"",
                                                                 run->id.value, file->kind.extension));
  answer.stream =
      std::make_shared<ExportStream>(reads, std::move(file->devices), file->kind.format, file->is_raw);
  co_return answer;
}

asio::awaitable<ApiAnswer> page_of_devices(ReadSide& reads, ApiRequest request, UtcTime now) {
  if (request.query_value("raw")) {
    co_return refused({ErrorKind::usage, "raw is for files", "Say which: format=csv or format=txt."});
  }
  auto work = [&request, now](StoreReader& store) { return list_devices(store, request, now); };
  Result<ApiAnswer> page = co_await reads.call(std::move(work));
  if (page.has_error()) co_return refused(page.error());
  co_return std::move(*page);
}

}  // namespace

Route devices_route(ReadSide& reads, std::function<UtcTime()> now) {
  std::vector<std::string> keys = device_query_keys();
  keys.insert(keys.end(), {"format", "raw"});
  return {.method = "GET",
          .pattern = "/api/v1/runs/{run}/devices",
          .scope = ApiScope::read,
          .operation = "listDevices",
          .handler =
              [&reads, now = std::move(now)](ApiRequest request) {
                const bool is_file = request.query_value("format").has_value();
                return is_file ? export_devices(reads, std::move(request))
                               : page_of_devices(reads, std::move(request), now());
              },
          .query = std::move(keys)};
}

}  // namespace sluice
