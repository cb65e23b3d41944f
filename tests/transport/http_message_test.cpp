// SPDX-License-Identifier: MIT
#include "sluice/transport/http_message.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace sluice;

TEST_CASE("http message: a header is found whatever its case, and the first one counts") {
  const HttpResponse response{200, {{"Retry-After", "3"}, {"retry-after", "4"}, {"Empty", ""}}, ""};

  CHECK(find_header(response, "RETRY-AFTER") == "3");
  CHECK(find_header(response, "empty") == "");
  CHECK(find_header(response, "Retry") == std::nullopt);
}

TEST_CASE("http message: every kind of failure has a word of its own") {
  std::set<std::string_view> words;
  for (const FailureKind kind :
       {FailureKind::stopped, FailureKind::resolve, FailureKind::connect, FailureKind::exhausted,
        FailureKind::certificate, FailureKind::weak_tls, FailureKind::tls, FailureKind::timeout,
        FailureKind::broken, FailureKind::unreadable}) {
    words.insert(to_string(kind));
  }

  CHECK(words.size() == 10);
  CHECK(to_string(FailureKind::certificate) == "certificate");
}
