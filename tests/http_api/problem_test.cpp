// SPDX-License-Identifier: MIT
// Errors on their way through the API: as RFC 9457 has it, and as the command line reads it again.
#include "http_api/problem.hpp"

#include <doctest/doctest.h>

#include <string>

namespace sluice::tests {

TEST_CASE("problem: it has the members of RFC 9457 and ours, line by line where there are several findings") {
  const Error error{ErrorKind::invalid_input, "job.json:1:2: name\njob.json:3:4: call\n", "Correct them."};

  CHECK(
      problem_json(422, error, "a1") ==
      R"({"schema_version":1,"type":"urn:sluice:problem:invalid_input","title":"Unprocessable Content",)"
      R"("status":422,"detail":"job.json:1:2: name\njob.json:3:4: call","instance":"urn:sluice:answer:a1",)"
      R"("code":"invalid_input","hint":"Correct them.","details":["job.json:1:2: name","job.json:3:4: call"]})"
      "\n");
}

TEST_CASE("problem: the error comes back as it was") {
  for (const ErrorKind kind : {ErrorKind::usage, ErrorKind::not_found, ErrorKind::refused}) {
    const Error error{kind, "run 7: \"x\" ü\nsecond", "Do that."};
    const Error back = error_from_problem(problem_json(400, error, "1"));
    CHECK(back.kind == kind);
    CHECK(back.message == error.message);
    CHECK(back.hint == error.hint);
  }
}

TEST_CASE(
    "problem: an order that is refused for its number of devices tells the number to a program as well") {
  const Error error{ErrorKind::refused, "the retry has 2 devices, but 3 were expected", "Nothing was sent."};

  const std::string told = problem_json(409, error, "1", 2);

  CHECK(told.ends_with("\"hint\":\"Nothing was sent.\",\"devices\":2}\n"));
  CHECK(devices_from_problem(told) == 2);
  for (const std::string& other : {problem_json(409, error, "1"), std::string{"[2]"},
                                   std::string{R"({"devices":"2"})"}, std::string{}}) {
    CAPTURE(other);
    CHECK_FALSE(devices_from_problem(other).has_value());
  }
}

TEST_CASE("problem: what is none is told as text that steers no terminal") {
  for (const char* text :
       {"", "{}", "[1]", "{\"code\":1,\"detail\":2,\"hint\":3}", "\x1b[2J", "{\"code\":\"x\"}"}) {
    CAPTURE(text);
    const Error error = error_from_problem(text);
    CHECK(error.kind == ErrorKind::unexpected);
    CHECK(error.message.find('\x1b') == std::string::npos);
  }
  const Error steering = error_from_problem(R"({"code":"refused","detail":"a\u001b[2J\nb","hint":""})");
  CHECK(steering.kind == ErrorKind::refused);
  CHECK(steering.message == "a\\x1B[2J\nb");
}

}  // namespace sluice::tests
