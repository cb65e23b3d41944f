// SPDX-License-Identifier: MIT
// Beast as parser and header container only: its asynchronous operations over a stream cost twice the
// compile time and give nothing that is needed here.
#include "transport/https/answer_reader.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>
#include <utility>

namespace sluice {

namespace http = boost::beast::http;

struct AnswerReader::Parsing {
  using Parser = http::response_parser<http::string_body>;

  Limits limits;
  bool has_body = true;
  std::optional<Parser> parser;
  std::string unread;  ///< came, but the parser cannot use it yet
  std::size_t seen = 0;
  int interim_answers = 0;
  std::string reason;

  void start_answer() {
    parser.emplace();
    parser->eager(true);
    parser->header_limit(static_cast<std::uint32_t>(limits.header_bytes_max));
    parser->body_limit(limits.body_bytes_max);
    parser->skip(!has_body);
  }

  State refuse(std::string why) {
    reason = std::move(why);
    return State::unreadable;
  }

  State refuse(const boost::system::error_code& error) {
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
      return refuse("its header is larger than " + std::to_string(limits.header_bytes_max) + " bytes");
    }
    if (error == http::error::body_limit) {
      return refuse("its body is larger than " + std::to_string(limits.body_bytes_max) + " bytes");
    }
    return refuse("it is not HTTP/1.1: " + error.message());
  }

  bool is_interim() const { return parser->get().result_int() / 100 == 1; }

  State read_on();
};

AnswerReader::AnswerReader(const Limits& limits, bool has_body) : parsing_(std::make_unique<Parsing>()) {
  parsing_->limits = limits;
  parsing_->has_body = has_body;
  parsing_->start_answer();
}

AnswerReader::~AnswerReader() = default;

AnswerReader::State AnswerReader::Parsing::read_on() {
  while (true) {
    // Beast 1.81 asserts that a last chunk comes in pieces of five bytes or more, which is up to the peer.
    // Every chunked answer ends with at least five bytes, so waiting for that many never waits in vain.
    const bool in_chunks = parser->is_header_done() && parser->chunked();
    if (in_chunks && unread.size() < 5) return State::wants_more;

    boost::system::error_code error;
    const std::size_t used = parser->put(boost::asio::buffer(unread), error);
    unread.erase(0, used);
    if (error && error != http::error::need_more) return refuse(error);
    // Beast takes any three digits. Status 0 is what an attempt without an answer has.
    if (parser->is_header_done() && parser->get().result_int() < 100) return refuse("it has no status");
    // Beast counts a body by what it announces; one that goes on until the connection closes is counted here.
    if (parser->get().body().size() > limits.body_bytes_max) return refuse(http::error::body_limit);
    if (parser->is_done()) {
      if (!is_interim()) return State::complete;
      if (parser->get().result() == http::status::switching_protocols) {
        return refuse("it wants to change to another protocol");
      }
      if (++interim_answers > limits.interim_answers_max)
        return refuse("it sends interim answers without end");
      start_answer();
      continue;
    }
    if (error == http::error::need_more || unread.empty()) return State::wants_more;
  }
}

AnswerReader::State AnswerReader::put(std::string_view bytes) {
  Parsing& now = *parsing_;
  now.seen += bytes.size();
  now.unread.append(bytes);
  // Chunk headers and trailers are counted by none of the parser's limits. An honest answer in chunks of
  // one byte takes six times its body.
  const std::size_t all_max = 8 * now.limits.body_bytes_max + 4 * now.limits.header_bytes_max;
  if (now.seen > all_max) return now.refuse("it is larger than " + std::to_string(all_max) + " bytes in all");
  return now.read_on();
}

AnswerReader::State AnswerReader::put_end() {
  Parsing& now = *parsing_;
  if (!now.parser->got_some()) return State::cut;
  boost::system::error_code error;
  now.parser->put_eof(error);
  if (error == http::error::partial_message || error == http::error::end_of_stream) return State::cut;
  if (error) return now.refuse(error);
  return now.parser->is_done() && !now.is_interim() ? State::complete : State::cut;
}

HttpResponse AnswerReader::take_answer() {
  auto message = parsing_->parser->release();
  HttpResponse response;
  response.status = static_cast<int>(message.result_int());
  for (const auto& field : message) {
    response.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  }
  response.body = std::move(message.body());
  return response;
}

bool AnswerReader::keeps_alive() const { return parsing_->parser->keep_alive(); }
bool AnswerReader::has_left_over() const { return !parsing_->unread.empty(); }
std::size_t AnswerReader::bytes_seen() const { return parsing_->seen; }
const std::string& AnswerReader::reason() const { return parsing_->reason; }

}  // namespace sluice
