// SPDX-License-Identifier: MIT
// Every way an answer can be whole, cut, bloated or nonsense, byte by byte, without a network.
#include "transport/https/answer_reader.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace sluice {
namespace {

using State = AnswerReader::State;

/// Puts the text in pieces of that size, then the end unless the answer is already decided.
State read_in_pieces(AnswerReader& reader, const std::string& text, std::size_t piece) {
  State state = State::wants_more;
  for (std::size_t at = 0; at < text.size() && state == State::wants_more; at += piece) {
    state = reader.put(std::string_view(text).substr(at, piece));
  }
  return state == State::wants_more ? reader.put_end() : state;
}

struct Row {
  std::string text;
  State state;
  int status = 0;
  std::string body = {};
  bool keeps_alive = false;
};

const std::vector<Row> rows{
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", State::complete, 200, "hi", true},
    {"HTTP/1.1 200 OK\r\ncontent-length:2\r\nconnection: close\r\n\r\nhi", State::complete, 200, "hi", false},
    {"HTTP/1.1 204 No Content\r\n\r\n", State::complete, 204, "", true},
    {"HTTP/1.1 503 \r\nContent-Length: 0\r\n\r\n", State::complete, 503, "", true},
    {"HTTP/1.1 307 Elsewhere\r\nLocation: https://evil.example/\r\nContent-Length: 0\r\n\r\n",
     State::complete, 307, "", true},
    {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", State::complete, 200, "hi", false},
    {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nhi", State::complete, 200, "hi",
     true},
    {"HTTP/1.1 200 OK\r\n\r\nuntil the end", State::complete, 200, "until the end", false},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n3;x=y\r\n...\r\n0\r\n\r\n",
     State::complete, 200, "hi...", true},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", State::complete, 200, "", true},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nTrailer: 1\r\n\r\n",
     State::complete, 200, "x", true},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 "
     "OK\r\nContent-Length: "
     "2\r\n\r\nhi",
     State::complete, 200, "hi", true},
    // cut
    {"", State::cut},
    {"HTTP/1.", State::cut},
    {"HTTP/1.1 200 OK\r\nContent-Len", State::cut},
    {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi", State::cut},
    {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", State::cut},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhi", State::cut},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", State::cut},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n", State::cut},
    {"HTTP/1.1 100 Continue\r\n\r\n", State::cut},
    // nonsense
    {"this is no HTTP at all, is it?\r\n\r\n", State::unreadable},
    {"<html>busy</html>\r\n\r\n", State::unreadable},
    {"HTTP/2.0 200 OK\r\n\r\n", State::unreadable},
    {"HTTP/1.1 2000 OK\r\n\r\n", State::unreadable},
    {"HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n", State::unreadable},
    {"HTTP/1.1 099 OK\r\n\r\nuntil the end", State::unreadable},
    {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", State::unreadable},
    {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n", State::unreadable},
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi!", State::unreadable},
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nhi", State::unreadable},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhi\r\n", State::unreadable},
    {"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", State::unreadable},
    // too large: the limits below are 1,000 bytes of header and 100 of body
    {"HTTP/1.1 200 OK\r\nX: " + std::string(1'000, 'x') + "\r\n\r\n", State::unreadable},
    {"HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n", State::unreadable},
    {"HTTP/1.1 200 OK\r\n\r\n" + std::string(101, 'x'), State::unreadable},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n" + std::string(64, 'x') + "\r\n40\r\n" +
         std::string(64, 'x') + "\r\n0\r\n\r\n",
     State::unreadable},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x=" + std::string(6'000, 'x'),
     State::unreadable},
};

AnswerReader::Limits small_limits() { return {.header_bytes_max = 1'000, .body_bytes_max = 100}; }

TEST_CASE("transport: an answer is judged alike in one piece and byte by byte") {
  for (const Row& row : rows) {
    for (const std::size_t piece : {row.text.size() + 1, std::size_t{1}, std::size_t{2}, std::size_t{7}}) {
      CAPTURE(row.text.substr(0, 120));
      CAPTURE(piece);
      AnswerReader reader(small_limits(), true);

      const State state = read_in_pieces(reader, row.text, piece);

      REQUIRE(state == row.state);
      CHECK(reader.reason().empty() == (state != State::unreadable));
      if (state != State::complete) continue;
      CHECK(reader.keeps_alive() == row.keeps_alive);
      CHECK_FALSE(reader.has_left_over());
      const HttpResponse answer = reader.take_answer();
      CHECK(answer.status == row.status);
      CHECK(answer.body == row.body);
    }
  }
}

TEST_CASE("transport: the limits of an answer are exact") {
  AnswerReader reader(small_limits(), true);

  const State state = reader.put("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + std::string(100, 'x'));

  CHECK(state == State::complete);
}

TEST_CASE("transport: headers keep their spelling and repetition") {
  AnswerReader reader({}, true);

  REQUIRE(reader.put("HTTP/1.1 200 OK\r\nb: 1\r\nA: 2\r\nb:  3 \r\nContent-Length: 0\r\n\r\n") ==
          State::complete);

  const std::vector<std::pair<std::string, std::string>> expected{
      {"b", "1"}, {"b", "3"}, {"A", "2"}, {"Content-Length", "0"}};
  const HttpResponse answer = reader.take_answer();
  CHECK(answer.headers.size() == expected.size());
  for (const auto& header : expected) {
    CAPTURE(header.first);
    CHECK(std::count(answer.headers.begin(), answer.headers.end(), header) == 1);
  }
}

TEST_CASE("transport: bytes after the answer are noticed") {
  AnswerReader reader({}, true);

  REQUIRE(reader.put("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\n") == State::complete);

  CHECK(reader.has_left_over());
  CHECK(reader.take_answer().body == "hi");
}

TEST_CASE("transport: interim answers without end are given up") {
  AnswerReader reader({}, true);
  State state = State::wants_more;

  for (int i = 0; i < 17; ++i) {
    REQUIRE(state == State::wants_more);
    state = reader.put("HTTP/1.1 102 Processing\r\n\r\n");
  }

  CHECK(state == State::unreadable);
}

TEST_CASE("transport: the answer to HEAD has no body although it announces one") {
  AnswerReader reader({}, false);

  CHECK(reader.put("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n") == State::complete);
}

TEST_CASE("transport: no damaged answer upsets the reader, and none is taken for more than its limits") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 2'000; ++round) {
    std::string text = rows[random() % rows.size()].text + rows[random() % rows.size()].text;
    for (int change = 0; change < 3 && !text.empty(); ++change) {
      const std::size_t at = random() % text.size();
      if (random() % 2 == 0) {
        text[at] = static_cast<char>(random());
      } else {
        text.erase(at, random() % 20);
      }
    }
    CAPTURE(text);
    AnswerReader reader(small_limits(), true);
    const State state = read_in_pieces(reader, text, 1 + random() % 40);
    if (state == State::complete) CHECK(reader.take_answer().body.size() <= 100);
  }
}

}  // namespace
}  // namespace sluice
