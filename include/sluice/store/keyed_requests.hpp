// SPDX-License-Identifier: MIT
// Seam: requests that came with a key of their client's, so that the same request again gets the answer that
// it got, and does nothing a second time.
//
// What makes a crash harmless: a request is on record before it is carried out, and the first order that
// comes of it is marked with its number in the transaction that carries it out (OrderSource::request). So a
// request without an answer was carried out if it has such an order, and not at all if it has none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "sluice/core/ids.hpp"
#include "sluice/core/result.hpp"
#include "sluice/core/time.hpp"

namespace sluice {

struct KeyedRequest {
  std::string client;  ///< who may use the key again; never empty
  std::string key;     ///< never empty
  std::string digest;  ///< of what is asked
};

struct KeptAnswer {
  int status = 200;      ///< 200 to 499
  std::string location;  ///< empty: none
  std::string body;

  bool operator==(const KeptAnswer&) const = default;
};

/// It is to be carried out now.
struct RequestTaken {
  std::int64_t number = 0;

  bool operator==(const RequestTaken&) const = default;
};

/// The key came with another request.
struct KeyOfAnother {
  bool operator==(const KeyOfAnother&) const = default;
};

/// This process is carrying it out.
struct RequestUnderWay {
  std::int64_t number = 0;

  bool operator==(const RequestUnderWay&) const = default;
};

/// It was carried out, and whoever did so left without an answer.
struct AnswerLost {
  std::int64_t audit = 0;  ///< the row of the audit that tells what was done
  std::string action;      ///< of that row
  std::string target;      ///< the same
  std::optional<RunId> run;

  bool operator==(const AnswerLost&) const = default;
};

using RequestState = std::variant<RequestTaken, KeyOfAnother, RequestUnderWay, AnswerLost, KeptAnswer>;

class KeyedRequests {
 public:
  virtual ~KeyedRequests() = default;

  /// Keys that came before `forget_before` are new ones.
  virtual Result<RequestState> take_request(const KeyedRequest& request, UtcTime now,
                                            UtcTime forget_before) = 0;
  /// Refused: the request was not taken, or has an answer.
  virtual Result<void> keep_answer(std::int64_t number, const KeptAnswer& answer) = 0;
  /// There will be no answer that is worth keeping. If nothing was done, the request may come again.
  virtual Result<void> leave_request(std::int64_t number) = 0;
  /// Those that came before, the longest ago first. @return how many they were; `limit` at most
  virtual Result<std::int64_t> forget_requests(UtcTime before, std::int64_t limit) = 0;
};

}  // namespace sluice
