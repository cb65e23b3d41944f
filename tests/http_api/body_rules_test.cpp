// SPDX-License-Identifier: MIT
// Which bodies are refused by what their head says of them.
#include "http_api/body_rules.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace sluice::tests {

TEST_CASE("body rules: a body is refused by its route, then by its type, then by its size") {
  struct Row {
    ApiBody taken;
    std::string type;
    std::uint64_t bytes;
    int status;  ///< 0: it may come
  };
  const std::vector<Row> rows{{ApiBody::none, "", 0, 0},
                              {ApiBody::none, "application/json", 1, 400},
                              {ApiBody::json, "application/json", 100, 0},
                              {ApiBody::json, "Application/JSON ; charset=utf-8", 0, 0},
                              {ApiBody::json, "application/json", 101, 413},
                              {ApiBody::json, "application/jsonp", 1, 415},
                              {ApiBody::json, "text/csv", 101, 415},
                              {ApiBody::json, "", 0, 415},
                              {ApiBody::upload, "TEXT/CSV;header=present", 1'000, 0},
                              {ApiBody::upload, "application/x-ndjson", 101, 0},
                              {ApiBody::upload, "text/csv", 1'001, 413},
                              {ApiBody::upload, "text/html", 1, 415}};
  const ApiLimits limits{.body_bytes_max = 100, .upload_bytes_max = 1'000};
  for (const Row& row : rows) {
    CAPTURE(static_cast<int>(row.taken));
    CAPTURE(row.type);
    CAPTURE(row.bytes);
    RequestHead head{.body_bytes = row.bytes};
    if (!row.type.empty()) head.headers["content-type"] = row.type;

    const std::optional<ApiAnswer> no = objection_to_body({.body = row.taken}, head, limits);

    CHECK((no ? no->status : 0) == row.status);
  }
}

}  // namespace sluice::tests
