// SPDX-License-Identifier: MIT
#include "sluice/core/error_words.hpp"

namespace sluice {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::unexpected:
      return "unexpected";
    case ErrorKind::usage:
      return "usage";
    case ErrorKind::invalid_input:
      return "invalid_input";
    case ErrorKind::not_found:
      return "not_found";
    case ErrorKind::unreachable:
      return "unreachable";
    case ErrorKind::refused:
      return "refused";
    case ErrorKind::unauthorized:
      return "unauthorized";
    case ErrorKind::storage_busy:
      return "storage_busy";
    case ErrorKind::storage:
    case ErrorKind::storage_lost:
      return "storage";
  }
  return "unexpected";
}

ErrorKind error_kind_from(std::string_view word) {
  for (const ErrorKind kind :
       {ErrorKind::usage, ErrorKind::invalid_input, ErrorKind::not_found, ErrorKind::unreachable,
        ErrorKind::refused, ErrorKind::unauthorized, ErrorKind::storage_busy, ErrorKind::storage}) {
    if (word == to_string(kind)) return kind;
  }
  return ErrorKind::unexpected;
}

}  // namespace sluice
