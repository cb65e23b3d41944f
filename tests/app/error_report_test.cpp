// SPDX-License-Identifier: MIT
#include "app/error_report.hpp"

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>

using namespace sluice;

TEST_CASE("error report: the text names the program and ends with the next step") {
  const Error error{
      .kind = ErrorKind::not_found, .message = "no run 12", .hint = "sluice list shows all runs"};

  CHECK(error_text(error) == "sluice: no run 12\n  sluice list shows all runs\n");
}

TEST_CASE("error report: without a hint there is no empty line, and several lines stay several") {
  CHECK(error_text({.message = "a.json:1:1: name: missing\na.json:2:1: call: missing\n"}) ==
        "sluice: a.json:1:1: name: missing\na.json:2:1: call: missing\n");
}

TEST_CASE("error report: the JSON has the shape of the contract") {
  const Error error{.kind = ErrorKind::refused, .message = "a \"quoted\" name", .hint = ""};

  CHECK(error_json(error) ==
        "{\"schema_version\":1,\"error\":{\"code\":\"refused\",\"message\":\"a \\\"quoted\\\" "
        "name\",\"hint\":\"\"}}\n");
}

TEST_CASE("error report: the code of an error leads back to its kind, and a word that is none to a bug") {
  for (const ErrorKind kind :
       {ErrorKind::usage, ErrorKind::invalid_input, ErrorKind::not_found, ErrorKind::unreachable,
        ErrorKind::refused, ErrorKind::unauthorized, ErrorKind::storage_busy, ErrorKind::storage}) {
    CHECK(error_kind_from(to_string(kind)) == kind);
  }
  CHECK(error_kind_from("teapot") == ErrorKind::unexpected);
}

TEST_CASE("error report: several findings are a list in the JSON, and a single one is none") {
  const Error error{.kind = ErrorKind::invalid_input, .message = "a:1: x\na:2: y\n", .hint = "z"};

  CHECK(error_json(error) ==
        "{\"schema_version\":1,\"error\":{\"code\":\"invalid_input\",\"message\":\"a:1: x\\na:2: "
        "y\",\"hint\":\"z\",\"details\":[\"a:1: x\",\"a:2: y\"]}}\n");
}
