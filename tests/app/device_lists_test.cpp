// SPDX-License-Identifier: MIT
// Lists that came over the API: what they are called on the disk, and for how long they are there.
#include "app/device_lists.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>
#include <chrono>
#include <filesystem>
#include <string>

#include "http_api/upload.hpp"
#include "support/temporary_folder.hpp"

using namespace sluice;
using namespace std::chrono_literals;

namespace {

/// Brings a list as a client does, and says under which id.
std::string upload(DeviceLists& lists, const std::string& content_type) {
  auto begun = UploadedFile::begin(lists.folder());
  REQUIRE(begun.has_value());
  REQUIRE((*begun)->append("device\nlamp-1\n").has_value());
  REQUIRE((*begun)->finish().has_value());
  ApiRequest request{.method = "POST", .target = "/api/v1/device-lists"};
  request.headers["content-type"] = content_type;
  request.upload = *begun;
  boost::asio::io_context loop;
  ApiAnswer answer;
  boost::asio::co_spawn(loop, lists.routes().at(0).handler(std::move(request)),
                        [&answer](std::exception_ptr problem, ApiAnswer given) {
                          REQUIRE_FALSE(problem);
                          answer = std::move(given);
                        });
  loop.run();
  REQUIRE(answer.status == 201);
  return std::string{boost::json::parse(answer.body).at("device_list").as_string()};
}

}  // namespace

TEST_CASE("device lists: the content type says what a list is, however it is written") {
  const tests::TemporaryFolder folder;
  DeviceLists lists{folder / "lists"};
  const auto ending = [&lists](const std::string& content_type) {
    return std::filesystem::path{lists.find(upload(lists, content_type)).value()}.extension();
  };

  CHECK(ending("text/csv") == ".csv");
  CHECK(ending("Text/CSV; charset=utf-8") == ".csv");
  CHECK(ending("APPLICATION/X-NDJSON") == ".ndjson");
  CHECK(ending("text/plain") == ".txt");
}

TEST_CASE("device lists: one that is older than a day is forgotten, and a younger one is kept") {
  const tests::TemporaryFolder folder;
  DeviceLists lists{folder / "lists"};
  const std::string old = upload(lists, "text/csv");
  const std::string young = upload(lists, "text/csv");
  const auto now = std::filesystem::file_time_type::clock::now();
  std::filesystem::last_write_time(lists.find(old).value(), now - 25h);
  std::filesystem::last_write_time(lists.find(young).value(), now - 23h);

  lists.forget_old();

  CHECK_FALSE(lists.find(old));
  CHECK(lists.find(young));
}
