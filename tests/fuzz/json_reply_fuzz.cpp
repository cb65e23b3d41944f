// SPDX-License-Identifier: MIT
// Answers in JSON: `accepted` only for one JSON object that says so once, and for nothing that was cut short.
#include <boost/algorithm/string/predicate.hpp>
#include <boost/json/parse.hpp>
#include <locale>
#include <string>

#include "fuzz/reply_claims.hpp"

using namespace sluice;
using fuzz::claim;

namespace {

std::string_view trimmed(std::string_view body) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (body.starts_with(byte_order_mark)) body.remove_prefix(byte_order_mark.size());
  const std::size_t first = body.find_first_not_of(" \t\r\n");
  return first == body.npos ? std::string_view{}
                            : body.substr(first, body.find_last_not_of(" \t\r\n") - first + 1);
}

// Read into a tree, where the product listens to events.
void claim_says_success(std::string_view body) {
  boost::json::error_code error;
  const boost::json::value root = boost::json::parse(body, error);
  claim(!error && root.is_object(), "what is accepted is a JSON object", body);
  int successes = 0;
  for (const auto& [name, value] : root.get_object()) {
    if (!boost::algorithm::iequals(name, "Success", std::locale::classic())) continue;
    ++successes;
    claim(value.is_bool() && value.get_bool(), "what is accepted has Success true", body);
  }
  claim(successes == 1, "what is accepted says Success once", body);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  HttpResponse response = fuzz::response_of(fuzz::text_of(bytes, size));
  const Outcome outcome = fuzz::outcome_of(response);
  const std::string body{trimmed(response.body)};
  if (outcome.kind != OutcomeKind::accepted || !body.starts_with('{')) return 0;

  claim_says_success(body);
  for (std::size_t length = 0; length < body.size(); ++length) {
    response.body = body.substr(0, length);
    claim(classify(InvokeThingsDialect{}, response, fuzz::now).kind != OutcomeKind::accepted,
          "what was cut short is not accepted", response.body);
  }
  return 0;
}
