// SPDX-License-Identifier: MIT
#include "app/record_api.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "app/preview_routes.hpp"
#include "app/read_routes.hpp"
#include "sluice/store/bounded_reader.hpp"

namespace sluice {

Result<std::unique_ptr<RecordApi>> RecordApi::open(const std::string& store_file, Ground ground) {
  Result<std::unique_ptr<BoundedReader>> reader = open_bounded_reader(store_file, call_time_max);
  if (reader.has_error()) return reader.error();
  return std::unique_ptr<RecordApi>{new RecordApi{std::move(*reader), std::move(ground)}};
}

RecordApi::RecordApi(std::unique_ptr<BoundedReader> reader, Ground ground)
    : ground_(std::move(ground)),
      reader_(std::move(reader)),
      reads_(*reader_, ground_.loop, reading_.get_executor()) {}

RecordApi::~RecordApi() {
  reading_.join();
  previewing_.join();
}

std::vector<Route> RecordApi::routes() {
  std::vector<Route> routes = read_routes(reads_, ground_.clock, [config = ground_.config] {
    std::set<std::string> names;
    for (const auto& [name, tenant] : config().tenants) names.insert(name);
    return names;
  });
  std::ranges::move(preview_routes({.thread = previewing_.get_executor(),
                                    .config = ground_.config,
                                    .environment = ground_.environment,
                                    .find_list = ground_.find_list}),
                    std::back_inserter(routes));
  return routes;
}

}  // namespace sluice
