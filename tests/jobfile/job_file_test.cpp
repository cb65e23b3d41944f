// SPDX-License-Identifier: MIT
#include "sluice/jobfile/job_file.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "jobfile/duration_text.hpp"
#include "jobfile/nearest_word.hpp"
#include "jobfile/scratch_folder.hpp"

using namespace sluice;
using namespace std::chrono_literals;

namespace {

/// A valid job with these members added, on the second line.
std::string job_with(const std::string& members) {
  return "{\"name\": \"n\", \"call\": {\"product_key\": \"a1BwAGVxxxx\", \"identifier\": \"Set\"},\n" +
         members + "}";
}

std::string call_with(const std::string& members) {
  return "{\"name\": \"n\", \"call\": {\"product_key\": \"a1BwAGVxxxx\", \"identifier\": \"Set\",\n" +
         members + "}}";
}

Job job(const std::string& text) {
  auto read = read_job("job.json", text);
  REQUIRE_MESSAGE(read.has_value(), (read ? "" : read.error().message));
  return *std::move(read);
}

std::string error_of(const std::string& text) {
  const auto read = read_job("job.json", text);
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().kind == ErrorKind::invalid_input);
  CHECK_FALSE(read.error().hint.empty());
  return read.error().message;
}

}  // namespace

TEST_CASE("job file: every key arrives where it belongs") {
  const Job read = job(R"({
    "$schema": "./job.schema.json",
    "name": "fw-2.14 – Köln", "tenant": "prod",
    "call": {"product_key": "a1BwAGVxxxx", "identifier": "mod:Set", "args": {"ratio": 10.0}, "qos": 1,
             "iot_instance_id": "iot-1", "parameters": {"Lang": "zh", "Weight": 1.50}},
    "targets": {"devices_file": "fleet.csv", "column": "dev"},
    "chunk_size": 50, "rate": 7.5, "safe_to_repeat": true, "on_doubt": "presume",
    "retry": {"max_attempts": 9, "base": "250ms", "cap": "2m", "deadline": "2d"},
  })");

  CHECK(read == Job{.name = "fw-2.14 – Köln",
                    .tenant = "prod",
                    .call = {.product_key = "a1BwAGVxxxx",
                             .identifier = "mod:Set",
                             .args = "{\"ratio\": 10.0}",
                             .qos = 1,
                             .iot_instance_id = "iot-1",
                             .parameters = {{"Lang", "zh"}, {"Weight", "1.50"}}},
                    .targets = {.devices = {}, .devices_file = "fleet.csv", .column = "dev"},
                    .chunk_size = 50,
                    .rate = 7.5,
                    .safe_to_repeat = true,
                    .on_doubt = OnDoubt::presume,
                    .retry = {.max_attempts = 9, .base = 250ms, .cap = 2min, .deadline = 48h}});
}

TEST_CASE("job file: what is left out has the documented default") {
  const Job read = job(job_with("\"targets\": {\"devices\": [\"dev-1\", \"dev-2\", \"dev-1\"]}"));

  CHECK(read.tenant == "");
  CHECK(read.call.args == "{}");
  CHECK_FALSE(read.call.qos);
  CHECK_FALSE(read.call.iot_instance_id);
  CHECK(read.targets.devices == std::vector<std::string>{"dev-1", "dev-2", "dev-1"});
  CHECK(read.chunk_size == 100);
  CHECK_FALSE(read.rate);
  CHECK_FALSE(read.safe_to_repeat);
  CHECK(read.on_doubt == OnDoubt::hold);
  CHECK(read.retry == RetryPolicy{5, 500ms, 60s, 6h});
}

TEST_CASE("job file: targets may be absent or empty, because the command line may give them") {
  CHECK(job(job_with("\"rate\": 1")).targets == Targets{});
  CHECK(job(job_with("\"rate\": 1,\n\"targets\": {}")).targets == Targets{});
  CHECK(job(job_with("\"targets\": {}")).targets == Targets{});
}

TEST_CASE("job file: args keeps the author's bytes") {
  for (const std::string args : {R"({"a": 10.0, "b":1E1})", R"({"big":12345678901234567890,"neg":-0.0})",
                                 R"({"z":1,"a":2})", "{ \n\t\"name\" : \"é阿\\u00e4\\/\" }", "{}",
                                 R"({"deep":{"list":[1,2,{"x":null}]}})", R"({"n":1e400})"}) {
    CAPTURE(args);
    CHECK(job(call_with("\"args\": " + args)).call.args == args);
  }
}

TEST_CASE("job file: args must be strict JSON, because it is sent as it is written") {
  CHECK(error_of(call_with("\"args\": {\"a\": 1, // one\n}"))
            .starts_with("job.json:2:18: call.args: a comment may not stand here; expected strict JSON"));
  CHECK(error_of(call_with("\"args\": {\"a\": 1,}"))
            .starts_with(
                "job.json:2:17: call.args: a comma may not stand before this bracket; expected strict JSON"));
  CHECK(error_of(call_with("\"args\": {\"a\": [1,]}"))
            .starts_with("job.json:2:18: call.args: a comma may not"));
  CHECK(error_of(call_with("\"args\": [1]")) ==
        "job.json:2:9: call.args: a list where something else belongs; expected an object such as "
        "{\"ratio\": 10.0}");
  CHECK(error_of(call_with("\"args\": \"{}\"")).find("call.args: text where something else") !=
        std::string::npos);
  CHECK(error_of(call_with("\"args\": {\"a\": {\"x\": 1, \"x\": 2}}")) ==
        "job.json:2:24: call.args.a.x: duplicate key, first given at line 2, column 16; expected once");
  CHECK(
      error_of(call_with("\"args\": {\"l\": [{\"x\": 1, \"x\": 2}]}")).find("call.args.l[0].x: duplicate") !=
      std::string::npos);
}

TEST_CASE("job file: all errors are told at once, in the order of their places") {
  CHECK(
      error_of("{\n"
               "  \"name\": \"\",\n"
               "  \"call\": {\"product_key\": \"a 1\", \"identifer\": \"Set\", \"qos\": 2},\n"
               "  \"chunk_size\": 101,\n"
               "  \"rate\": 0,\n"
               "  \"name\": \"again\",\n"
               "  \"safe_to_repeat\": \"yes\"\n"
               "}") ==
      "job.json:2:11: name: \"\" does not fit; expected 1 to 128 printable characters, no blank at the ends\n"
      "job.json:3:11: call.identifier: missing; expected the service's identifier, for example \"Set\"\n"
      "job.json:3:27: call.product_key: \"a 1\" does not fit; expected 1 to 128 ASCII characters without "
      "blanks\n"
      "job.json:3:34: call.identifer: unknown key; did you mean \"identifier\"?\n"
      "job.json:3:61: call.qos: 2 does not fit; expected a whole number from 0 to 1\n"
      "job.json:4:17: chunk_size: 101 does not fit; expected a whole number from 1 to 100\n"
      "job.json:5:11: rate: 0 does not fit; expected a number from 0.001 to 100000\n"
      "job.json:6:3: name: duplicate key, first given at line 2, column 3; expected once\n"
      "job.json:7:21: safe_to_repeat: text where something else belongs; expected true or false");
}

TEST_CASE("job file: a missing key is told at the object that lacks it") {
  CHECK(error_of("{}") ==
        "job.json:1:1: name: missing; expected a name for the job, for example \"fw-2.14-config\"\n"
        "job.json:1:1: call: missing; expected an object with product_key and identifier");
  CHECK(error_of("[]") == "job.json:1:1: a list where the job belongs; expected an object in { }");
  CHECK(error_of("null") == "job.json:1:1: null where the job belongs; expected an object in { }");
}

TEST_CASE("job file: what becomes of doubt is one of three words, and a mistyped one is recognised") {
  CHECK(job(job_with("\"on_doubt\": \"hold\"")).on_doubt == OnDoubt::hold);
  CHECK(job(job_with("\"on_doubt\": \"resend\"")).on_doubt == OnDoubt::resend);

  CHECK(error_of(job_with("\"on_doubt\": \"resned\"")) ==
        "job.json:2:13: on_doubt: \"resned\" is no such word; did you mean \"resend\"?");
  CHECK(error_of(job_with("\"on_doubt\": \"verify\"")) ==
        "job.json:2:13: on_doubt: \"verify\" is no such word; expected \"hold\", \"presume\" or \"resend\"");
  CHECK(error_of(job_with("\"on_doubt\": false")) ==
        "job.json:2:13: on_doubt: true or false where something else belongs; expected \"hold\", \"presume\" "
        "or "
        "\"resend\"");
}

TEST_CASE("job file: unknown keys are refused") {
  CHECK(error_of(job_with("\"xyz\": 1"))
            .starts_with("job.json:2:1: xyz: unknown key; expected one of $schema, name"));
  CHECK(error_of(job_with("\"a\\u001b[0m\": 1")).starts_with("job.json:2:1: a\\x1B[0m: unknown key"));
}

TEST_CASE("job file: values that do not fit are refused with what was found") {
  const std::pair<std::string, std::string> rows[] = {
      {"\"chunk_size\": 0", "chunk_size: 0 does not fit"},
      {"\"chunk_size\": -1", "chunk_size: -1 does not fit"},
      {"\"chunk_size\": 10.0", "chunk_size: 10.0 does not fit"},
      {"\"chunk_size\": 1e1", "chunk_size: 1e1 does not fit"},
      {"\"chunk_size\": 99999999999999999999", "chunk_size: 99999999999999999999 does not fit"},
      {"\"chunk_size\": \"100\"", "chunk_size: text where something else belongs"},
      {"\"rate\": -1", "rate: -1 does not fit"},
      {"\"rate\": 1e400", "rate: 1e400 does not fit"},
      {"\"rate\": 1e-400", "rate: 1e-400 does not fit"},
      {"\"rate\": null", "rate: null where something else belongs"},
      {"\"tenant\": \"\"", "tenant: \"\" does not fit"},
      {"\"tenant\": \"a\\nb\"", "tenant: \"a\\x0Ab\" does not fit"},
      {"\"$schema\": 1", "$schema: a number where something else belongs"},
      {"\"targets\": []", "targets: a list where something else belongs"},
      {"\"targets\": {\"devices\": []}", "targets.devices: the list is empty; expected at least one device"},
      {"\"targets\": {\"devices\": \"dev-1\"}", "targets.devices: text where something else belongs"},
      {"\"targets\": {\"devices\": [\"dev-1\", 5]}",
       "targets.devices[1]: a number where a device name belongs"},
      {"\"targets\": {\"devices\": [\"d\\u0000v1\"]}",
       "targets.devices[0]: \"d\\x00v1\" is not a device name"},
      {"\"targets\": {\"devices_file\": \"\"}", "targets.devices_file: \"\" does not fit"},
      {"\"targets\": {\"devices_file\": \"-\"}", "targets.devices_file: \"-\" does not fit"},
      {"\"targets\": {\"devices_file\": \"a\\u0000b\"}", "targets.devices_file: \"a\\x00b\" does not fit"},
      {"\"targets\": {\"devices\": [\"dev-1\"], \"devices_file\": \"f\"}",
       "targets.devices_file: given together with"},
      {"\"targets\": {\"column\": \"c\"}", "targets.column: given without \"devices_file\""},
      {"\"retry\": {\"max_attempts\": 0}", "retry.max_attempts: 0 does not fit"},
      {"\"retry\": {\"max_attempts\": 101}", "retry.max_attempts: 101 does not fit"},
      {"\"retry\": {\"base\": 500}", "retry.base: a number where something else belongs"},
      {"\"retry\": {\"base\": \"500\"}", "retry.base: \"500\" does not fit; expected a duration such as"},
      {"\"retry\": {\"cap\": \"100ms\"}", "retry.cap: base (500 ms) is longer than cap (100 ms)"},
      {"\"retry\": {\"base\": \"2m\"}", "retry.base: base (120000 ms) is longer than cap (60000 ms)"},
      {"\"call\": 1", "call: duplicate key, first given at line 1, column 15"},
  };
  for (const auto& [members, message] : rows) {
    CAPTURE(members);
    const std::string error = error_of(job_with(members));
    CAPTURE(error);
    CHECK(error.find(": " + message) != std::string::npos);
    CHECK(error.find('\n') == std::string::npos);
  }
}

TEST_CASE("job file: a job's name has at most 128 characters, not bytes, and none that hides") {
  const auto with_name = [](const std::string& name) {
    return read_job(
        "f", "{\"name\": \"" + name + "\", \"call\": {\"product_key\": \"p\", \"identifier\": \"i\"}}");
  };
  std::string umlauts;
  for (int i = 0; i < 128; ++i) umlauts += "ü";

  CHECK(with_name(umlauts).has_value());
  CHECK_FALSE(with_name(umlauts + "ü").has_value());
  for (const std::string name : {" a", "a ", " ", "a\\tb", "a\u202Eb", "a\u200Bb", "a\\u0000"}) {
    CAPTURE(name);
    CHECK_FALSE(with_name(name).has_value());
  }
}

TEST_CASE("job file: parameters that sluice sets itself are refused") {
  for (const std::string name :
       {"Action", "Version", "Format", "Signature", "SignatureNonce", "SignatureMethod", "AccessKeyId",
        "Timestamp", "SecurityToken", "RegionId", "ProductKey", "DeviceName", "DeviceName.1", "DeviceName.x",
        "Identifier", "Args", "IotInstanceId", "Qos"}) {
    CAPTURE(name);
    CHECK(error_of(call_with("\"parameters\": {\"" + name + "\": \"x\"}")) ==
          "job.json:2:16: call.parameters." + name +
              ": set by sluice itself; expected another parameter's name");
  }
  CHECK(error_of(call_with("\"parameters\": {\"a b\": \"x\"}")).find("not a parameter's name") !=
        std::string::npos);
  CHECK(error_of(call_with("\"parameters\": {\"a\": true}")).find("call.parameters.a: true or false where") !=
        std::string::npos);
  CHECK(error_of(call_with("\"parameters\": {\"a\": \"1\", \"a\": \"2\"}"))
            .find("call.parameters.a: duplicate") != std::string::npos);
}

TEST_CASE("job file: of many bad device names ten are shown, and the others counted") {
  std::string list = "\"!\"";
  for (int i = 1; i < 5000; ++i) list += ",\"!\"";

  const std::string error = error_of(job_with("\"targets\": {\"devices\": [" + list + "]}"));

  CHECK(error.find("targets.devices[9]: \"!\"") != std::string::npos);
  CHECK(error.find("targets.devices[10]") == std::string::npos);
  CHECK(error.ends_with("targets.devices: … and 4990 more that are no device names, up to here"));
}

TEST_CASE("job file: of very many findings a hundred are shown, and the others counted") {
  std::string members = "\"k0\": 1";
  for (int i = 1; i < 250; ++i) members += ", \"k" + std::to_string(i) + "\": 1";

  const std::string error = error_of(job_with(members));

  CHECK(std::count(error.begin(), error.end(), '\n') == 100);
  CHECK(error.ends_with("\n… and 150 more"));
}

TEST_CASE("job file: durations are a whole number and a unit") {
  CHECK(parse_duration("500ms") == 500ms);
  CHECK(parse_duration("60s") == 60s);
  CHECK(parse_duration("15m") == 15min);
  CHECK(parse_duration("6h") == 6h);
  CHECK(parse_duration("999d") == 999 * 24h);
  for (const std::string text : {"", "s", "0s", "05s", "-1s", "+1s", "1.5s", "1 s", "1S", "1w", "1sec", "ms",
                                 "1000d", "99999999999999999999s", "1s ", " 1s"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text));
  }
}

TEST_CASE("job file: a suggestion is made for near words only") {
  constexpr std::string_view words[] = {"identifier", "args", "qos", "product_key"};
  CHECK(nearest_word("identifer", words) == "identifier");
  CHECK(nearest_word("productKey", words) == "product_key");
  CHECK(nearest_word("agrs", words) == "args");
  CHECK(nearest_word("QOS", words) == "qos");
  CHECK_FALSE(nearest_word("color", words));
  CHECK_FALSE(nearest_word("", words));
  CHECK_FALSE(nearest_word(std::string(100'000, 'a'), words));
}

TEST_CASE("job file: what is not a readable regular file is one clear error, and nothing waits") {
  const ScratchFolder folder;
  std::filesystem::create_directory(folder.path("folder"));
  REQUIRE(::mkfifo(folder.path("pipe").c_str(), 0600) == 0);
  const std::string large = folder.write("large.json", std::string(1024 * 1024 + 1, ' '));
  std::filesystem::create_symlink("loop", folder.path("loop"));

  const auto error_at = [](const std::string& path) {
    const auto read = read_job_file(path);
    REQUIRE_FALSE(read.has_value());
    CHECK_FALSE(read.error().hint.empty());
    CHECK(read.error().message.find('\n') == std::string::npos);
    return read.error();
  };
  CHECK(error_at(folder.path("none.json")).kind == ErrorKind::not_found);
  CHECK(error_at(folder.path("none.json")).message.ends_with("none.json: there is no such job file"));
  for (const std::string& path :
       {folder.path("folder"), folder.path("pipe"), std::string("/dev/null"), large, folder.path("loop"),
        std::string(), std::string("a\0b", 3), std::string(5000, 'x')}) {
    CAPTURE(path);
    CHECK(error_at(path).kind == ErrorKind::invalid_input);
  }
  CHECK(error_at(folder.path("folder")).message.find("a folder, not a job file") != std::string::npos);
  CHECK(error_at(folder.path("pipe")).message.find("a pipe, not a job file") != std::string::npos);
  CHECK(error_at(large).message.find("longer than 1048576 bytes") != std::string::npos);
}

TEST_CASE("job file: an unreadable file says so") {
  if (::geteuid() == 0) return;  // root may read everything
  const ScratchFolder folder;
  const std::string path = folder.write("job.json", "{}");
  std::filesystem::permissions(path, std::filesystem::perms::none);

  const auto read = read_job_file(path);

  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().kind == ErrorKind::invalid_input);
  CHECK(read.error().message.ends_with("cannot read the job file: Permission denied"));
}

TEST_CASE("job file: a file is read through a symlink, and its text handed out as it was read") {
  const ScratchFolder folder;
  const std::string text = job_with("\"rate\": 1 // slow\n");
  folder.write("job.json", text);
  std::filesystem::create_symlink("job.json", folder.path("link.json"));
  std::string text_out;

  const auto read = read_job_file(folder.path("link.json"), &text_out);

  REQUIRE(read.has_value());
  CHECK(read->rate == 1.0);
  CHECK(text_out == text);
}
