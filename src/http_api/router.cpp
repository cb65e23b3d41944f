// SPDX-License-Identifier: MIT
#include "http_api/router.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <boost/url/decode_view.hpp>
#include <boost/url/pct_string_view.hpp>
#include <charconv>
#include <optional>
#include <set>
#include <stdexcept>
#include <tuple>

#include "jobfile/nearest_word.hpp"
#include "jobfile/utf8.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

constexpr std::size_t parameter_bytes_max = 512;
constexpr std::array<std::string_view, 4> methods{"GET", "POST", "PUT", "DELETE"};

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(at, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

/// Absent: a '%' without two digits behind it, or text that no person could read.
std::optional<std::string> decoded(std::string_view text, bool plus_is_space) {
  const auto encoded = boost::urls::make_pct_string_view(boost::core::string_view{text.data(), text.size()});
  if (encoded.has_error()) return std::nullopt;
  const boost::urls::decode_view view{*encoded, boost::urls::encoding_opts{plus_is_space}};
  std::string plain(view.begin(), view.end());
  if (plain.size() > parameter_bytes_max || !is_readable(plain)) return std::nullopt;
  return plain;
}

/// One segment of a pattern: "runs", "{run}" or "{run}:pause".
struct Segment {
  std::string_view literal;    ///< if it is no parameter
  std::string_view parameter;  ///< its name
  std::string_view verb;       ///< with its colon; empty: none
};

Segment segment_of(std::string_view text) {
  const std::size_t end = text.find('}');
  if (!text.starts_with('{') || end == text.npos) return {.literal = text};
  return {.parameter = text.substr(1, end - 1), .verb = text.substr(end + 1)};
}

/// The colon before a verb is one that is written as itself: in a name it can be written as %3A.
bool fits(const Segment& pattern, std::string_view asked, ApiParameters& parameters) {
  if (pattern.parameter.empty()) return asked == pattern.literal;
  if (!asked.ends_with(pattern.verb)) return false;
  std::optional<std::string> value =
      decoded(asked.substr(0, asked.size() - pattern.verb.size()), /*plus_is_space=*/false);
  if (!value || value->empty() || *value == "." || *value == "..") return false;
  parameters[std::string{pattern.parameter}] = *std::move(value);
  return true;
}

std::optional<ApiParameters> match(const std::string& pattern, std::string_view path) {
  const std::vector<std::string_view> wanted = split(pattern, '/');
  const std::vector<std::string_view> asked = split(path, '/');
  if (wanted.size() != asked.size()) return std::nullopt;
  ApiParameters parameters;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!fits(segment_of(wanted[i]), asked[i], parameters)) return std::nullopt;
  }
  return parameters;
}

/// The more of a pattern is written out, the more it says: "{run}:pause" before "{run}".
std::size_t written_out(const std::string& pattern) {
  std::size_t bytes = 0;
  for (const std::string_view text : split(pattern, '/')) {
    const Segment segment = segment_of(text);
    bytes += segment.literal.size() + segment.verb.size();
  }
  return bytes;
}

bool answers_to(const Route& route, std::string_view method) {
  return route.method == method || (route.method == "GET" && method == "HEAD");
}

ApiAnswer nothing_there(std::string_view path) {
  return refused({ErrorKind::not_found, fmt::format("the API has nothing at {}", printable(path, 128)),
                  "GET /api/v1/openapi.json lists what there is."});
}

ApiAnswer wrong_method(const std::vector<const Route*>& there, const ApiRequest& head) {
  std::set<std::string> allowed;
  for (const Route* route : there) {
    allowed.insert(route->method);
    if (route->method == "GET") allowed.insert("HEAD");
  }
  const std::string list = fmt::format("{}", fmt::join(allowed, ", "));
  return refused(405,
                 {ErrorKind::usage,
                  fmt::format("{} takes no {}", printable(head.target, 128), printable(head.method, 32)),
                  fmt::format("Use {}.", list)},
                 {{"Allow", list}});
}

/// An anonymous client may come back with a token; another one's token will not do.
std::optional<ApiAnswer> objection(const Route& route, const ApiClient& client) {
  if (client.scope >= route.scope) return std::nullopt;
  if (client.kind == ApiClient::Kind::anonymous) {
    return refused(
        401,
        {ErrorKind::unauthorized, fmt::format("this needs a token of scope {}", to_string(route.scope)),
         "Send it as `Authorization: Bearer TOKEN`; `sluice token new` makes one."},
        {{"WWW-Authenticate", "Bearer realm=\"sluice\""}});
  }
  return refused(403, {ErrorKind::unauthorized,
                       fmt::format("this needs scope {}; {} has scope {}", to_string(route.scope),
                                   printable(client.name, 128), to_string(client.scope)),
                       "Use a token of that scope."});
}

ApiAnswer unknown_key(const Route& route, std::string_view key) {
  const std::vector<std::string_view> known(route.query.begin(), route.query.end());
  const auto nearest = nearest_word(key, known);
  return refused({ErrorKind::usage, fmt::format("query: unknown key \"{}\"", printable(key, 60)),
                  nearest         ? fmt::format("Did you mean \"{}\"?", *nearest)
                  : known.empty() ? "This takes no query."
                                  : fmt::format("Known are {}.", fmt::join(known, ", "))});
}

std::optional<ApiAnswer> read_query(const Route& route, std::string_view query, ApiParameters& into) {
  if (query.empty()) return std::nullopt;
  for (const std::string_view part : split(query, '&')) {
    const std::size_t equals = std::min(part.find('='), part.size());
    const std::optional<std::string> key = decoded(part.substr(0, equals), true);
    const std::optional<std::string> value =
        decoded(equals < part.size() ? part.substr(equals + 1) : std::string_view{}, true);
    if (!key || !value) {
      return refused({ErrorKind::usage, fmt::format("query: cannot be read: {}", printable(part, 128)),
                      "Write key=value, joined by &, percent-encoded UTF-8 of at most 512 bytes each."});
    }
    if (std::ranges::find(route.query, *key) == route.query.end()) return unknown_key(route, *key);
    if (!into.emplace(*key, *value).second) {
      return refused({ErrorKind::usage, fmt::format("query: {} is given twice", *key), "Give it once."});
    }
  }
  return std::nullopt;
}

/// Throws, which nobody catches: the table is part of the program.
void check(const std::vector<Route>& routes) {
  std::set<std::string> operations;
  std::set<std::pair<std::string, std::string>> rows;
  for (const Route& route : routes) {
    const bool is_whole = std::ranges::find(methods, route.method) != methods.end() &&
                          route.pattern.starts_with('/') && route.handler != nullptr;
    if (!is_whole || !operations.insert(route.operation).second ||
        !rows.insert({route.method, route.pattern}).second) {
      throw std::logic_error(fmt::format("route {} {} ({}) is incomplete or there twice", route.method,
                                         route.pattern, route.operation));
    }
  }
}

}  // namespace

Router::Router(std::vector<Route> routes) : routes_(std::move(routes)) {
  check(routes_);
  const auto place = [](const Route& route) {
    return std::tuple{-static_cast<std::ptrdiff_t>(written_out(route.pattern)), route.pattern, route.method};
  };
  std::ranges::sort(routes_, {}, place);
}

std::variant<Router::Admitted, ApiAnswer> Router::admit(ApiRequest head) const {
  const std::string target = head.target;
  const std::size_t question = std::min(target.find('?'), target.size());
  const std::string_view path = std::string_view{target}.substr(0, question);
  std::vector<const Route*> there;
  for (const Route& route : routes_) {
    std::optional<ApiParameters> parameters = match(route.pattern, path);
    // Of several patterns that fit, the first says the most, and what it says is the only thing meant.
    if (!parameters || (!there.empty() && there.front()->pattern != route.pattern)) continue;
    there.push_back(&route);
    head.path = *std::move(parameters);
  }
  if (there.empty()) return nothing_there(path);
  const auto route =
      std::ranges::find_if(there, [&](const Route* one) { return answers_to(*one, head.method); });
  if (route == there.end()) return wrong_method(there, head);
  if (std::optional<ApiAnswer> no = objection(**route, head.client)) return *std::move(no);
  const std::string_view query =
      question < target.size() ? std::string_view{target}.substr(question + 1) : std::string_view{};
  if (std::optional<ApiAnswer> no = read_query(**route, query, head.query)) return *std::move(no);
  return Admitted{*route, std::move(head)};
}

Result<std::int64_t> number_in_path(const ApiRequest& request, std::string_view name) {
  const std::string_view text = request.parameter(name);
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem == std::errc{} && end == text.data() + text.size() && number >= 1) return number;
  return Error{ErrorKind::not_found, fmt::format("there is no {} {}", name, printable(text, 60)),
               fmt::format("A {} has a number, 1 or more.", name)};
}

}  // namespace sluice
