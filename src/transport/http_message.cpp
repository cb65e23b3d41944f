// SPDX-License-Identifier: MIT
#include "sluice/transport/http_message.hpp"

#include <boost/algorithm/string/predicate.hpp>
#include <locale>
#include <stdexcept>

namespace sluice {

std::optional<std::string_view> find_header(const HttpResponse& response, std::string_view name) {
  for (const auto& [header, value] : response.headers) {
    if (boost::algorithm::iequals(header, name, std::locale::classic())) return value;
  }
  return std::nullopt;
}

std::string_view to_string(FailureKind kind) {
  switch (kind) {
    case FailureKind::stopped:
      return "stopped";
    case FailureKind::resolve:
      return "resolve";
    case FailureKind::connect:
      return "connect";
    case FailureKind::exhausted:
      return "exhausted";
    case FailureKind::certificate:
      return "certificate";
    case FailureKind::weak_tls:
      return "weak_tls";
    case FailureKind::tls:
      return "tls";
    case FailureKind::timeout:
      return "timeout";
    case FailureKind::broken:
      return "broken";
    case FailureKind::unreadable:
      return "unreadable";
  }
  throw std::logic_error("a value without a word");
}

}  // namespace sluice
