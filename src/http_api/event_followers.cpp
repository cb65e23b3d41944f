// SPDX-License-Identifier: MIT
#include "http_api/event_followers.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

constexpr std::string_view event_stream_type = "text/event-stream";

}  // namespace

class EventFollowers::CountedStream : public ApiStream {
 public:
  CountedStream(std::shared_ptr<ApiStream> inner, std::shared_ptr<Counts> counts, std::string client)
      : inner_(std::move(inner)), counts_(std::move(counts)), client_(std::move(client)) {
    ++(*counts_)[client_];
  }
  CountedStream(const CountedStream&) = delete;
  CountedStream& operator=(const CountedStream&) = delete;
  ~CountedStream() override {
    if (--(*counts_)[client_] == 0) counts_->erase(client_);
  }

  boost::asio::awaitable<Result<std::optional<std::string>>> next() override { return inner_->next(); }
  void stop() override { inner_->stop(); }

 private:
  std::shared_ptr<ApiStream> inner_;
  std::shared_ptr<Counts> counts_;
  std::string client_;
};

ApiAnswer EventFollowers::admit(const std::string& client, ApiAnswer answer, std::size_t streams_max) {
  if (!answer.stream || answer.content_type != event_stream_type) return answer;
  const auto following = counts_->find(client);
  if (following != counts_->end() && following->second >= streams_max) {
    return refused(
        429,
        {ErrorKind::refused,
         fmt::format("{} follows events {} times already", printable(client, 128), following->second),
         "End one of them first."},
        {{"Retry-After", "15"}});
  }
  answer.stream = std::make_shared<CountedStream>(std::move(answer.stream), counts_, client);
  return answer;
}

}  // namespace sluice
