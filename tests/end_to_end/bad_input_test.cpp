// SPDX-License-Identifier: MIT
// Input that cannot be used: one clear message with the next step, the exit code of the contract, nothing on
// stdout, nothing lost in the store.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <filesystem>
#include <functional>
#include <sstream>

#include "end_to_end/scene.hpp"

namespace sluice::tests {
namespace {

using namespace std::string_literals;

/// The cloud's own address; the key of the tests is none there, and nothing in these tests gets so far.
constexpr const char* far_away = "https://iot.cn-shanghai.aliyuncs.com";

struct BadInput {
  std::string what;
  int exit_code;
  const char* message;                 ///< a part of what stderr says
  std::function<Words(Scene&)> words;  ///< prepares the mischief
};

Words run_far_away(const Scene& scene, const Words& more = {}) {
  Words words{"run", scene.job, "--store", scene.store, "--endpoint", far_away};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

/// Runs the job with this text as its file.
std::function<Words(Scene&)> job_file(std::string text) {
  return [text = std::move(text)](Scene& scene) {
    scene.folder.write("job.json", text);
    return run_far_away(scene);
  };
}

/// Runs the job with this text as its device list.
std::function<Words(Scene&)> device_list(std::string text) {
  return [text = std::move(text)](Scene& scene) {
    scene.folder.write("fleet.txt", text);
    return run_far_away(scene);
  };
}

std::function<Words(Scene&)> options(Words more) {
  return [more = std::move(more)](Scene& scene) { return run_far_away(scene, more); };
}

std::function<Words(Scene&)> verb(Words words) {
  return [words = std::move(words)](Scene& scene) {
    Words all = words;
    all.insert(all.end(), {"--store", scene.store});
    return all;
  };
}

Words without_credentials(Scene& scene) {
  std::erase_if(scene.environment,
                [](const std::string& variable) { return variable.starts_with("ALIBABA_"); });
  return run_far_away(scene);
}

Words with_shared_credentials(Scene& scene) {
  const std::string file = scene.folder.write(
      "key.ini", "[default]\ntype = access_key\naccess_key_id = testid\naccess_key_secret = testsecret\n");
  ::chmod(file.c_str(), 0644);
  return run_far_away(scene, {"--credentials", file});
}

Words with_pipe_as_list(Scene& scene) {
  const std::string pipe = scene.folder / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  return run_far_away(scene, {"--devices", pipe});
}

Words with_other_file_as_store(Scene& scene) {
  const std::string file = scene.folder.write("notes.txt", std::string(4096, 'n'));
  return {"run", scene.job, "--store", file, "--endpoint", far_away};
}

std::string nested(int depth) { return std::string(static_cast<std::size_t>(depth), '['); }

std::vector<BadInput> bad_inputs() {
  return {
      {"job file: malformed", 3, "job.json:1:10: ", job_file("{\"name\": nothing}")},
      {"job file: truncated", 3, "job.json:1:", job_file(job_text().substr(0, 60))},
      {"job file: empty", 3, "job.json", job_file("")},
      {"job file: huge", 3, "longer than 1048576 bytes", job_file(job_text() + std::string(1 << 20, ' '))},
      {"job file: deep", 3, "job.json:1:", job_file("{\"name\": " + nested(100'000))},
      {"job file: unknown field", 3, "did you mean \"chunk_size\"?",
       job_file(job_text(R"("chunksize": 10,)"))},
      {"job file: wrong type", 3, "chunk_size", job_file(job_text(R"("chunk_size": "ten",)"))},
      {"job file: chunk size", 3, "chunk_size", job_file(job_text(R"("chunk_size": 101,)"))},
      {"job file: rate 0", 3, "rate", job_file(job_text(R"("rate": 0,)"))},
      {"job file: rate above the tenant's", 3, "above the 10", job_file(job_text(R"("rate": 11,)"))},
      {"job file: hostile text", 3, "job.json:1:", job_file("{\"na\x1b[2J\xff\": 1}")},
      {"job file: a list of no devices", 3, "targets.devices: the list is empty",
       [](Scene& scene) {
         scene.folder.write("none.json", R"({"name": "n", "targets": {"devices": []}, )"
                                         R"("call": {"product_key": "a1BwAGVxxxx", "identifier": "Set"}})");
         return Words{"validate", scene.folder / "none.json"};
       }},
      {"job file: missing", 4, "absent.json", verb({"run", "absent.json"})},
      {"job file: a folder", 3, "folder", verb({"run", "/"})},
      {"option: rate 0", 2, "--rate 0", options({"--rate", "0"})},
      {"option: rate above the tenant's", 2, "above the 10", options({"--rate", "11"})},
      {"option: not a number", 2, "--rate", options({"--rate", "fast"})},
      {"option: HTTP over the net", 2, "loopback",
       [](Scene& scene) {
         return Words{"run", scene.job, "--store", scene.store, "--endpoint", "http://iot.example.com"};
       }},
      {"option: CA file missing", 4, "cannot be read", options({"--ca-file", "absent.pem"})},
      {"option: unknown", 2, "--retries", options({"--retries", "3"})},
      {"option: mistyped", 2, "Did you mean --rate?", options({"--rat", "3"})},
      {"option: an empty value", 2, "--devices is given with an empty value", options({"--devices", ""})},
      {"option: rate below the job file's least", 2, "--rate 0.0001: expected",
       options({"--rate", "0.0001"})},
      {"option: rate beyond all numbers", 2, "--rate 1e400: expected", options({"--rate", "1e400"})},
      {"option: progress", 2, "auto, plain, json, none", options({"--progress", "foo"})},
      {"option: limit 0", 2, "--limit 0: expected a whole number", verb({"list", "--limit", "0"})},
      {"option: limit below 0", 2, "--limit -1: expected a whole number", verb({"list", "--limit", "-1"})},
      {"option: limit of the simulated cloud", 2, "--limit 0: expected a number",
       [](Scene&) { return Words{"simulate", "--limit", "0"}; }},
      {"devices: missing file", 4, "absent.txt", options({"--devices", "absent.txt"})},
      {"devices: a folder", 3, "folder", options({"--devices", "."})},
      {"devices: a pipe", 3, "pipe", with_pipe_as_list},
      {"devices: invalid UTF-8", 3, "fleet.txt:2", device_list("dev-000001\ndev-\xff\xfe\x80\n")},
      {"devices: NUL", 3, "fleet.txt:2", device_list("dev-000001\ndev-\0more\n"s)},
      {"devices: escape sequence", 3, "fleet.txt:2", device_list("dev-000001\n\x1b]0;owned\x07\x1b[31m\n")},
      {"devices: C1 control and bidi", 3, "fleet.txt:1",
       device_list("dev-\xc2\x9b"
                   "31m\xe2\x80\xae\n")},
      {"devices: an empty list", 3, "fleet.txt", device_list("# nobody\n\n")},
      {"devices: not as many as expected", 6, "the list has 3 devices, but 4 were expected",
       options({"--expect-devices", "4"})},
      {"credentials: none", 11, "No access key found", without_credentials},
      {"credentials: readable by others", 11, "chmod 600", with_shared_credentials},
      {"store: another file", 1, "not a store", with_other_file_as_store},
      {"store: a folder", 3, "is a folder",
       [](Scene& scene) {
         return Words{"run", scene.job, "--store", scene.folder.path().string(), "--endpoint", far_away};
       }},
      {"store: a folder, to read", 3, "is a folder",
       [](Scene& scene) { return Words{"list", "--store", scene.folder.path().string()}; }},
      {"store: a pipe, to read", 3, "no regular file",
       [](Scene& scene) {
         const std::string pipe = scene.folder / "pipe";
         REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
         return Words{"list", "--store", pipe};
       }},
      {"store: a device", 3, "no regular file",
       [](Scene& scene) { return Words{"run", scene.job, "--store", "/dev/null", "--endpoint", far_away}; }},
      {"store: a link to nowhere", 3, "is a symbolic link to ",
       [](Scene& scene) {
         const std::string link = scene.folder / "link.db";
         std::filesystem::create_symlink(scene.folder / "unmounted.db", link);
         return Words{"list", "--store", link};
       }},
      {"faults: missing", 4, "there is no such fault plan",
       verb({"rehearse", "job.json", "--faults", "nope"})},
      {"faults: malformed", 3, "plan.json",
       [](Scene& scene) {
         return Words{"rehearse", scene.job, "--faults", scene.folder.write("plan.json", "{\"x\": 1}")};
       }},
      {"simulate: a key without TLS", 2, "--tls-key is given without --tls",
       [](Scene&) { return Words{"simulate", "--tls-key", "key.pem"}; }},
      {"store: a folder that cannot be", 1, "store",
       [](Scene& scene) {
         return Words{"run", scene.job, "--store", "/proc/none/sluice.db", "--endpoint", far_away};
       }},
      {"run: unknown", 4, "there is no run 77", verb({"status", "77"})},
      {"run: unknown, to resume", 4, "there is no run 77", verb({"resume", "77"})},
      {"verb: unknown", 2, "Did you mean `sluice resume`?", verb({"resum"})},
      {"verb: none", 2, "sluice --help", [](Scene&) { return Words{}; }},
      {"output: unknown", 2, "table, json, ndjson, csv, txt", verb({"results", "1", "--output", "yaml"})},
      {"output: one of another verb's", 2, "One of text, json.", verb({"list", "--output", "csv"})},
      {"output: of a run", 2, "One of text, json.", options({"--output", "xml"})},
      {"run: no number", 2, "not a run's number", verb({"status", "newest"})},
      {"state: unknown", 2, "no such state", verb({"results", "1", "--state", "done"})},
  };
}

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t times = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) ++times;
  return times;
}

/// Nothing that a terminal would obey, or that is no UTF-8 of ours.
bool is_harmless(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return c == '\n' || (c >= ' ' && c != 0x7f); }) &&
         text.find("\xff") == text.npos && text.find("\xc2\x9b") == text.npos &&
         text.find("\xe2\x80\xae") == text.npos;
}

std::string listed(const Scene& scene) {
  return scene.sluice({"list", "--store", scene.store, "--output", "json"}).out;
}

}  // namespace

TEST_CASE("end to end: bad input ends in one message with the next step, and harms nothing") {
  for (const BadInput& row : bad_inputs()) {
    CAPTURE(row.what);
    Scene scene{3};
    scene.folder.write("job.json", job_text(R"("conflict": "allow",)"));
    REQUIRE(scene.sluice({"submit", scene.job, "--store", scene.store, "--endpoint", far_away}).exit_code ==
            0);
    const std::string before = listed(scene);
    REQUIRE(json_object(before).at("runs").as_array().size() == 1);

    const ProgramEnd end = scene.sluice(row.words(scene));

    CAPTURE(end.err);
    CHECK(end.exit_code == row.exit_code);
    CHECK(end.out.empty());
    CHECK(end.err.starts_with("sluice: "));
    CHECK(count(end.err, "sluice: ") == 1);
    CHECK(end.err.find(row.message) != std::string::npos);
    // The last line is the hint, and is not empty.
    CHECK(end.err.find("\n  ") != std::string::npos);
    CHECK(end.err.size() < 4096);
    CHECK(is_harmless(end.err));
    CHECK(listed(scene) == before);
  }
}

TEST_CASE("end to end: under --output json an error is JSON with code, message and hint") {
  Scene scene{3};
  scene.folder.write("fleet.txt", "dev-000001\ndev-\x1b[31m\n");

  const ProgramEnd end = scene.sluice(run_far_away(scene, {"--output", "json"}));

  CHECK(end.exit_code == 3);
  const boost::json::object error = json_object(end.out);
  CHECK(error.at("schema_version") == 1);
  CHECK(error.at("error").at("code") == "invalid_input");
  CHECK(error.at("error").at("message").as_string().find("fleet.txt:2") != std::string::npos);
  CHECK_FALSE(error.at("error").at("hint").as_string().empty());
  CHECK(is_harmless(end.out));
}

TEST_CASE("end to end: wrong use of the command line is JSON too under --output json") {
  Scene scene{3};

  const ProgramEnd end = scene.sluice(run_far_away(scene, {"--retries", "3", "--output", "json"}));

  CHECK(end.exit_code == 2);
  CHECK(json_object(end.out).at("error").at("code") == "usage");
}

TEST_CASE("end to end: a word that is no verb is named as JSON too, wherever the format stands") {
  Scene scene{3};

  const ProgramEnd end = scene.sluice({"bogus", "--output", "json"});

  CHECK(end.exit_code == 2);
  CHECK(json_object(end.out).at("error").at("message") == "there is no verb \"bogus\"");
}

TEST_CASE("end to end: each verb's help has its examples, the options of all verbs, and the environment") {
  Scene scene{3};

  const std::string top = scene.sluice({"--help"}).out;
  CHECK(scene.sluice({"help"}).out == top);
  CHECK(top.find("Examples:") < top.find("Options:"));
  CHECK(top.find("SLUICE_STORE") != std::string::npos);
  const std::string run = scene.sluice({"run", "--help"}).out;
  CHECK(scene.sluice({"help", "run"}).out == run);
  CHECK(run.find("Examples:") < run.find("Options:"));
  for (const char* word : {"--store FILE", "--config FILE", "--output FORMAT", "--progress HOW", "--quiet",
                           "--verbose", "SLUICE_STORE", "SLUICE_CONFIG", "SLUICE_TENANT", "SLUICE_ENDPOINT",
                           "SLUICE_RATE", "SLUICE_IN_FLIGHT", "SLUICE_CREDENTIALS", "SLUICE_CA_FILE"}) {
    CAPTURE(word);
    CHECK(run.find(word) != std::string::npos);
  }
}

TEST_CASE("end to end: the help of resume does not promise what the environment says of a run") {
  Scene scene{3};

  const std::string resume = scene.sluice({"resume", "--help"}).out;

  CHECK(resume.find("(or SLUICE_ENDPOINT)") == std::string::npos);
  CHECK(resume.find("[where the run was sent before]") != std::string::npos);
  CHECK(scene.sluice({"run", "--help"}).out.find("(or SLUICE_ENDPOINT)") != std::string::npos);
}

TEST_CASE("end to end: the job's own column is not looked for in a list of names on standard input") {
  Scene scene{3};
  scene.folder.write("fleet.csv", "id,device\n1,dev-000001\n");
  const std::string job = scene.folder.write(
      "csv.json", R"({"name": "n", "targets": {"devices_file": "fleet.csv", "column": "device"}, )"
                  R"("call": {"product_key": "a1BwAGVxxxx", "identifier": "Set"}})");

  const ProgramEnd text = scene.sluice({"validate", job, "--devices", "-"}, "dev-000001\ndev-000002\n");
  const ProgramEnd csv =
      scene.sluice({"validate", job, "--devices", "-", "--column", "id"}, "id\ndev-000001\n");

  CHECK(text.out.find("valid, 2 devices") != std::string::npos);
  CHECK(csv.out.find("valid, 1 device\n") != std::string::npos);
}

TEST_CASE("end to end: results take text for table") {
  Scene scene{3};
  REQUIRE(scene.sluice({"submit", scene.job, "--store", scene.store, "--endpoint", far_away}).exit_code == 0);

  const ProgramEnd text = scene.sluice({"results", "1", "--store", scene.store, "--output", "text"});

  CHECK(text.exit_code == 0);
  CHECK(text.out == scene.sluice({"results", "1", "--store", scene.store, "--output", "table"}).out);
}

TEST_CASE("end to end: a list that is not as long as expected leaves no run in the store") {
  Scene scene{250};

  const ProgramEnd end = scene.sluice(run_far_away(scene, {"--expect-devices", "249"}));

  CHECK(end.exit_code == 6);
  CHECK(json_object(listed(scene)).at("runs").as_array().empty());
}

TEST_CASE("end to end: a second process is kept off a store in use, and may look at it") {
  Scene scene{1000};
  scene.folder.write("job.json", job_text(R"("chunk_size": 5,)"));
  scene.start_cloud();
  scene.rate = "20";
  std::unique_ptr<Program> owner = scene.start(scene.run());
  REQUIRE(owner->wait_until([&] { return scene.cloud->summary().requests > 0; }));

  const ProgramEnd second = scene.sluice(scene.run());

  CHECK(second.exit_code == 6);
  CHECK(second.err.find("in use by process " + std::to_string(owner->id())) != std::string::npos);
  CHECK(scene.status().at("being_sent") == true);
  CHECK(json_object(listed(scene)).at("runs").as_array().size() == 1);
}

}  // namespace sluice::tests
