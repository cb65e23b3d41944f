// SPDX-License-Identifier: MIT
#include "http_api/idempotency.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "http_api/problem.hpp"
#include "http_api/upload.hpp"
#include "sluice/jobfile/device_name.hpp"
#include "sluice/store/keyed_requests.hpp"
#include "store/sha256.hpp"

namespace sluice {
namespace {

namespace asio = boost::asio;
using Ground = std::shared_ptr<const KeyGround>;

constexpr std::size_t key_bytes_max = 255;
constexpr int problems_from = 400;
constexpr int failures_from = 500;

bool is_key(std::string_view text) {
  const auto is_printable = [](char c) { return c >= ' ' && c <= '~'; };
  return !text.empty() && text.size() <= key_bytes_max && std::ranges::all_of(text, is_printable);
}

/// Each part with its length, so that no two requests are one text.
std::string digest_of(const ApiRequest& request) {
  const std::string body = request.upload ? request.upload->digest() : sha256_hex(request.body);
  return sha256_hex(fmt::format("{} {} {} {}", request.method, request.target.size(), request.target, body));
}

/// Two kinds of clients may have the same name.
std::string name_of(const ApiClient& client) {
  const bool is_token = client.kind == ApiClient::Kind::token;
  return fmt::format("{} {}", is_token ? "token" : "user", client.name);
}

std::string location_of(const ApiAnswer& answer) {
  const auto found = std::ranges::find(answer.headers, "Location", &ApiHeaders::value_type::first);
  return found == answer.headers.end() ? std::string{} : found->second;
}

/// An error is kept as the problem that it is for clients, but for the name that each answer has for itself.
KeptAnswer to_keep(const ApiAnswer& answer) {
  return {
      .status = answer.status,
      .location = location_of(answer),
      .body = answer.error ? problem_json(answer.status, *answer.error, "", answer.devices) : answer.body};
}

ApiAnswer again(const KeptAnswer& kept) {
  ApiHeaders headers{{"Idempotency-Replayed", "true"}};
  if (!kept.location.empty()) headers.emplace_back("Location", kept.location);
  if (kept.status >= problems_from) {
    ApiAnswer refusal = refused(kept.status, error_from_problem(kept.body), std::move(headers));
    refusal.devices = devices_from_problem(kept.body);
    return refusal;
  }
  return {.status = kept.status, .body = kept.body, .headers = std::move(headers)};
}

ApiAnswer key_of_another() {
  return refused(422, {ErrorKind::invalid_input, "this Idempotency-Key came with another request before",
                       "Give each request a key of its own; a key is known for 24 hours."});
}

ApiAnswer under_way() {
  return refused(409,
                 {ErrorKind::refused, "the first request with this Idempotency-Key is being carried out",
                  "Ask again in a moment, with the same key."},
                 {{"Retry-After", "1"}});
}

ApiAnswer answer_lost(const AnswerLost& lost) {
  return refused(
      409, {ErrorKind::refused,
            fmt::format("this was carried out ({}, {}), and its answer was lost", printable(lost.action, 64),
                        printable(lost.target, 200)),
            fmt::format("Do not send it again; see what it did: GET /api/v1/audit?after={}&limit=1",
                        lost.audit - 1)});
}

asio::awaitable<ApiAnswer> answer_without_doing(const Ground& ground, RequestState state) {
  if (const auto* kept = std::get_if<KeptAnswer>(&state)) co_return again(*kept);
  if (std::holds_alternative<RequestUnderWay>(state)) co_return under_way();
  if (std::holds_alternative<KeyOfAnother>(state)) co_return key_of_another();
  const AnswerLost& lost = std::get<AnswerLost>(state);
  if (!lost.run) co_return answer_lost(lost);
  ApiAnswer answer = co_await ground->answer_for_run(*lost.run);
  answer.headers.emplace_back("Idempotency-Replayed", "true");
  co_return answer;
}

/// What a handler throws is an answer, too, so that the key is not under way for ever.
asio::awaitable<ApiAnswer> answer_of(const ApiHandler& handler, ApiRequest request) {
  try {
    ApiAnswer answer = co_await handler(std::move(request));
    co_return answer;
  } catch (const std::exception& problem) {
    co_return refused({ErrorKind::unexpected, printable(problem.what()), ""});
  }
}

bool is_worth_keeping(const KeyGround& ground, const ApiAnswer& answer) {
  if (answer.status >= failures_from || answer.stream) return false;
  return !answer.error || !ground.is_ending();
}

/// As long as it lives, the request is being carried out.
class UnderWay {
 public:
  UnderWay(std::shared_ptr<std::set<std::int64_t>> all, std::int64_t number)
      : all_(std::move(all)), number_(number) {
    all_->insert(number_);
  }
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;
  ~UnderWay() { all_->erase(number_); }

 private:
  std::shared_ptr<std::set<std::int64_t>> all_;
  std::int64_t number_;
};

asio::awaitable<Result<RequestState>> take_up(const Ground& ground, KeyedRequest request) {
  auto take = [request, now = ground->utc_now()](Store& store) {
    return store.keyed_requests().take_request(request, now, now - keys_kept_for);
  };
  Result<RequestState> state = co_await ground->store.call(std::move(take));
  if (state.has_error()) co_return state;
  const auto* known = std::get_if<RequestUnderWay>(&*state);
  if (known == nullptr || ground->under_way->contains(known->number)) co_return state;
  // It has ended here, and the store could not be told so: that is made up for now.
  auto take_again = [request = std::move(request), number = known->number,
                     now = ground->utc_now()](Store& store) -> Result<RequestState> {
    const Result<void> left = store.keyed_requests().leave_request(number);
    if (left.has_error()) return left.error();
    return store.keyed_requests().take_request(request, now, now - keys_kept_for);
  };
  state = co_await ground->store.call(std::move(take_again));
  co_return state;
}

asio::awaitable<ApiAnswer> carried_out(const Ground& ground, const ApiHandler& handler, ApiRequest request) {
  const std::int64_t number = request.number;
  const UnderWay under_way{ground->under_way, number};
  ApiAnswer answer = co_await answer_of(handler, std::move(request));
  // What fails here leaves the order's mark, so that the same request is not carried out again all the same,
  // and take_up() makes up for it.
  if (is_worth_keeping(*ground, answer)) {
    auto keep = [number, kept = to_keep(answer)](Store& store) {
      return store.keyed_requests().keep_answer(number, kept);
    };
    (void)co_await ground->store.call(std::move(keep));
  } else {
    auto leave = [number](Store& store) { return store.keyed_requests().leave_request(number); };
    (void)co_await ground->store.call(std::move(leave));
  }
  co_return answer;
}

asio::awaitable<ApiAnswer> done_once(Ground ground, ApiHandler handler, ApiRequest request) {
  const std::optional<std::string_view> key = request.header("idempotency-key");
  if (!key) {
    ApiAnswer plain = co_await handler(std::move(request));
    co_return plain;
  }
  if (!is_key(*key)) {
    co_return refused({ErrorKind::usage, "Idempotency-Key: expected 1 to 255 printable ASCII characters",
                       "A random UUID will do."});
  }
  KeyedRequest keyed{name_of(request.client), std::string{*key}, digest_of(request)};
  const Result<RequestState> state = co_await take_up(ground, std::move(keyed));
  if (state.has_error()) co_return refused(state.error());
  const auto* taken = std::get_if<RequestTaken>(&*state);
  if (taken == nullptr) {
    ApiAnswer known = co_await answer_without_doing(ground, *state);
    co_return known;
  }
  request.number = taken->number;
  ApiAnswer answer = co_await carried_out(ground, handler, std::move(request));
  co_return answer;
}

}  // namespace

Route with_key(Route route, std::shared_ptr<const KeyGround> ground) {
  if (!route.takes_key) return route;
  route.handler = [handler = std::move(route.handler), ground = std::move(ground)](ApiRequest request) {
    return done_once(ground, handler, std::move(request));
  };
  return route;
}

}  // namespace sluice
