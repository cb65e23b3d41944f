// SPDX-License-Identifier: MIT
#include "app/log.hpp"

#include <spdlog/async.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>
#include <variant>
#include <vector>

namespace sluice {
namespace {

// At a thousand events a second, eight seconds of a stalled reader.
constexpr std::size_t waiting_lines_max = 8192;

class LineSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit LineSink(std::function<void(std::string_view)> take_line) : take_line_(std::move(take_line)) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    take_line_({message.payload.data(), message.payload.size()});
  }
  void flush_() override {}

 private:
  std::function<void(std::string_view)> take_line_;
};

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      break;
  }
  return spdlog::level::err;
}

bool is_json(LogFormat format) {
  if (format == LogFormat::fitting) return isatty(STDERR_FILENO) == 0;
  return format == LogFormat::json;
}

std::string_view tenant_of(std::initializer_list<LogField> fields) {
  const auto* const found = std::ranges::find(fields, "tenant", &LogField::name);
  if (found == fields.end()) return {};
  const auto* text = std::get_if<std::string>(&found->value());
  return text ? std::string_view{*text} : std::string_view{};
}

}  // namespace

struct Log::Parts {
  Clock& clock;
  bool writes_json;
  std::shared_ptr<spdlog::logger> logger;
  // None: lines are taken where they are logged. It ends before the logger goes, which it writes with.
  std::shared_ptr<spdlog::details::thread_pool> thread;
  std::mutex floods_mutex;
  LogFloods floods;

  void tell(const LogEvent& event) {
    logger->log(to_spdlog(event.level),
                spdlog::string_view_t{writes_json ? to_json_line(event) : to_logfmt(event)});
  }

  void tell(const std::vector<FloodSummary>& summaries) {
    for (const FloodSummary& summary : summaries) {
      const auto seconds = std::chrono::duration<double>(clock.steady_now() - summary.since).count();
      std::vector<LogField> fields{{"event", summary.name}, {"count", summary.count}, {"seconds", seconds}};
      if (!summary.tenant.empty()) fields.emplace_back("tenant", summary.tenant);
      tell({clock.utc_now(), LogLevel::warning, "events_suppressed", std::move(fields)});
    }
  }
};

Log::Log(Clock& clock, LogConfig config, FloodOptions floods)
    : parts_(new Parts{clock,
                       is_json(config.format),
                       nullptr,
                       std::make_shared<spdlog::details::thread_pool>(waiting_lines_max, 1U),
                       {},
                       LogFloods{floods}}) {
  parts_->logger =
      std::make_shared<spdlog::async_logger>("sluice", std::make_shared<spdlog::sinks::stderr_sink_mt>(),
                                             parts_->thread, spdlog::async_overflow_policy::overrun_oldest);
  parts_->logger->set_pattern("%v");
  set_level(config.level);
}

Log::Log(Clock& clock, LogConfig config, FloodOptions floods,
         std::function<void(std::string_view line)> take_line)
    : parts_(new Parts{clock, config.format == LogFormat::json, nullptr, nullptr, {}, LogFloods{floods}}) {
  parts_->logger =
      std::make_shared<spdlog::logger>("sluice", std::make_shared<LineSink>(std::move(take_line)));
  set_level(config.level);
}

Log::~Log() {
  const std::lock_guard lock{parts_->floods_mutex};
  parts_->tell(parts_->floods.all());
}

void Log::write(LogLevel level, std::string_view event, Fields fields) {
  if (!parts_->logger->should_log(to_spdlog(level))) return;
  tell_floods();
  if (level != LogLevel::debug) {
    const std::lock_guard lock{parts_->floods_mutex};
    if (!parts_->floods.admits(event, tenant_of(fields), parts_->clock.steady_now())) return;
  }
  parts_->tell({parts_->clock.utc_now(), level, event, fields});
}

void Log::tell_floods() {
  const std::lock_guard lock{parts_->floods_mutex};
  parts_->tell(parts_->floods.ended(parts_->clock.steady_now()));
}

void Log::set_level(LogLevel level) { parts_->logger->set_level(to_spdlog(level)); }

std::int64_t Log::lost_lines() const {
  return parts_->thread ? static_cast<std::int64_t>(parts_->thread->overrun_counter()) : 0;
}

}  // namespace sluice
