// SPDX-License-Identifier: MIT
// The transport's reader of answers: how the bytes were cut makes no difference, and what was cut short is
// never a complete answer.
#include <boost/algorithm/string/predicate.hpp>
#include <charconv>
#include <functional>
#include <locale>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "fuzz/claim.hpp"
#include "transport/https/answer_reader.hpp"

using namespace sluice;
using fuzz::claim;
using State = AnswerReader::State;

namespace {

constexpr AnswerReader::Limits limits{
    .header_bytes_max = 1'000, .body_bytes_max = 300, .interim_answers_max = 4};

struct Reading {
  State state = State::wants_more;
  std::string reason;
  HttpResponse answer;
  bool keeps_alive = false;
  bool needed_end = false;      ///< it was the connection's end that decided
  std::size_t bytes_taken = 0;  ///< put in before it was decided
};

// Beast counts the first line as part of the header or not, as the cuts fall: at the limit's very edge, some
// cuts are refused.
bool is_header_too_large(const Reading& reading) {
  return reading.reason.starts_with("its header is larger");
}

// What is no answer may be called cut in one case and unreadable in the other: a header that came in one
// piece is judged line by line, else when it ends.
bool is_same(const Reading& one, const Reading& other) {
  if (is_header_too_large(one) || is_header_too_large(other)) return true;
  const bool is_answer = one.state == State::complete;
  if (is_answer != (other.state == State::complete)) return false;
  return !is_answer || (one.keeps_alive == other.keeps_alive && one.answer.status == other.answer.status &&
                        one.answer.headers == other.answer.headers && one.answer.body == other.answer.body);
}

Reading read(std::string_view text, const std::function<std::size_t()>& next_size) {
  AnswerReader reader{limits, true};
  Reading reading;
  while (reading.state == State::wants_more && !text.empty()) {
    const std::string_view piece = text.substr(0, next_size());
    reading.state = reader.put(piece);
    reading.bytes_taken += piece.size();
    text.remove_prefix(piece.size());
  }
  reading.needed_end = reading.state == State::wants_more;
  if (reading.needed_end) reading.state = reader.put_end();
  claim(reading.state != State::wants_more, "after the end nothing more is wanted");
  claim(reader.reason().empty() == (reading.state != State::unreadable), "what is unreadable has a reason");
  reading.reason = reader.reason();
  if (reading.state != State::complete) return reading;
  reading.keeps_alive = reader.keeps_alive();
  reading.answer = reader.take_answer();
  return reading;
}

std::optional<std::string_view> header(const HttpResponse& answer, std::string_view name) {
  for (const auto& [found, value] : answer.headers) {
    if (boost::algorithm::iequals(found, name, std::locale::classic())) return value;
  }
  return std::nullopt;
}

void claim_answer_is_whole(const Reading& reading) {
  const HttpResponse& answer = reading.answer;
  claim(answer.status >= 200 && answer.status <= 999, "an answer is a final one");
  claim(answer.body.size() <= limits.body_bytes_max, "an answer is within its limits");
  const auto length = header(answer, "Content-Length");
  claim(!reading.needed_end || !reading.keeps_alive, "no connection is kept that has ended");
  claim(!reading.needed_end || !length, "an answer that tells its length needs no end");
  if (length && answer.status != 204 && answer.status != 304) {
    std::size_t announced = 0;
    std::from_chars(length->data(), length->data() + length->size(), announced);
    claim(answer.body.size() == announced, "a body has the length that was announced", answer.body);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text = fuzz::text_of(bytes, size);
  std::minstd_rand random{static_cast<unsigned>(std::hash<std::string_view>{}(text))};

  const Reading whole = read(text, [size] { return size; });
  const Reading by_bytes = read(text, [] { return std::size_t{1}; });
  const Reading by_pieces = read(text, [&] { return std::size_t{1} + random() % 40; });

  claim(is_same(whole, by_bytes), "an answer is judged alike in one piece and byte by byte", whole.reason);
  claim(is_same(whole, by_pieces), "an answer is judged alike however it was cut", whole.reason);
  if (by_bytes.state != State::complete) return 0;
  claim_answer_is_whole(by_bytes);
  if (by_bytes.needed_end) return 0;
  for (int i = 0; i < 8; ++i) {
    const Reading cut = read(text.substr(0, random() % by_bytes.bytes_taken), [size] { return size; });
    claim(cut.state == State::cut, "what was cut short is not complete");
  }
  return 0;
}
