// SPDX-License-Identifier: MIT
#include "answers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace sluice::simulator {
namespace {

using Members = std::vector<std::pair<std::string_view, std::string>>;

/// What clients sent may come back in an answer (Host); everything outside printable ASCII is left out of it.
std::string printable_ascii(std::string text) {
  std::replace_if(text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

std::string xml_escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      default:
        // Control characters are not allowed in XML, not even escaped.
        escaped += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
    }
  }
  return escaped;
}

/// `success` is the one member that is no text in JSON; null: the answer has no such member.
std::string json_body(const Members& members, const bool* success) {
  boost::json::object object;
  for (const auto& [name, value] : members) object[name] = value;
  if (success != nullptr) object["Success"] = *success;
  return boost::json::serialize(object);
}

std::string xml_body(std::string_view root, const Members& members, const bool* success) {
  std::string body = fmt::format("<?xml version='1.0' encoding='UTF-8'?><{}>", root);
  for (const auto& [name, value] : members) body += fmt::format("<{0}>{1}</{0}>", name, xml_escaped(value));
  if (success != nullptr) body += fmt::format("<Success>{}</Success>", *success);
  return body + fmt::format("</{}>", root);
}

Answer answer_of(Format format, int http_status, const std::string& root, const std::string& request_id,
                 const Members& members, const bool* success) {
  Answer answer;
  answer.http_status = http_status;
  const bool json = format == Format::json;
  answer.headers = {{"Content-Type", json ? "application/json;charset=utf-8" : "text/xml;charset=utf-8"},
                    {"x-acs-request-id", request_id}};
  answer.body = json ? json_body(members, success) : xml_body(root, members, success);
  return answer;
}

}  // namespace

Answer success_answer(Format format, std::string_view action, const std::string& request_id) {
  const bool success = true;
  return answer_of(format, 200, fmt::format("{}Response", action), request_id,
                   {{"RequestId", request_id}, {"Code", ""}}, &success);
}

Answer refusal_answer(Format format, std::string_view action, const std::string& request_id,
                      const std::string& host, const Refusal& refusal) {
  const std::string code = printable_ascii(refusal.code);
  if (refusal.http_status == 200) {
    const bool success = false;
    return answer_of(format, 200, fmt::format("{}Response", action), request_id,
                     {{"RequestId", request_id}, {"Code", code}, {"ErrorMessage", refusal.message}},
                     &success);
  }
  return answer_of(format, refusal.http_status, "Error", request_id,
                   {{"RequestId", request_id},
                    {"HostId", printable_ascii(host)},
                    {"Code", code},
                    {"Message", refusal.message},
                    {"Recommend", "https://next.api.aliyun.com/troubleshoot?q=" + percent_encoded(code)}},
                   nullptr);
}

Answer html_answer(int http_status, std::string_view title) {
  Answer answer;
  answer.http_status = http_status;
  answer.headers = {{"Content-Type", "text/html"}, {"Server", "Tengine"}};
  answer.body = fmt::format(
      "<html>\r\n<head><title>{0} {1}</title></head>\r\n<body bgcolor=\"white\">\r\n<center><h1>{0} {1}</h1>"
      "</center>\r\n<hr/>Powered by Tengine</body>\r\n</html>\r\n",
      http_status, title);
  return answer;
}

Answer garbage_answer(Format format) {
  Answer answer;
  answer.headers = {{"Content-Type", format == Format::json ? "application/json;charset=utf-8" : "text/xml"}};
  answer.body = "{\"RequestId\":<<\x01\x80\xFF garbage \xC3\x28 \"Success\": tru";
  return answer;
}

std::string http_date(std::chrono::sys_time<std::chrono::seconds> time) {
  constexpr std::array<std::string_view, 7> weekdays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                     weekdays.at(std::chrono::weekday{day}.c_encoding()), static_cast<unsigned>(date.day()),
                     months.at(static_cast<unsigned>(date.month()) - 1), static_cast<int>(date.year()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

}  // namespace sluice::simulator
