// SPDX-License-Identifier: MIT
// Turns the bytes that come back into one answer. It reads no socket: bytes are put in, so that every way an
// answer can be cut or bloated is a test without a network.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "sluice/transport/http_message.hpp"

namespace sluice {

class AnswerReader {
 public:
  struct Limits {
    std::size_t header_bytes_max = 16 * 1024;
    std::size_t body_bytes_max = 256 * 1024;
    int interim_answers_max = 16;  ///< how many 1xx answers are skipped before the real one
  };

  enum class State {
    wants_more,
    complete,
    cut,         ///< the connection ended inside the answer, or before it
    unreadable,  ///< no HTTP, or over a limit; reason() says which
  };

  /// `has_body` is false for the answer to HEAD, which announces a body and sends none.
  AnswerReader(const Limits& limits, bool has_body);
  ~AnswerReader();
  AnswerReader(const AnswerReader&) = delete;
  AnswerReader& operator=(const AnswerReader&) = delete;

  State put(std::string_view bytes);
  /// The peer said in an orderly way that nothing more will come.
  State put_end();

  /// Only when complete: the answer, whether the peer keeps the connection, and whether it sent too much.
  HttpResponse take_answer();
  bool keeps_alive() const;
  bool has_left_over() const;

  /// How many bytes came in all; zero tells "no answer" from "half an answer".
  std::size_t bytes_seen() const;
  const std::string& reason() const;

 private:
  struct Parsing;
  std::unique_ptr<Parsing> parsing_;
};

}  // namespace sluice
