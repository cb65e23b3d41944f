// SPDX-License-Identifier: MIT
// The record of every request, one JSON object a line, written out at once: a killed simulator loses no line.
#pragma once

#include <memory>
#include <string>
#include <variant>

#include "cloud.hpp"

namespace sluice::simulator {

/// {"at":1.000000042,"connection":1,"nonce":"…","http_status":200,"code":"","executed":true,"devices":2,
/// "device_names":["…"]}, without the line's end. "at" counts seconds from the server's start. "fault" is
/// there if one fired, "device_names" if the call was executed.
std::string to_ledger_line(const LedgerEntry& entry);

class Ledger {
 public:
  /// Appends to the file, creates it if it is not there.
  static std::variant<std::unique_ptr<Ledger>, std::string> open(const std::string& path);
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  void append(const LedgerEntry& entry);

  /// The first failure of an append; empty: none.
  const std::string& problem() const { return problem_; }

 private:
  Ledger(std::string path, int descriptor);

  std::string path_;
  int descriptor_;
  std::string problem_;
};

}  // namespace sluice::simulator
