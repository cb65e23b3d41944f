// SPDX-License-Identifier: MIT
#include "http_api/resources/event_resources.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <limits>
#include <memory>
#include <utility>

#include "http_api/json_time.hpp"
#include "http_api/resources/page_answer.hpp"
#include "http_api/resources/query_reader.hpp"

namespace sluice {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds look_every{500};
// Whatever stands between us and the client takes a line that is silent for longer for a dead one.
constexpr std::chrono::milliseconds sign_of_life_every{15'000};
constexpr std::size_t events_per_piece_max = 200;
constexpr std::int64_t largest_id = std::numeric_limits<std::int64_t>::max() - 1;

void write_event(JsonText& json, const EventRow& event) {
  json.begin_object().member("id", event.id);
  write_time(json, "at", event.at);
  json.member("what", event.what).key("run");
  event.run ? json.value(event.run->value) : json.null();
  json.member("tenant", event.tenant).member("schedule", event.schedule);
  json.member("job_file", event.job_file).member("reason", event.reason).member("actor", event.actor);
  json.end_object();
}

std::optional<EventOrder> order_from(std::string_view word) {
  if (word == "oldest_first") return EventOrder::oldest_first;
  if (word == "newest_first") return EventOrder::newest_first;
  return std::nullopt;
}

/// What both forms take.
void read_filter(QueryReader& query, EventsWanted& wanted) {
  if (const auto run = query.number("run", 1, largest_id)) wanted.run = RunId{*run};
  wanted.tenant = query.text("tenant");
  wanted.what = query.text("what");
}

Result<ApiAnswer> list_events(StoreReader& store, const ApiRequest& request) {
  QueryReader query{request};
  EventsWanted wanted;
  wanted.limit = query.limit();
  read_filter(query, wanted);
  wanted.order = query.word("order", order_from, "oldest_first, newest_first").value_or(wanted.order);
  wanted.after = query.number("after", 0, largest_id);
  if (const auto cursor = query.cursor("events", 1)) wanted.after = cursor->numbers[0];
  if (query.problem()) return *query.problem();

  const auto page = store.pages().events_page(wanted);
  if (page.has_error()) return page.error();
  PageAnswer answer{request};
  for (const EventRow& event : page->rows) write_event(answer.items(), event);
  std::optional<Cursor> next;
  if (page->next) next = Cursor{.list = "events", .numbers = {*page->next}};
  return answer.finish(next);
}

/// What a look for further events found, and up to which one it looked.
struct Look {
  std::string text;
  std::int64_t come_to = 0;
};

Result<Look> look_further(StoreReader& store, const EventsWanted& wanted) {
  const auto page = store.pages().events_page(wanted);
  if (page.has_error()) return page.error();
  Look look;
  for (const EventRow& event : page->rows) look.text += server_sent(event);
  if (page->next) {
    look.come_to = *page->next;
    return look;
  }
  // One moment of the store: there is nothing between the last row and the newest event that is wanted.
  const auto newest = store.pages().newest_event();
  if (newest.has_error()) return newest.error();
  look.come_to = std::max(*newest, wanted.after.value_or(0));
  return look;
}

/// At once, so that the client knows that it is heard; how soon it shall come back, and behind which event it
/// goes on then, should the stream break before the first one comes.
std::string greeting(std::int64_t after) { return fmt::format("retry: 2000\nid: {}\n\n", after); }

class EventStream final : public ApiStream {
 public:
  /// @param wanted with where to begin
  EventStream(ReadSide& reads, EventsWanted wanted, Clock& clock)
      : reads_(reads), wanted_(std::move(wanted)), clock_(clock), alarm_(clock.alarm()) {
    wanted_.limit = events_per_piece_max;
  }

  asio::awaitable<Result<std::optional<std::string>>> next() override {
    if (!std::exchange(has_begun_, true)) co_return std::optional{greeting(*wanted_.after)};
    const SteadyTime silent_until = clock_.steady_now() + sign_of_life_every;
    while (!is_stopped_) {
      auto work = [this](StoreReader& store) { return look_further(store, wanted_); };
      const Result<Look> look = co_await reads_.call(std::move(work));
      // A busy store is looked at again: a client that were cut off would only come back and do the same.
      if (look.has_error() && look.error().kind != ErrorKind::storage_busy) co_return look.error();
      if (look.has_value()) {
        wanted_.after = look->come_to;
        if (!look->text.empty()) co_return std::optional{look->text};
      }
      const SteadyTime now = clock_.steady_now();
      if (now >= silent_until) co_return std::optional<std::string>{": nothing new\n\n"};
      const SteadyTime look_at = std::min<SteadyTime>(now + look_every, silent_until);
      if (!is_stopped_) co_await alarm_->sleep_until(look_at);
    }
    co_return std::optional<std::string>{};
  }

  void stop() override {
    is_stopped_ = true;
    alarm_->ring();
  }

 private:
  ReadSide& reads_;
  EventsWanted wanted_;
  Clock& clock_;
  std::unique_ptr<Alarm> alarm_;
  bool has_begun_ = false;
  bool is_stopped_ = false;
};

bool wants_stream(const ApiRequest& request) {
  if (request.query_value("stream")) return true;
  const std::optional<std::string_view> accepted = request.header("accept");
  return accepted && accepted->find("text/event-stream") != std::string_view::npos;
}

/// Absent: what comes from now on.
std::optional<std::int64_t> last_seen(const ApiRequest& request, QueryReader& query) {
  // The header is what a browser's client says when it comes back; it knows better than its first URL.
  const std::optional<std::string_view> header = request.header("last-event-id");
  if (!header || header->empty()) return query.number("after", 0, largest_id);
  ApiRequest said;
  said.query.emplace("Last-Event-ID", *header);
  QueryReader reader{said};
  const std::optional<std::int64_t> id = reader.number("Last-Event-ID", 0, largest_id);
  if (reader.problem()) query.add(*reader.problem());
  return id;
}

Result<std::int64_t> where_to_begin(StoreReader& store, std::optional<std::int64_t> seen) {
  const auto newest = store.pages().newest_event();
  if (newest.has_error()) return newest.error();
  if (!seen) return *newest;
  if (*seen <= *newest) return *seen;
  return Error{ErrorKind::refused,
               fmt::format("event {} is not on record, the newest is {}: the store may be an older copy of "
                           "itself",
                           *seen, *newest),
               "Look at what there is (GET /api/v1/events), then begin anew without Last-Event-ID."};
}

asio::awaitable<ApiAnswer> stream_events(ReadSide& reads, Clock& clock, ApiRequest request) {
  QueryReader query{request};
  EventsWanted wanted;
  read_filter(query, wanted);
  const std::optional<std::int64_t> seen = last_seen(request, query);
  if (query.problem()) co_return refused(*query.problem());
  auto work = [seen](StoreReader& store) { return where_to_begin(store, seen); };
  const Result<std::int64_t> begin = co_await reads.call(std::move(work));
  if (begin.has_error()) co_return refused(begin.error());
  wanted.after = *begin;
  ApiAnswer answer;
  answer.content_type = "text/event-stream";
  answer.stream = std::make_shared<EventStream>(reads, std::move(wanted), clock);
  co_return answer;
}

asio::awaitable<ApiAnswer> answer_events(ReadSide& reads, Clock& clock, ApiRequest request) {
  if (wants_stream(request)) {
    ApiAnswer streamed = co_await stream_events(reads, clock, std::move(request));
    co_return streamed;
  }
  auto work = [&request](StoreReader& store) { return list_events(store, request); };
  Result<ApiAnswer> page = co_await reads.call(std::move(work));
  if (page.has_error()) co_return refused(page.error());
  co_return std::move(*page);
}

}  // namespace

std::string server_sent(const EventRow& event) {
  JsonText json;
  write_event(json, event);
  return fmt::format("id: {}\ndata: {}\n\n", event.id, json.text());
}

Route events_route(ReadSide& reads, Clock& clock) {
  return {.method = "GET",
          .pattern = "/api/v1/events",
          .scope = ApiScope::read,
          .operation = "listEvents",
          .handler = [&reads,
                      &clock](ApiRequest request) { return answer_events(reads, clock, std::move(request)); },
          .query = {"stream", "after", "order", "run", "tenant", "what", "limit", "cursor"}};
}

}  // namespace sluice
