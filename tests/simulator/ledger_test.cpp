// SPDX-License-Identifier: MIT
#include "simulator/ledger.hpp"

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

using namespace sluice::simulator;
using namespace std::chrono_literals;

TEST_CASE("simulator: a ledger line names the executed devices and the time to the nanosecond") {
  LedgerEntry entry;
  entry.at = 12s + 42ns;
  entry.connection = 3;
  entry.nonce = "n-1";
  entry.http_status = 200;
  entry.device_names = {"device-1", "device-2"};
  entry.devices = 2;

  CHECK(to_ledger_line(entry) ==
        R"({"at":12.000000042,"connection":3,"nonce":"n-1","http_status":200,"code":"","executed":true,)"
        R"("devices":2,"device_names":["device-1","device-2"]})");
}

TEST_CASE("simulator: a ledger line without execution names the code and the fault, and no devices") {
  LedgerEntry entry;
  entry.code = "InternalError";
  entry.http_status = 500;
  entry.fault = Fault::error_500_before_execution;
  entry.devices = 100;

  CHECK(to_ledger_line(entry) ==
        R"({"at":0.000000000,"connection":0,"nonce":"","http_status":500,"code":"InternalError",)"
        R"("fault":"error_500_before_execution","executed":false,"devices":100})");
}

TEST_CASE("simulator: whatever is sent as a nonce, the ledger line stays one line of JSON") {
  LedgerEntry entry;
  entry.nonce = "a\"\\\n\x1b[31m\xFF";
  entry.nonce += std::string(1000, 'x');

  const std::string line = to_ledger_line(entry);

  CHECK(line.find('\n') == std::string::npos);
  const auto value = boost::json::parse(line);
  CHECK(value.at("nonce").as_string().starts_with("a\"\\??[31m?x"));
  CHECK(value.at("nonce").as_string().size() == 128);
}

TEST_CASE("simulator: a ledger that cannot be opened is a message with its name") {
  const auto opened = Ledger::open("/nonexistent/ledger.ndjson");

  CHECK(std::get<std::string>(opened) ==
        "/nonexistent/ledger.ndjson: could not open the ledger for writing: No such file or directory");
}
