// SPDX-License-Identifier: MIT
// Idempotency-Key: whoever does not know whether his request arrived sends it again with the same key, and it
// is carried out once.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <set>

#include "http_api/api_message.hpp"
#include "http_api/router.hpp"
#include "sluice/core/ids.hpp"
#include "sluice/core/time.hpp"
#include "sluice/store/async_store.hpp"

namespace sluice {

/// How long the same key gets the same answer.
inline constexpr std::chrono::hours keys_kept_for{24};

/// Everything outlives the routes.
struct KeyGround {
  AsyncStore& store;
  std::function<UtcTime()> utc_now;
  /// What is refused then for that reason may come again.
  std::function<bool()> is_ending;
  /// The answer to a request that made the run, from what is on record of it.
  std::function<boost::asio::awaitable<ApiAnswer>(RunId)> answer_for_run;
  /// The numbers of those that are being carried out now, whatever the record could be told of their end.
  std::shared_ptr<std::set<std::int64_t>> under_way = std::make_shared<std::set<std::int64_t>>();
};

/// A route that takes_key, with the keys' rules around its handler:
///   the same key, client, route and body again   the answer that there was, if its status is below 500
///   another request under the same key           422
///   the first one is still being carried out     409, Retry-After
///   it was, and a crash took its answer away     the answer anew if it made a run, else 409 that says so
/// Any other route is left as it is.
Route with_key(Route route, std::shared_ptr<const KeyGround> ground);

}  // namespace sluice
