// SPDX-License-Identifier: MIT
#include "http_api/problem.hpp"

#include <fmt/format.h>

#include <boost/beast/http/status.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <exception>

#include "http_api/json_text.hpp"
#include "sluice/core/error_words.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

constexpr std::size_t text_bytes_max = 4096;

std::string_view title_of(int status) {
  const auto known = static_cast<boost::beast::http::status>(status);
  if (status == 421) return "Misdirected Request";
  if (status == 422) return "Unprocessable Content";
  const boost::beast::string_view reason = boost::beast::http::obsolete_reason(known);
  return {reason.data(), reason.size()};
}

std::string_view without_line_ends(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  return text;
}

/// Line by line, so that nobody has to take the text apart.
void write_details(JsonText& json, std::string_view detail) {
  if (detail.find('\n') == detail.npos) return;
  json.key("details").begin_array();
  for (std::size_t begin = 0; begin <= detail.size();) {
    const std::size_t end = std::min(detail.find('\n', begin), detail.size());
    json.value(detail.substr(begin, end - begin));
    begin = end + 1;
  }
  json.end_array();
}

/// Each line by itself: a line end between findings is no attack.
std::string printable_lines(std::string_view text) {
  std::string lines;
  for (std::size_t begin = 0; begin <= text.size() && lines.size() < text_bytes_max;) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (begin > 0) lines += '\n';
    lines += printable(text.substr(begin, end - begin), text_bytes_max);
    begin = end + 1;
  }
  return lines;
}

}  // namespace

std::string problem_json(int status, const Error& error, std::string_view instance,
                         std::optional<std::int64_t> devices) {
  const std::string_view code = to_string(error.kind);
  const std::string_view detail = without_line_ends(error.message);
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version);
  json.member("type", fmt::format("urn:sluice:problem:{}", code)).member("title", title_of(status));
  json.member("status", status).member("detail", detail);
  json.member("instance", fmt::format("urn:sluice:answer:{}", instance));
  json.member("code", code).member("hint", without_line_ends(error.hint));
  write_details(json, detail);
  if (devices) json.member("devices", *devices);
  return json.end_object().end_document().take();
}

Error error_from_problem(std::string_view text) {
  try {
    const boost::json::value problem = boost::json::parse(text);
    const auto member = [&](const char* name) { return std::string_view{problem.at(name).as_string()}; };
    return {error_kind_from(member("code")), printable_lines(member("detail")),
            printable_lines(member("hint"))};
  } catch (const std::exception&) {
    return {ErrorKind::unexpected, "the answer is no problem that can be read: " + printable(text, 128),
            "It may be another version of sluice: see `sluice version`."};
  }
}

std::optional<std::int64_t> devices_from_problem(std::string_view text) {
  boost::system::error_code error;
  const boost::json::value problem = boost::json::parse(text, error);
  if (error || !problem.is_object()) return std::nullopt;
  const boost::json::value* devices = problem.get_object().if_contains("devices");
  if (devices == nullptr || !devices->is_int64()) return std::nullopt;
  return devices->get_int64();
}

}  // namespace sluice
