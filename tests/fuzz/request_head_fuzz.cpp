// SPDX-License-Identifier: MIT
// The API's reader of requests: what it accepts has one meaning only, which a reader that knows nothing of
// Beast finds as well, and the same end however the bytes came.
#include "http_api/request_head.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "fuzz/claim.hpp"

using namespace sluice;
using fuzz::claim;

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;  ///< names in lower case

struct PlainReading {
  std::string method;
  std::string target;
  Fields fields;

  std::vector<std::string> all(std::string_view name) const {
    std::vector<std::string> values;
    for (const auto& [found, value] : fields)
      if (found == name) values.push_back(value);
    return values;
  }
};

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return text;
}

std::string trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == text.npos) return {};
  return std::string{text.substr(first, text.find_last_not_of(blanks) + 1 - first)};
}

/// As the plainest of readers does it: lines end with a line feed, names at the first colon.
PlainReading read_plainly(std::string_view head) {
  PlainReading reading;
  bool is_first = true;
  while (!head.empty()) {
    auto [line, rest] = fuzz::split_first_line(head);
    head = rest;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) break;
    if (std::exchange(is_first, false)) {
      const std::size_t blank = line.find(' ');
      reading.method = line.substr(0, blank);
      reading.target = line.substr(blank + 1, line.rfind(' ') - blank - 1);
      continue;
    }
    const std::size_t colon = line.find(':');
    claim(colon != line.npos, "each line of an accepted head is a field", line);
    reading.fields.emplace_back(lower(std::string{line.substr(0, colon)}), trimmed(line.substr(colon + 1)));
  }
  claim(head.empty(), "an accepted head ends at its first empty line", head);
  return reading;
}

void claim_refusal_is_clean(const ApiAnswer& refusal) {
  constexpr std::array known{400, 411, 417, 421, 431, 505};
  claim(std::ranges::find(known, refusal.status) != known.end(), "a refusal has a status of a refusal");
  claim(fuzz::is_free_of_controls(refusal.error ? refusal.error->message : std::string{}),
        "a refusal has nothing in it that steers a terminal");
}

void claim_one_meaning(const RequestHead& head, const PlainReading& plain) {
  claim(head.method == plain.method, "the method is the first word", head.method);
  claim(head.target == plain.target, "the target is the second word", head.target);
  claim(plain.all("host") == std::vector{head.host}, "there is one Host, and it is this", head.host);
  claim(plain.all("transfer-encoding").empty(), "there is no second way to tell where the body ends");
  const std::vector<std::string> lengths = plain.all("content-length");
  claim(lengths.size() <= 1, "the body's length is told once");
  claim(head.body_bytes == 0 || lengths.size() == 1, "a body was announced");
  if (!lengths.empty()) {
    const std::string& digits = lengths.front();
    const std::string told = std::to_string(head.body_bytes);
    claim(digits.size() >= told.size() && digits.ends_with(told) &&
              digits.find_first_not_of('0') >= digits.size() - told.size(),
          "the body is as long as the digits say", digits);
  }
  for (const auto& [name, value] : head.headers)
    claim(!plain.all(name).empty() && plain.all(name).back() == value, "a header is one of the lines", name);
}

void claim_no_credentials(const RequestHead& head, const PlainReading& plain) {
  for (const char* secret : {"authorization", "cookie", "proxy-authorization"})
    claim(!head.headers.contains(secret), "credentials are not among the headers", secret);
  const std::vector<std::string> tokens = plain.all("authorization");
  claim(head.authorization.has_value() == !tokens.empty(), "credentials are handed over, if there are any");
  claim(tokens.empty() || tokens == std::vector{*head.authorization}, "credentials are given once");
}

/// However many bytes have come: the head ends there, or it is refused, or more is awaited, and what was once
/// decided stays so.
std::size_t claim_end_is_steady(std::string_view text) {
  const auto whole = end_of_head(text);
  const auto* refusal = std::get_if<ApiAnswer>(&whole);
  if (refusal != nullptr) claim_refusal_is_clean(*refusal);
  const std::size_t end = refusal != nullptr ? 0 : std::get<std::size_t>(whole);
  bool was_refused = false;
  for (std::size_t size = 0; size <= text.size(); ++size) {
    const auto part = end_of_head(text.substr(0, size));
    const bool is_refused = std::holds_alternative<ApiAnswer>(part);
    claim(is_refused || !was_refused, "what is refused is not mended by what follows");
    was_refused = is_refused;
    if (is_refused) continue;
    claim(std::get<std::size_t>(part) == (end != 0 && size >= end ? end : 0), "a head ends where it ends");
  }
  claim(was_refused == (refusal != nullptr), "all of it is judged as it was at once");
  return end;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  // The server itself takes no longer ones, and each is read as often as it has bytes.
  const std::string_view text = fuzz::text_of(bytes, std::min<std::size_t>(size, 2'000));
  const std::size_t end = claim_end_is_steady(text);
  if (end == 0) return 0;
  const std::string_view written = text.substr(0, end);
  claim(written.ends_with("\r\n\r\n"), "a head ends with an empty line");
  const auto read = read_request_head(written);
  if (const auto* refusal = std::get_if<ApiAnswer>(&read)) {
    claim_refusal_is_clean(*refusal);
    return 0;
  }
  const auto& head = std::get<RequestHead>(read);
  const PlainReading plain = read_plainly(written);
  claim(head.target == "*" || head.target.starts_with('/'), "a target is a path of this server", head.target);
  claim_one_meaning(head, plain);
  claim_no_credentials(head, plain);
  return 0;
}
