// SPDX-License-Identifier: MIT
// What the program carries of the dashboard: small, whole, and without a way from a text to markup.
#include "http_api/dashboard.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <regex>
#include <string>

namespace sluice::tests {
namespace {

bool is_there(std::string_view name) {
  return std::ranges::find(dashboard_files(), name, &DashboardFile::name) != dashboard_files().end();
}

bool is_ours(const DashboardFile& file) { return !file.name.starts_with("uPlot"); }

ApiAnswer answer_to(std::size_t route, ApiRequest request) {
  boost::asio::io_context loop;
  ApiAnswer answer;
  boost::asio::co_spawn(loop, dashboard_routes().at(route).handler(std::move(request)),
                        [&](const std::exception_ptr&, ApiAnswer given) { answer = std::move(given); });
  loop.run();
  return answer;
}

ApiAnswer page() { return answer_to(0, {.method = "GET", .target = "/"}); }

ApiAnswer file(std::string name) {
  ApiParameters path;
  path["file"] = std::move(name);
  return answer_to(1, {.method = "GET", .target = "/dashboard/x", .path = std::move(path)});
}

}  // namespace

TEST_CASE("dashboard: all of its files together stay below 200 KB") {
  std::size_t bytes = 0;
  for (const DashboardFile& each : dashboard_files()) bytes += each.content.size();
  CHECK(bytes > 50'000);  // uPlot alone is larger than that
  CHECK(bytes < 200'000);
}

TEST_CASE("dashboard: each file has the type that nosniff makes a browser insist on") {
  CHECK(page().content_type == "text/html; charset=utf-8");
  CHECK(page().body.starts_with("<!doctype html>"));
  CHECK(file("app.js").content_type == "text/javascript; charset=utf-8");
  CHECK(file("uPlot.iife.min.js").content_type == "text/javascript; charset=utf-8");
  CHECK(file("style.css").content_type == "text/css; charset=utf-8");
  CHECK(file("icon.svg").content_type == "image/svg+xml");
}

TEST_CASE("dashboard: what is none of its files is not there, whatever the name looks like") {
  for (const char* name : {"nothing.js", "../app.js", "package.json", "embed.cmake", "app.js/"})
    CHECK_MESSAGE(file(name).status == 404, name);
}

TEST_CASE("dashboard: the page and its modules name only files that are there") {
  const std::regex reference{R"re((?:/dashboard/|from ?"\./)([A-Za-z0-9_.]+)")re"};
  std::size_t references = 0;
  for (const DashboardFile& each : dashboard_files()) {
    if (!is_ours(each)) continue;
    const std::string text{each.content};
    for (std::sregex_iterator found{text.begin(), text.end(), reference}; found != std::sregex_iterator{};
         ++found) {
      CHECK_MESSAGE(is_there((*found)[1].str()), std::string{each.name}, " names ", (*found)[1].str());
      ++references;
    }
  }
  CHECK(references > 10);
}

TEST_CASE(
    "dashboard: nothing of it turns a text into markup or code, or a style that the policy would refuse") {
  constexpr std::array sinks{
      "innerHTML",       "outerHTML",      "insertAdjacentHTML", "document.write",
      "eval(",           "new Function",   "DOMParser",          "createContextualFragment",
      "setHTMLUnsafe",   "srcdoc",         "javascript:",        "localStorage",
      "document.cookie", "sessionStorage", " style=\"",          "trustedTypes.createPolicy"};
  for (const DashboardFile& each : dashboard_files()) {
    for (const std::string_view sink : sinks)
      CHECK_MESSAGE(each.content.find(sink) == std::string_view::npos, std::string{each.name}, " has ",
                    std::string{sink});
    if (each.name.ends_with(".html"))
      CHECK_MESSAGE(!std::regex_search(std::string{each.content}, std::regex{R"re(\son[a-z]+=)re"}),
                    "a handler in the page");
  }
}

TEST_CASE("dashboard: nothing of ours is fetched from elsewhere") {
  for (const DashboardFile& each : dashboard_files()) {
    if (!is_ours(each) || each.name.ends_with(".svg")) continue;
    const std::string text =
        std::regex_replace(std::string{each.content}, std::regex{R"re("http://www\.w3\.org/[^"]*")re"}, "");
    CHECK_MESSAGE(!std::regex_search(text, std::regex{"https?://[a-z]"}), std::string{each.name});
  }
}

}  // namespace sluice::tests
