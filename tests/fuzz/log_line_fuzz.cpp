// SPDX-License-Identifier: MIT
// The log: whatever bytes an event carries, it is one line, steers no terminal, and a reader of either form
// gets back each field, and the text itself if it was UTF-8. The input is cut in two at the byte 0x1F;
// without one both fields hold all of it.
#include <algorithm>
#include <boost/json/parse.hpp>
#include <string>

#include "app/log_line.hpp"
#include "app/log_reader.hpp"
#include "fuzz/claim.hpp"
#include "jobfile/utf8.hpp"

using namespace sluice;
using fuzz::claim;

namespace {

bool reads_back(std::string_view text) {
  return text.size() <= log_text_bytes_max && !first_invalid_utf8(text);
}

void claim_same(std::string_view read, std::string_view written) {
  if (reads_back(written)) claim(read == written, "text that is UTF-8 reads back", written);
  claim(read.size() <= 3 * log_text_bytes_max + 3, "no text is longer than its limit", read);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view input = fuzz::text_of(bytes, size);
  const std::size_t cut = std::min(input.find('\x1f'), input.size());
  const std::string_view first = input.substr(0, cut);
  const std::string_view second = cut == input.size() ? input : input.substr(cut + 1);
  const LogEvent event{UtcTime{},
                       LogLevel::info,
                       first,
                       {{"first", first}, {"second", second}, {"name_" + std::string{second}, 1}}};

  const std::string logfmt = to_logfmt(event);
  claim(fuzz::is_free_of_controls(logfmt) && is_readable(logfmt), "a line steers no terminal", logfmt);
  const auto pairs = testing::read_logfmt(logfmt);
  claim(pairs && pairs->size() == 6, "logfmt reads back field by field", logfmt);
  claim_same((*pairs)[3].second, first);
  claim_same((*pairs)[4].second, second);

  const std::string json = to_json_line(event);
  claim(fuzz::is_free_of_controls(json) && is_readable(json), "a line steers no terminal", json);
  boost::json::error_code error;
  const boost::json::value object = boost::json::parse(json, error);
  claim(!error && object.is_object(), "a line is a JSON object", json);
  claim_same(std::string_view{object.at("first").as_string()}, first);
  claim_same(std::string_view{object.at("second").as_string()}, second);
  return 0;
}
