// SPDX-License-Identifier: MIT
// A request to the API and its answer, as plain values: whatever carries them.
#pragma once

#include <sys/types.h>

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/core/result.hpp"

namespace sluice {

class UploadedFile;

/// What a client may do, and what a route asks of him: each scope holds those before it.
enum class ApiScope {
  none,     ///< nothing is asked: the route tells nothing of anybody
  read,     ///< see everything
  operate,  ///< begin, pause, resume, cancel, approve
  admin,    ///< send again what may have arrived, change a rate, …
};

std::string_view to_string(ApiScope scope);
/// Absent for a word that is none of read, operate, admin, none.
std::optional<ApiScope> api_scope_from(std::string_view word);

/// Who asks, as far as is certain.
struct ApiClient {
  enum class Kind { anonymous, unix_user, token };

  Kind kind = Kind::anonymous;
  std::string name;  ///< for the record: a token's name, or "alice (uid 1000)"
  ApiScope scope = ApiScope::none;
  std::string origin;  ///< "unix", or the address of the TCP peer without its port
  uid_t user = 0;      ///< of a unix user
  pid_t process = 0;   ///< the same
};

/// By name; what was in the request percent-encoded is decoded, and readable text.
using ApiParameters = std::map<std::string, std::string, std::less<>>;

struct ApiRequest {
  std::string method;  ///< as the next one untrusted text
  std::string target;
  ApiParameters path;     ///< of the route's pattern; never empty texts
  ApiParameters query;    ///< only keys that the route knows
  ApiParameters headers;  ///< names in lower case; those that carry credentials are not among them
  ApiClient client;
  std::string body;                      ///< JSON, if the route takes a body; may be empty
  std::shared_ptr<UploadedFile> upload;  ///< the body instead, if the route takes an upload
  std::int64_t number = 0;               ///< on record, if it came with a key (idempotency.hpp); else 0

  /// A parameter of the path; empty: the route has none of that name.
  std::string_view parameter(std::string_view name) const;
  std::optional<std::string_view> query_value(std::string_view key) const;
  /// @param name in lower case; absent, too, if there is none
  std::optional<std::string_view> header(std::string_view name) const;
};

/// A body that is made while it is sent. It goes when it is at its end, or when the client has left.
class ApiStream {
 public:
  virtual ~ApiStream() = default;
  /// Absent: that was all. Not called before the piece before was taken by the client's system, so a client
  /// that reads slowly slows it down. Fails: the connection is cut, which the client can tell from an end.
  virtual boost::asio::awaitable<Result<std::optional<std::string>>> next() = 0;
  /// A next() that waits completes soon: the client has left, or the server ends.
  virtual void stop() {}
};

/// A stream of which each piece is what the function yields.
std::shared_ptr<ApiStream> stream_of(
    std::function<boost::asio::awaitable<Result<std::optional<std::string>>>()> next);

using ApiHeaders = std::vector<std::pair<std::string, std::string>>;

struct ApiAnswer {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  ApiHeaders headers = {};                 ///< Location, Retry-After, ETag … beside those of every answer
  std::shared_ptr<ApiStream> stream = {};  ///< if there is one, it is the body
  std::optional<Error> error =
      std::nullopt;  ///< if there is one, the body is what problem_json() makes of it
  std::optional<std::int64_t> devices = std::nullopt;  ///< beside an error: as problem_json() takes it
};

using ApiHandler = std::function<boost::asio::awaitable<ApiAnswer>(ApiRequest)>;

/// The HTTP status that stands for this kind of trouble.
int http_status_of(ErrorKind kind);

/// The answer that says why not.
ApiAnswer refused(Error error);
ApiAnswer refused(int status, Error error, ApiHeaders headers = {});
/// @param devices what would be sent to, if the client says that this number is meant
ApiAnswer refused_for_number(Error error, std::int64_t devices);

}  // namespace sluice
