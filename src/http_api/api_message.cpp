// SPDX-License-Identifier: MIT
#include "http_api/api_message.hpp"

#include <array>

namespace sluice {
namespace {

constexpr std::array<std::string_view, 4> scope_words{"none", "read", "operate", "admin"};

std::optional<std::string_view> value_in(const ApiParameters& parameters, std::string_view name) {
  const auto found = parameters.find(name);
  if (found == parameters.end()) return std::nullopt;
  return found->second;
}

class FunctionStream : public ApiStream {
 public:
  using Next = std::function<boost::asio::awaitable<Result<std::optional<std::string>>>()>;

  explicit FunctionStream(Next next) : next_(std::move(next)) {}
  boost::asio::awaitable<Result<std::optional<std::string>>> next() override { return next_(); }

 private:
  Next next_;
};

}  // namespace

std::string_view to_string(ApiScope scope) { return scope_words.at(static_cast<std::size_t>(scope)); }

std::optional<ApiScope> api_scope_from(std::string_view word) {
  for (const ApiScope scope : {ApiScope::none, ApiScope::read, ApiScope::operate, ApiScope::admin}) {
    if (word == to_string(scope)) return scope;
  }
  return std::nullopt;
}

std::string_view ApiRequest::parameter(std::string_view name) const {
  return value_in(path, name).value_or(std::string_view{});
}

std::optional<std::string_view> ApiRequest::query_value(std::string_view key) const {
  return value_in(query, key);
}

std::optional<std::string_view> ApiRequest::header(std::string_view name) const {
  return value_in(headers, name);
}

std::shared_ptr<ApiStream> stream_of(FunctionStream::Next next) {
  return std::make_shared<FunctionStream>(std::move(next));
}

int http_status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
      return 400;
    case ErrorKind::invalid_input:
      return 422;
    case ErrorKind::not_found:
      return 404;
    case ErrorKind::refused:
      return 409;
    case ErrorKind::unauthorized:
      return 403;
    case ErrorKind::unreachable:
      return 502;
    case ErrorKind::storage_busy:
      return 503;
    case ErrorKind::storage:
    case ErrorKind::storage_lost:
    case ErrorKind::unexpected:
      return 500;
  }
  return 500;
}

ApiAnswer refused(Error error) {
  const int status = http_status_of(error.kind);
  return refused(status, std::move(error));
}

ApiAnswer refused(int status, Error error, ApiHeaders headers) {
  return {.status = status, .headers = std::move(headers), .error = std::move(error)};
}

ApiAnswer refused_for_number(Error error, std::int64_t devices) {
  ApiAnswer answer = refused(std::move(error));
  answer.devices = devices;
  return answer;
}

}  // namespace sluice
