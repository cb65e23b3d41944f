// SPDX-License-Identifier: MIT
#include "http_api/api_message.hpp"

namespace sluice {

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

}  // namespace sluice
