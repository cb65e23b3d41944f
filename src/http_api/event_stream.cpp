// SPDX-License-Identifier: MIT
#include "http_api/event_stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

namespace asio = boost::asio;

constexpr std::string_view heartbeat_text = ": still here\n\n";

}  // namespace

void EventBell::ring() {
  for (Alarm* sleeper : *sleepers_) sleeper->ring();
}

class EventStream : public ApiStream {
 public:
  EventStream(Clock& clock, EventSource source, const EventBell& bell, std::int64_t after, EventPace pace)
      : clock_(clock),
        source_(std::move(source)),
        sleepers_(bell.sleepers_),
        after_(after),
        pace_(pace),
        alarm_(clock.alarm()) {
    place_ = sleepers_->insert(sleepers_->end(), alarm_.get());
  }
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;
  ~EventStream() override { sleepers_->erase(place_); }

  asio::awaitable<Result<std::optional<std::string>>> next() override {
    const SteadyTime heartbeat_at = clock_.steady_now() + pace_.heartbeat;
    while (!is_stopped_) {
      Result<std::vector<ApiEvent>> events = co_await source_(after_, pace_.events_per_piece_max);
      if (events.has_error()) co_return events.error();
      if (!events->empty()) co_return std::optional{text_of(*events)};
      const SteadyTime now = clock_.steady_now();
      if (now >= heartbeat_at) co_return std::optional{std::string{heartbeat_text}};
      const SteadyTime look_at = std::min<SteadyTime>(now + pace_.look_every, heartbeat_at);
      if (!is_stopped_) co_await alarm_->sleep_until(look_at);
    }
    co_return std::optional<std::string>{};
  }

  void stop() override {
    is_stopped_ = true;
    alarm_->ring();
  }

 private:
  std::string text_of(const std::vector<ApiEvent>& events) {
    std::string text;
    for (const ApiEvent& event : events) {
      text += event_text(event);
      after_ = event.id;
    }
    return text;
  }

  Clock& clock_;
  EventSource source_;
  std::shared_ptr<EventBell::Sleepers> sleepers_;
  EventBell::Sleepers::iterator place_;
  std::int64_t after_;
  EventPace pace_;
  std::unique_ptr<Alarm> alarm_;
  bool is_stopped_ = false;
};

ApiAnswer event_stream(Clock& clock, EventSource source, const EventBell& bell, std::int64_t after,
                       EventPace pace) {
  return {.content_type = "text/event-stream",
          .stream = std::make_shared<EventStream>(clock, std::move(source), bell, after, pace)};
}

Result<std::int64_t> last_event_id(const ApiRequest& request, std::int64_t otherwise) {
  std::optional<std::string_view> text = request.header("last-event-id");
  if (!text) text = request.query_value("last_event_id");
  if (!text) return otherwise;
  std::int64_t id = 0;
  const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), id);
  if (problem == std::errc{} && end == text->data() + text->size() && id >= 0) return id;
  return Error{ErrorKind::usage, fmt::format("{} is no event's number", printable(*text, 60)),
               "Leave Last-Event-ID out to begin anew."};
}

std::string event_text(const ApiEvent& event) {
  std::string text = fmt::format("id: {}\nevent: {}\n", event.id, event.type);
  std::string_view rest = event.body;
  while (rest.ends_with('\n')) rest.remove_suffix(1);
  for (std::size_t begin = 0; begin <= rest.size();) {
    const std::size_t end = std::min(rest.find('\n', begin), rest.size());
    text += fmt::format("data: {}\n", rest.substr(begin, end - begin));
    begin = end + 1;
  }
  return text + "\n";
}

}  // namespace sluice
