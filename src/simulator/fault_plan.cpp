// SPDX-License-Identifier: MIT
#include "fault_plan.hpp"

#include <fmt/format.h>

#include <boost/json/parse_options.hpp>
#include <boost/json/stream_parser.hpp>
#include <boost/json/value.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "plan_reader.hpp"

namespace sluice::simulator {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 17> fault_words{
    "reset_before_execution",
    "stall_before_execution",
    "throttle",
    "error_500_before_execution",
    "error_503_before_execution",
    "error_500_after_execution",
    "reset_after_execution",
    "stall_after_execution",
    "truncated_body",
    "garbage_body",
    "html_502",
    "bad_device",
    "account",
    "job",
    "outage_refuse",
    "outage_503",
    "outage_stall",
};

constexpr double day_ms = 86'400'000;
constexpr double day_s = 86'400;

Latency read_latency(PlanReader reader) {
  reader.allow_only({"constant_ms", "uniform_ms", "lognormal_ms"});
  if (reader.size() != 1) {
    reader.fail(R"(expects exactly one of "constant_ms", "uniform_ms" and "lognormal_ms")");
    return ConstantLatency{};
  }
  if (reader.has("constant_ms")) return ConstantLatency{reader.number("constant_ms", 0, 0, day_ms)};
  if (reader.has("uniform_ms")) {
    const auto bounds = reader.numbers("uniform_ms", 0, day_ms);
    if (bounds.size() == 2 && bounds[0] <= bounds[1]) return UniformLatency{bounds[0], bounds[1]};
    reader.fail_at("uniform_ms", "expects two numbers, the smaller one first, such as [5, 80]");
    return ConstantLatency{};
  }
  PlanReader shape = reader.object("lognormal_ms");
  shape.allow_only({"median", "sigma"});
  return LognormalLatency{shape.number("median", 0, 0, day_ms), shape.number("sigma", 0, 0, 10)};
}

LastingRefusal read_refusal(PlanReader reader, LastingRefusal otherwise, bool has_status) {
  if (has_status) {
    reader.allow_only({"code", "http_status", "message", "after_requests"});
  } else {
    reader.allow_only({"code", "message", "after_requests"});
  }
  otherwise.code = reader.text("code", otherwise.code);
  otherwise.message = reader.text("message", otherwise.message);
  otherwise.after_requests = reader.whole_number("after_requests", 0, 0);
  if (has_status) {
    otherwise.http_status =
        static_cast<int>(reader.whole_number("http_status", otherwise.http_status, 400, 599));
  }
  return otherwise;
}

Outage read_outage(PlanReader reader) {
  reader.allow_only({"from_s", "to_s", "kind"});
  Outage outage{reader.number("from_s", 0, 0, day_s), reader.number("to_s", 0, 0, day_s),
                Fault::outage_refuse};
  if (outage.to_s <= outage.from_s) reader.fail_at("to_s", "expects a time after from_s");
  const std::string kind = reader.text("kind", "refuse");
  if (kind == "503") {
    outage.kind = Fault::outage_503;
  } else if (kind == "stall") {
    outage.kind = Fault::outage_stall;
  } else if (kind != "refuse") {
    reader.fail_at("kind", R"(expects "refuse", "503" or "stall")");
  }
  return outage;
}

void read_bad_devices(PlanReader& reader, FaultPlan& plan) {
  if (!reader.has("bad_devices")) return;
  if (reader.is_array("bad_devices")) {
    plan.bad_devices = reader.texts("bad_devices");
    return;
  }
  PlanReader share = reader.object("bad_devices");
  share.allow_only({"share"});
  plan.bad_device_share = share.number("share", 0, 0, 1);
}

Stalls read_stalls(PlanReader reader) {
  reader.allow_only({"share", "ms"});
  return {.share = reader.number("share", 0, 0, 1), .ms = reader.number("ms", 0, 0, day_s * 1000)};
}

void read_forward_share(PlanReader& reader, FaultPlan& plan) {
  if (reader.is_text("forward_share") && reader.text("forward_share", "") == "random") {
    plan.forward_share.reset();
  } else {
    plan.forward_share = reader.number("forward_share", 0.5, 0, 1);
  }
}

FaultPlan read_plan(PlanReader reader) {
  std::vector<std::string_view> known{
      "latency",        "forward_share", "bad_devices", "bad_device_code",
      "account",        "job",           "outages",     "other_requests_per_second",
      "retry_after_ms", "clock_skew_s",  "stalls"};
  known.insert(known.end(), fault_words.begin(), fault_words.begin() + drawn_fault_count);
  reader.allow_only(known);

  FaultPlan plan;
  if (reader.has("latency")) plan.latency = read_latency(reader.object("latency"));
  read_forward_share(reader, plan);
  if (reader.has("stalls")) plan.stalls = read_stalls(reader.object("stalls"));
  for (std::size_t i = 0; i < drawn_fault_count; ++i) {
    plan.probabilities.at(i) = reader.number(fault_words.at(i), 0, 0, 1);
  }
  read_bad_devices(reader, plan);
  plan.bad_device_code = reader.text("bad_device_code", plan.bad_device_code);
  if (reader.has("account")) {
    plan.account =
        read_refusal(reader.object("account"),
                     {"InvalidAccessKeyId.NotFound", 404, "Specified access key is not found.", 0}, true);
  }
  if (reader.has("job")) {
    plan.job = read_refusal(reader.object("job"),
                            {"iot.prod.NotExistedProduct", 200, "The product does not exist.", 0}, false);
  }
  for (PlanReader& outage : reader.objects("outages")) plan.outages.push_back(read_outage(outage));
  plan.other_requests_per_second = reader.number("other_requests_per_second", 0, 0, 100'000);
  if (reader.has("retry_after_ms")) plan.retry_after_ms = reader.whole_number("retry_after_ms", 0, 0);
  plan.clock_skew_s = reader.number("clock_skew_s", 0, -365 * day_s, 365 * day_s);
  return plan;
}

/// "3:14", counted in bytes from 1.
std::string line_and_column(std::string_view text, std::size_t offset) {
  std::size_t line = 1;
  std::size_t column = 1;
  for (const char c : text.substr(0, offset)) {
    ++column;
    if (c == '\n') {
      ++line;
      column = 1;
    }
  }
  return fmt::format("{}:{}", line, column);
}

}  // namespace

std::string_view to_word(Fault fault) { return fault_words.at(static_cast<std::size_t>(fault)); }

std::variant<FaultPlan, std::string> parse_fault_plan(std::string_view text, const std::string& name) {
  json::parse_options options;
  options.allow_comments = true;
  options.allow_trailing_commas = true;
  json::stream_parser parser({}, options);
  json::error_code error;
  const std::size_t parsed = parser.write_some(text.data(), text.size(), error);
  if (!error && text.find_first_not_of(" \t\r\n", parsed) != std::string_view::npos) {
    error = json::error::extra_data;
  }
  if (!error) parser.finish(error);
  if (error) {
    return fmt::format("{}:{}: not JSON: {}", name, line_and_column(text, parsed), error.message());
  }

  const json::value document = parser.release();
  if (!document.is_object())
    return fmt::format("{}: expects a JSON object with the keys of a fault plan", name);
  PlanProblems problems{name};
  FaultPlan plan = read_plan(PlanReader{document.get_object(), "", problems});
  if (!problems.all.empty()) return fmt::format("{}", fmt::join(problems.all, "\n"));
  return plan;
}

std::variant<FaultPlan, std::string> read_fault_plan(const std::string& path) {
  errno = 0;
  std::ifstream file{path, std::ios::binary};
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    return fmt::format("{}: could not read the fault plan: {}", path,
                       errno != 0 ? std::strerror(errno) : "the file is empty");
  }
  return parse_fault_plan(text.str(), path);
}

}  // namespace sluice::simulator
