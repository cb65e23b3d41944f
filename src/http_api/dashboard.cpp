// SPDX-License-Identifier: MIT
#include "http_api/dashboard.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace sluice {
namespace {

constexpr std::string_view page_name = "index.html";

std::string_view content_type_of(std::string_view name) {
  if (name.ends_with(".html")) return "text/html; charset=utf-8";
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  if (name.ends_with(".svg")) return "image/svg+xml";
  return "text/javascript; charset=utf-8";
}

ApiAnswer file_answer(std::string_view name) {
  const auto files = dashboard_files();
  const auto found = std::ranges::find(files, name, &DashboardFile::name);
  if (found == files.end())
    return refused(Error{ErrorKind::not_found, "the dashboard has no such file", "Its page is at /."});
  return {.body = std::string{found->content}, .content_type = std::string{content_type_of(name)}};
}

boost::asio::awaitable<ApiAnswer> show_page(ApiRequest) { co_return file_answer(page_name); }

boost::asio::awaitable<ApiAnswer> show_file(ApiRequest request) {
  co_return file_answer(request.parameter("file"));
}

}  // namespace

std::vector<Route> dashboard_routes() {
  return {{.method = "GET",
           .pattern = "/",
           .scope = ApiScope::none,
           .operation = "showDashboard",
           .handler = show_page},
          {.method = "GET",
           .pattern = "/dashboard/{file}",
           .scope = ApiScope::none,
           .operation = "showDashboardFile",
           .handler = show_file}};
}

}  // namespace sluice
