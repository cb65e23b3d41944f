// SPDX-License-Identifier: MIT
// What the API says of a job before anything is sent: the words of `validate` and `plan`, and no file of the
// server's ever in between.
#include "app/preview_routes.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <exception>
#include <optional>
#include <string>

#include "support/temporary_folder.hpp"

using namespace sluice;
namespace json = boost::json;

namespace {

constexpr const char* list_id = "0123456789abcdef0123456789abcdef";

std::string job_with(const std::string& targets) {
  return R"({
  "name": "fw", "tenant": "prod",
  "call": {"product_key": "a1BwAGVxxxx", "identifier": "Set", "args": {"version": 1}},
  "chunk_size": 2,
  "targets": )" +
         targets + "\n}";
}

struct Scene {
  ApiAnswer post(const std::string& what, const json::object& body) {
    return post_text(what, json::serialize(body));
  }

  ApiAnswer post_text(const std::string& what, std::string body) {
    auto found = router.admit({.method = "POST",
                               .target = "/api/v1/jobs:" + what,
                               .client = {.name = "ann", .scope = ApiScope::read}});
    auto& admitted = std::get<Router::Admitted>(found);
    admitted.request.body = std::move(body);
    std::optional<ApiAnswer> answer;
    boost::asio::co_spawn(loop, admitted.route->handler(std::move(admitted.request)),
                          [&](std::exception_ptr problem, ApiAnswer given) {
                            if (problem) std::rethrow_exception(problem);
                            answer.emplace(std::move(given));
                          });
    loop.restart();
    loop.run();
    REQUIRE(answer.has_value());
    return std::move(*answer);
  }

  json::value said(const std::string& what, const json::object& body) {
    const ApiAnswer answer = post(what, body);
    INFO((answer.error ? answer.error->message : std::string{}));
    REQUIRE(answer.status == 200);
    return json::parse(answer.body);
  }

  std::string refusal(const std::string& what, const json::object& body, int status = 422) {
    const ApiAnswer answer = post(what, body);
    CHECK(answer.status == status);
    REQUIRE(answer.error.has_value());
    CHECK_FALSE(answer.error->hint.empty());
    return answer.error->message;
  }

  tests::TemporaryFolder folder;
  boost::asio::io_context loop;
  Router router{preview_routes(
      {.thread = loop.get_executor(),
       .config =
           [] {
             return read_config("config.json",
                                R"({"tenants": {"prod": {"endpoint": "http://127.0.0.1:1/", "rate": 10}}})")
                 .value();
           },
       .environment = [](const char*) { return std::optional<std::string>{}; },
       .find_list =
           [this](std::string_view id) {
             return id == list_id ? std::optional{folder / "list.txt"} : std::nullopt;
           }})};
};

}  // namespace

TEST_CASE("preview_routes: a job is valid with the devices that come with it, over its own") {
  Scene scene;
  const json::object own{{"job", job_with(R"({"devices": ["lamp-1", "lamp-2", "lamp-1"]})")}};
  json::object given = own;
  given["devices"] = json::array{"lamp-7"};

  CHECK(scene.said("validate", own) == json::parse(R"({"schema_version":1,"valid":true,"job":"fw",
      "devices":2,"duplicates":1,"unmatched":0,"excluded":0})"));
  CHECK(scene.said("validate", given).at("devices") == 1);
}

TEST_CASE("preview_routes: a plan is made for an uploaded list, whatever file the job names") {
  Scene scene;
  scene.folder.write("list.txt", "lamp-1\nlamp-2\nlamp-3\n");

  const json::value plan =
      scene.said("plan", {{"job", job_with(R"({"devices_file": "fleet.csv"})")}, {"device_list", list_id}});

  CHECK(plan.at("job") == "fw");
  CHECK(plan.at("devices") == 3);
  CHECK(plan.at("chunks") == 2);
}

TEST_CASE(
    "preview_routes: an uploaded list of excluded devices stands for the job's own, and leaves them out") {
  Scene scene;
  scene.folder.write("list.txt", "lamp-2\nlamp-9\n");
  const std::string job =
      job_with(R"({"devices": ["lamp-1", "lamp-2", "lamp-3"], "exclude_file": "old.txt"})");

  const json::value said = scene.said("validate", {{"job", job}, {"exclude_list", list_id}});

  CHECK(said.at("devices") == 2);
  CHECK(said.at("excluded") == 1);
  CHECK(scene.refusal("validate", {{"job", job}, {"exclude_list", std::string(32, 'a')}}, 404)
            .find("no device list") != std::string::npos);
  CHECK(scene.refusal("validate", {{"job", job}, {"exclude_list", "../list.txt"}}).find("32 digits") !=
        std::string::npos);
}

TEST_CASE("preview_routes: what is wrong with a job is told with line, column and field") {
  Scene scene;

  const std::string message = scene.refusal(
      "validate",
      {{"job", "{\n  \"name\": \"fw\",\n  \"chunk_size\": 500\n}"}, {"devices", json::array{"lamp-1"}}});

  CHECK(message.find("job:3:17: chunk_size: ") != std::string::npos);
  CHECK(message.find("call") != std::string::npos);
}

TEST_CASE("preview_routes: a job that names a file of the server's is refused before it is looked for") {
  Scene scene;

  for (const char* what : {"validate", "plan"}) {
    CHECK(scene.refusal(what, {{"job", job_with(R"({"devices_file": "/etc/passwd"})")}})
              .find("cannot name files") != std::string::npos);
    CHECK(scene.post(what, {{"job", job_with(R"({"devices_file": "-"})")}}).status == 422);
    CHECK(
        scene.refusal(what, {{"job", job_with(R"({"devices": ["lamp-1"], "exclude_file": "/etc/passwd"})")}})
            .find("exclude_file") != std::string::npos);
  }
  CHECK(scene.refusal("validate", {{"job", job_with("{}")}, {"device_list", "../../../../etc/passwd"}})
            .find("32 digits") != std::string::npos);
  CHECK(scene.refusal("validate", {{"job", job_with("{}")}, {"device_list", std::string(32, 'a')}}, 404)
            .find("no device list") != std::string::npos);
}

TEST_CASE("preview_routes: a body that is none is told what it should have been") {
  Scene scene;

  CHECK(scene.post_text("validate", "").status == 422);
  CHECK(scene.post_text("validate", "[]").status == 422);
  CHECK(scene.refusal("validate", {{"job", 7}}).find("job") != std::string::npos);
  CHECK(scene.refusal("validate", {{"job", "{}"}, {"path", "x"}}).find("path") != std::string::npos);
  CHECK(scene.refusal("validate", {{"job", "{}"}, {"devices", json::array{}}}).find("devices") !=
        std::string::npos);
  CHECK(scene.refusal("validate", {{"job", "{}"}, {"devices", json::array{1}}}).find("device name") !=
        std::string::npos);
  CHECK(
      scene.refusal("validate", {{"job", "{}"}, {"devices", json::array{"lamp-1"}}, {"device_list", list_id}})
          .find("excludes") != std::string::npos);
  CHECK(scene.refusal("plan", {{"job", job_with(R"({"devices": ["no name at all!"]})")}}).find("no name") !=
        std::string::npos);
}
