// SPDX-License-Identifier: MIT
// A request to the control API and its answer, as plain values: whatever carries them.
#pragma once

#include <sys/types.h>

#include <string>

#include "sluice/core/result.hpp"

namespace sluice {

struct ApiRequest {
  std::string method;  ///< untrusted text, as the next two
  std::string target;
  std::string body;
  uid_t user = 0;  ///< who asks, as the operating system knows him
  pid_t process = 0;
};

struct ApiAnswer {
  int status = 200;
  std::string body;  ///< JSON
};

/// The API's word for a request that comes to nothing.
struct ApiRefusal {
  int status = 500;
  Error error;
};

/// The HTTP status that stands for this kind of trouble.
int http_status_of(ErrorKind kind);

}  // namespace sluice
