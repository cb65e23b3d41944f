// SPDX-License-Identifier: MIT
// Who has an answer already gets none, and who does not say so gets it.
#include "http_api/entity_tag.hpp"

#include <doctest/doctest.h>

#include <string>

namespace sluice::tests {
namespace {

std::string tag_in(const ApiAnswer& answer) {
  for (const auto& [name, value] : answer.headers) {
    if (name == "ETag") return value;
  }
  return {};
}

ApiAnswer asked(const std::string& body, ApiParameters headers = {}) {
  return unless_known({.headers = std::move(headers)}, {.body = body});
}

}  // namespace

TEST_CASE("entity tag: the same body has the same tag, another one another") {
  const std::string tag = tag_in(asked("{}"));

  // SHA-256 of "{}" as sha256sum has it, its first half.
  CHECK(tag == "\"44136fa355b3678a1146ad16f7e8649e\"");
  CHECK(tag_in(asked("[]")) != tag);
}

TEST_CASE("entity tag: who names the tag gets 304, without a body and of no type") {
  const ApiAnswer answer = asked("{}", {{"if-none-match", tag_in(asked("{}"))}});

  CHECK(answer.status == 304);
  CHECK(answer.body.empty());
  CHECK(answer.content_type.empty());
  CHECK(tag_in(answer) == tag_in(asked("{}")));
  CHECK(asked("[]", {{"if-none-match", tag_in(asked("{}"))}}).status == 200);
}

TEST_CASE("entity tag: a list, a weak tag and a star name it; a part of it does not") {
  CHECK(names_tag("\"a\"", "\"a\""));
  CHECK(names_tag("\"b\" ,\t\"a\"", "\"a\""));
  CHECK(names_tag("W/\"a\"", "\"a\""));
  CHECK(names_tag("*", "\"a\""));
  CHECK_FALSE(names_tag("", "\"a\""));
  CHECK_FALSE(names_tag("a", "\"a\""));
  CHECK_FALSE(names_tag("\"a\"b", "\"a\""));
  CHECK_FALSE(names_tag("\"ab\"", "\"a\""));
}

}  // namespace sluice::tests
