// SPDX-License-Identifier: MIT
// Which handler answers a request. The routes are data: the documentation, the tests of who may do what, and
// the server all read the same table. What is not in it is not there, and a row says who may use it; both are
// decided before a request's body is read.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "http_api/api_message.hpp"

namespace sluice {

enum class ApiBody {
  none,
  json,    ///< a document of at most the server's limit
  upload,  ///< any bytes, straight to a file, of at most the limit for uploads
};

/// One row: what may be asked, by whom, and who answers.
struct Route {
  std::string method;   ///< GET (HEAD goes with it), POST, PUT or DELETE
  std::string pattern;  ///< such as "/api/v1/runs/{run}:pause"
  ApiScope scope = ApiScope::admin;
  std::string operation;  ///< its name in openapi.json
  ApiHandler handler;
  std::vector<std::string> query = {};  ///< the keys that it knows; any other is refused
  ApiBody body = ApiBody::none;
  bool takes_key = false;  ///< an Idempotency-Key means something to it: it makes work
};

class Router {
 public:
  /// Stops the program if two rows are the same, or a pattern is none: that is a mistake of ours.
  explicit Router(std::vector<Route> routes);

  const std::vector<Route>& routes() const { return routes_; }

  struct Admitted {
    const Route* route;
    ApiRequest request;  ///< with its path and query parameters
  };

  /// @param head a request without its body
  std::variant<Admitted, ApiAnswer> admit(ApiRequest head) const;

 private:
  std::vector<Route> routes_;
};

/// The number that a parameter of the path is.
/// Fails: not_found, since no such thing can be there.
Result<std::int64_t> number_in_path(const ApiRequest& request, std::string_view name);

}  // namespace sluice
