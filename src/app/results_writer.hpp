// SPDX-License-Identifier: MIT
// The rows of `results`, one per device, written as they come: memory does not grow with the run. Hostile
// text in them reaches neither a terminal nor a spreadsheet as anything but text.
#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "http_api/device_json.hpp"
#include "http_api/json_text.hpp"
#include "sluice/core/result.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

enum class ResultsFormat {
  table,   ///< for people
  json,    ///< one object
  ndjson,  ///< one object a line
  csv,     ///< RFC 4180 with a header, but '\n' ends a line, as Unix tools expect
  txt,     ///< device names alone: a device list again
};

std::optional<ResultsFormat> results_format_from(std::string_view word);

/// Takes a block of output; says if it could not.
using TextSink = std::function<Result<void>(std::string_view)>;

/// Writes to the file and flushes it with every block. Needs SIGPIPE ignored to tell of a closed pipe.
TextSink sink_to(std::FILE* file);

struct ResultsOptions {
  ResultsFormat format = ResultsFormat::table;
  RunId run;
  bool raw = false;  ///< csv and txt: the bytes as they are, formulas and control characters included
  int columns = 0;   ///< table: no row is wider; 0: as wide as its columns are
};

class ResultsWriter {
 public:
  ResultsWriter(ResultsOptions options, TextSink sink);

  /// @return false when writing has failed and there is no use in going on; finish() says why
  [[nodiscard]] bool write(const DeviceResult& row);

  /// Writes what is still to write. Call it once, also after no rows at all.
  /// @return the first thing that went wrong
  [[nodiscard]] Result<void> finish();

  std::int64_t rows() const { return rows_; }

 private:
  void begin();
  void write_json_row(const DeviceResult& row);
  void write_csv_row(const DeviceResult& row);
  void write_table_row(const DeviceResult& row);
  void append_csv_text(std::string_view untrusted);
  const std::string& time_text(const std::optional<UtcTime>& time);
  bool flush();

  ResultsOptions options_;
  TextSink sink_;
  JsonText json_;                     ///< what is not flushed yet, of the JSON formats …
  std::string block_;                 ///< … and of all others
  std::optional<UtcTime> last_time_;  ///< a chunk's devices share their time: it is written out once …
  std::string last_time_text_;        ///< … and kept here
  std::optional<Error> failure_;
  std::int64_t rows_ = 0;
};

}  // namespace sluice
