// SPDX-License-Identifier: MIT
// How many streams of events each client follows, so that none follows them without end.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "http_api/api_message.hpp"

namespace sluice {

class EventFollowers {
 public:
  /// The answer as it is, if it is no stream of events; else one that counts as long as its stream lives,
  /// which may be longer than this. 429, if the client follows `streams_max` already.
  ApiAnswer admit(const std::string& client, ApiAnswer answer, std::size_t streams_max);

 private:
  using Counts = std::map<std::string, std::size_t>;
  class CountedStream;

  std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();  ///< by the client's name; none is 0
};

}  // namespace sluice
