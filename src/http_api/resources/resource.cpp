// SPDX-License-Identifier: MIT
#include "http_api/resources/resource.hpp"

#include <fmt/format.h>

#include <utility>

namespace sluice {
namespace {

boost::asio::awaitable<ApiAnswer> look(ReadSide& reads, ResourceReader read, ApiRequest request,
                                       UtcTime now) {
  // Named before it is awaited: see conventions on coroutines.
  auto work = [&read, &request, now](StoreReader& store) { return read(store, request, now); };
  Result<ApiAnswer> answer = co_await reads.call(std::move(work));
  if (answer.has_error()) co_return refused(answer.error());
  co_return std::move(*answer);
}

}  // namespace

std::vector<Route> resource_routes(ReadSide& reads, std::vector<Resource> resources,
                                   std::function<UtcTime()> now) {
  std::vector<Route> routes;
  for (Resource& resource : resources) {
    routes.push_back(
        {.method = "GET",
         .pattern = std::move(resource.pattern),
         .scope = ApiScope::read,
         .operation = std::move(resource.operation),
         .handler = [&reads, read = std::move(resource.read),
                     now](ApiRequest request) { return look(reads, read, std::move(request), now()); },
         .query = std::move(resource.query)});
  }
  return routes;
}

Result<RunRecord> run_in_path(StoreReader& store, const ApiRequest& request) {
  const Result<std::int64_t> id = number_in_path(request, "run");
  if (id.has_error()) return id.error();
  Result<std::optional<RunRecord>> run = store.run(RunId{*id});
  if (run.has_error()) return run.error();
  if (run->has_value()) return std::move(**run);
  return Error{ErrorKind::not_found, fmt::format("there is no run {}", *id),
               "See which runs there are: GET /api/v1/runs."};
}

}  // namespace sluice
