// SPDX-License-Identifier: MIT
// The daemon's log: events with a name and typed fields, one line each.
//
//   log.info("run_finished", {{"run", run}, {"tenant", tenant}, {"status", "finished"}});
//
// Lines go out on a thread of their own, since a reader of stderr that stalls must not stall the sending.
// Should it stall for thousands of lines, the oldest are lost and counted. Of an event that comes too often
// the rest is told as one line with a count ("events_suppressed"); debug events are always told. Safe to call
// from every thread, if the clock is.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "app/log_config.hpp"
#include "app/log_floods.hpp"
#include "app/log_line.hpp"
#include "sluice/clock/clock.hpp"

namespace sluice {

class Log {
 public:
  using Fields = std::initializer_list<LogField>;

  /// To stderr. @param clock outlives this
  Log(Clock& clock, LogConfig config, FloodOptions floods = {});
  /// To `take_line`, which gets each line without its line end, on the thread that logs.
  Log(Clock& clock, LogConfig config, FloodOptions floods,
      std::function<void(std::string_view line)> take_line);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void debug(std::string_view event, Fields fields = {}) { write(LogLevel::debug, event, fields); }
  void info(std::string_view event, Fields fields = {}) { write(LogLevel::info, event, fields); }
  void warning(std::string_view event, Fields fields = {}) { write(LogLevel::warning, event, fields); }
  void error(std::string_view event, Fields fields = {}) { write(LogLevel::error, event, fields); }

  /// Tells of floods that are over, if no other event has come since. To be called now and then.
  void tell_floods();

  /// The level of a configuration that was read again. The format stays.
  void set_level(LogLevel level);

  /// Lines that were lost since stderr did not take them.
  std::int64_t lost_lines() const;

 private:
  struct Parts;

  void write(LogLevel level, std::string_view event, Fields fields);

  std::unique_ptr<Parts> parts_;
};

}  // namespace sluice
