// SPDX-License-Identifier: MIT
#include "app/device_lists.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/asio/awaitable.hpp>
#include <filesystem>
#include <system_error>
#include <utility>

#include "http_api/json_text.hpp"
#include "http_api/letter_case.hpp"
#include "http_api/upload.hpp"

namespace sluice {
namespace {

namespace fs = std::filesystem;

struct ListFormat {
  std::string_view content_type;
  std::string_view ending;  ///< by which the reader of lists knows it
};

constexpr std::array<ListFormat, 3> list_formats{
    {{"text/csv", ".csv"}, {"application/x-ndjson", ".ndjson"}, {"text/plain", ".txt"}}};

constexpr std::size_t id_length = 32;

/// An id is a part of a path, so nothing else may be.
bool is_id(std::string_view text) {
  return text.size() == id_length && text.find_first_not_of("0123456789abcdef") == text.npos;
}

std::string_view ending_for(const ApiRequest& request) {
  const std::string_view type = request.header("content-type").value_or("");
  for (const ListFormat& format : list_formats) {
    if (equals_ignoring_case(type.substr(0, format.content_type.size()), format.content_type))
      return format.ending;
  }
  return ".txt";
}

ApiAnswer keep(const ApiRequest& request) {
  if (!request.upload) return refused(Error{ErrorKind::refused, "the request has no list in it", ""});
  std::error_code problem;
  fs::rename(request.upload->path(), request.upload->path() + std::string{ending_for(request)}, problem);
  if (problem) {
    return refused(Error{ErrorKind::storage, "the list cannot be kept: " + problem.message(),
                         "See what is wrong with the disk or the folder beside the store."});
  }
  request.upload->keep();
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version);
  json.member("device_list", request.upload->id());
  json.member("bytes", static_cast<std::int64_t>(request.upload->bytes())).end_object().end_document();
  return {.status = 201, .body = json.take()};
}

boost::asio::awaitable<ApiAnswer> answer(ApiRequest request) { co_return keep(request); }

}  // namespace

std::optional<std::string> DeviceLists::find(std::string_view id) const {
  if (!is_id(id)) return std::nullopt;
  for (const ListFormat& format : list_formats) {
    const std::string path = (fs::path{folder_} / (std::string{id} + std::string{format.ending})).string();
    std::error_code problem;
    if (fs::is_regular_file(fs::symlink_status(path, problem))) return path;
  }
  return std::nullopt;
}

void DeviceLists::forget_old() const {
  std::error_code problem;
  const auto oldest = fs::file_time_type::clock::now() - kept_for;
  std::vector<fs::path> old;
  for (fs::directory_iterator entry{folder_, problem}; !problem && entry != fs::directory_iterator{};
       entry.increment(problem)) {
    std::error_code unknown;
    const auto written = entry->last_write_time(unknown);
    if (!unknown && written < oldest && is_id(entry->path().stem().string())) old.push_back(entry->path());
  }
  for (const fs::path& file : old) fs::remove(file, problem);
}

std::vector<Route> DeviceLists::routes() {
  return {{.method = "POST",
           .pattern = "/api/v1/device-lists",
           .scope = ApiScope::operate,
           .operation = "uploadDeviceList",
           .handler = [](ApiRequest request) { return answer(std::move(request)); },
           .body = ApiBody::upload,
           .takes_key = true}};
}

}  // namespace sluice
