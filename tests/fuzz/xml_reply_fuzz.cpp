// SPDX-License-Identifier: MIT
// Answers in XML: `accepted` only for the operation's own element that says so once, and for nothing that was
// cut short.
#include <boost/algorithm/string/predicate.hpp>
#include <boost/algorithm/string/trim.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <locale>
#include <sstream>
#include <string>

#include "fuzz/reply_claims.hpp"

using namespace sluice;
using fuzz::claim;

namespace {

constexpr std::string_view root_name = "InvokeThingsServiceResponse";

// By another parser than the product's, which lets a broken reference ("&#xyz;") stand as text.
void claim_says_success(const std::string& body) {
  namespace tree = boost::property_tree;
  tree::ptree document;
  std::istringstream in{body};
  try {
    tree::read_xml(in, document, tree::xml_parser::no_comments);
  } catch (const tree::xml_parser_error& error) {
    claim(body.find('&') != body.npos, "what is accepted is XML: " + error.message(), body);
    return;
  }
  claim(document.size() == 1 && document.front().first == root_name, "what is accepted is the API's element",
        body);
  int successes = 0;
  for (const auto& [name, child] : document.front().second) {
    if (!boost::algorithm::iequals(name, "Success", std::locale::classic())) continue;
    ++successes;
    claim(boost::algorithm::trim_copy(child.data()) == "true", "what is accepted has Success true", body);
  }
  claim(successes == 1, "what is accepted says Success once", body);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  HttpResponse response = fuzz::response_of(fuzz::text_of(bytes, size));
  const Outcome outcome = fuzz::outcome_of(response);
  const std::string body = response.body;
  const std::size_t first = body.find('<');
  const bool is_xml = first != body.npos && body.find_first_not_of("\xEF\xBB\xBF \t\r\n") == first;
  if (outcome.kind != OutcomeKind::accepted || !is_xml) return 0;

  claim_says_success(body.substr(first));
  // Up to here the element is open, wherever one cuts.
  const std::size_t still_open = body.find("</" + std::string{root_name});
  for (std::size_t length = 0; length <= still_open; ++length) {
    response.body = body.substr(0, length);
    claim(classify(InvokeThingsDialect{}, response, fuzz::now).kind != OutcomeKind::accepted,
          "what was cut short is not accepted", response.body);
  }
  return 0;
}
