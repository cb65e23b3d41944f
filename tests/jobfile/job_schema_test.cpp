// SPDX-License-Identifier: MIT
// Keeps samples/job.schema.json true: the same keys as the reader, the same verdict on the same documents.
#include <doctest/doctest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "jobfile/job_keys.hpp"
#include "sluice/jobfile/job_file.hpp"

using namespace sluice;
namespace json = boost::json;

namespace {

const std::filesystem::path samples = std::filesystem::path(SLUICE_SOURCE_DIR) / "samples";

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file);
  return {std::istreambuf_iterator<char>(file), {}};
}

json::value relaxed_json(const std::string& text) {
  json::parse_options options;
  options.allow_comments = true;
  options.allow_trailing_commas = true;
  return json::parse(text, {}, options);
}

class Schema {
 public:
  Schema() : document_(json::parse(content_of(samples / "job.schema.json"))) {
    valijson::SchemaParser parser;
    parser.populateSchema(valijson::adapters::BoostJsonAdapter(document_), schema_);
  }

  bool accepts(const std::string& text) const {
    const json::value job = relaxed_json(text);
    valijson::Validator validator;
    return validator.validate(schema_, valijson::adapters::BoostJsonAdapter(job), nullptr);
  }

  const json::value& document() const { return document_; }

 private:
  json::value document_;
  valijson::Schema schema_;
};

std::set<std::string> keys_of(const json::value& schema_of_object) {
  std::set<std::string> keys;
  for (const auto& property : schema_of_object.at("properties").as_object()) keys.emplace(property.key());
  return keys;
}

std::set<std::string> keys_of(const ObjectKeys& keys) { return {keys.known.begin(), keys.known.end()}; }

constexpr const char* head = R"({"name": "n", "call": {"product_key": "p", "identifier": "i")";

std::string with_call(const std::string& members) { return std::string(head) + ", " + members + "}}"; }
std::string with(const std::string& members) { return std::string(head) + "}, " + members + "}"; }

}  // namespace

TEST_CASE("job schema: lists exactly the keys that the reader knows") {
  const Schema schema;
  const json::value& job = schema.document();

  CHECK(keys_of(job) == keys_of(job_keys::job));
  CHECK(keys_of(job.at("properties").at("call")) == keys_of(job_keys::call));
  CHECK(keys_of(job.at("properties").at("targets")) == keys_of(job_keys::targets));
  CHECK(keys_of(job.at("properties").at("retry")) == keys_of(job_keys::retry));
  CHECK(keys_of(job.at("properties").at("params").at("additionalProperties")) == keys_of(job_keys::param));
  CHECK(keys_of(job.at("properties").at("window")) == keys_of(job_keys::window));
  CHECK(keys_of(job.at("properties").at("schedule")) == keys_of(job_keys::schedule));
}

TEST_CASE("job schema: every sample job is valid by schema and reader") {
  const Schema schema;
  int jobs = 0;
  for (const std::string name : {"hello.json", "fleet.json", "fleet_csv.json", "nightly.json"}) {
    CAPTURE(name);
    const std::string text = content_of(samples / name);

    CHECK(schema.accepts(text));
    CHECK(read_job_file((samples / name).string()).has_value());
    ++jobs;
  }
  CHECK(jobs == 4);
}

TEST_CASE("job schema: judges documents as the reader does") {
  const Schema schema;
  const std::pair<bool, std::string> rows[] = {
      {true, with_call("\"args\": {}")},
      {true, with_call("\"args\": {\"a\": 10.0, \"b\": [1, {\"c\": null}]}")},
      {false, with_call("\"args\": []")},
      {false, with_call("\"args\": \"{}\"")},
      {true, with_call("\"qos\": 0")},
      {true, with_call("\"qos\": 1")},
      {false, with_call("\"qos\": 2")},
      {false, with_call("\"qos\": -1")},
      {false, with_call("\"qos\": 0.5")},
      {false, with_call("\"qos\": true")},
      {false, with_call("\"qos\": \"1\"")},
      {true, with_call("\"iot_instance_id\": \"iot-060a0\"")},
      {false, with_call("\"iot_instance_id\": \"\"")},
      {false, with_call("\"iot_instance_id\": null")},
      {true, with_call("\"parameters\": {}")},
      {true, with_call("\"parameters\": {\"Lang\": \"zh\", \"W.1\": 1.5, \"actionX\": \"\"}")},
      {false, with_call("\"parameters\": {\"Lang\": true}")},
      {false, with_call("\"parameters\": {\"Lang\": {}}")},
      {false, with_call("\"parameters\": {\"\": \"x\"}")},
      {false, with_call("\"parameters\": {\"a b\": \"x\"}")},
      {false, with_call("\"parameters\": {\"Action\": \"x\"}")},
      {true, with_call("\"parameters\": {\"Actions\": \"x\"}")},
      {false, with_call("\"parameters\": {\"SignatureNonce\": \"x\"}")},
      {false, with_call("\"parameters\": {\"Signature\": \"x\"}")},
      {false, with_call("\"parameters\": {\"DeviceName.7\": \"x\"}")},
      {false, with_call("\"parameters\": {\"DeviceName\": \"x\"}")},
      {false, with_call("\"parameters\": {\"Qos\": 1}")},
      {false, with_call("\"parameters\": {\"IotInstanceId\": \"x\"}")},
      {false, with_call("\"parameters\": []")},
      {false, with_call("\"identifer\": \"x\"")},
      {true, std::string(head) + "}}"},
      {false, "{}"},
      {false, "[]"},
      {false, "\"job\""},
      {false, R"({"name": "n"})"},
      {false, R"({"name": "n", "call": {}})"},
      {false, R"({"name": "n", "call": {"product_key": "p"}})"},
      {false, R"({"name": "n", "call": []})"},
      {false, R"({"call": {"product_key": "p", "identifier": "i"}})"},
      {false, R"({"name": "", "call": {"product_key": "p", "identifier": "i"}})"},
      {false, R"({"name": " n", "call": {"product_key": "p", "identifier": "i"}})"},
      {false, R"({"name": "n ", "call": {"product_key": "p", "identifier": "i"}})"},
      {false, R"({"name": "a\nb", "call": {"product_key": "p", "identifier": "i"}})"},
      {true, R"({"name": "Köln 2", "call": {"product_key": "p", "identifier": "i"}})"},
      {true, "{\"name\": \"" + std::string(128, 'n') +
                 "\", \"call\": {\"product_key\": \"p\", \"identifier\": \"i\"}}"},
      {false, "{\"name\": \"" + std::string(129, 'n') +
                  "\", \"call\": {\"product_key\": \"p\", \"identifier\": \"i\"}}"},
      {false, R"({"name": "n", "call": {"product_key": "p q", "identifier": "i"}})"},
      {false, R"({"name": "n", "call": {"product_key": "p", "identifier": 5}})"},
      {true, with("\"tenant\": \"prod\"")},
      {false, with("\"tenant\": \"\"")},
      {false, with("\"tenant\": \"ü\"")},
      {true, with("\"targets\": {}")},
      {false, with("\"targets\": {\"devices\": []}")},
      {true, with("\"targets\": {\"devices\": [\"dev-1\", \"dev-1\"]}")},
      {false, with("\"targets\": {\"devices\": [\"dev\"]}")},
      {false, with("\"targets\": {\"devices\": [\"dev 1\"]}")},
      {false, with("\"targets\": {\"devices\": [\"" + std::string(33, 'd') + "\"]}")},
      {true, with("\"targets\": {\"devices\": [\"" + std::string(32, 'd') + "\"]}")},
      {false, with("\"targets\": {\"devices\": [1234]}")},
      {false, with("\"targets\": {\"devices\": {}}")},
      {true, with("\"targets\": {\"devices_file\": \"fleet.txt\"}")},
      {true, with("\"targets\": {\"devices_file\": \"fleet.csv\", \"column\": \"dev name\"}")},
      {false, with("\"targets\": {\"devices_file\": \"\"}")},
      {false, with("\"targets\": {\"devices_file\": \"-\"}")},
      {false, with("\"targets\": {\"devices_file\": \"fleet.csv\", \"column\": \"\"}")},
      {false, with("\"targets\": {\"column\": \"c\"}")},
      {false, with("\"targets\": {\"devices\": [\"dev-1\"], \"devices_file\": \"fleet.txt\"}")},
      {true, with("\"targets\": {\"where\": \"site = 'a'\"}")},
      {false, with("\"targets\": {\"where\": \"\"}")},
      {false, with("\"targets\": {\"where\": 5}")},
      {true, with("\"targets\": {\"exclude_file\": \"old.txt\"}")},
      {false, with("\"targets\": {\"exclude_file\": \"\"}")},
      {false, with("\"targets\": {\"exclude_file\": \"-\"}")},
      {true, with("\"params\": {}")},
      {true, with("\"params\": {\"a-1\": {\"type\": \"string\"}, \"_b\": {\"type\": \"number\", \"default\": "
                  "1.5}}")},
      {true, with("\"params\": {\"a\": {\"type\": \"integer\", \"default\": -1}}")},
      {true, with("\"params\": {\"a\": {\"type\": \"boolean\", \"default\": true}}")},
      {false, with("\"params\": []")},
      {false, with("\"params\": {\"a\": \"string\"}")},
      {false, with("\"params\": {\"a\": {}}")},
      {false, with("\"params\": {\"1a\": {\"type\": \"string\"}}")},
      {false, with("\"params\": {\"a\": {\"type\": \"text\"}}")},
      {false, with("\"params\": {\"a\": {\"type\": \"string\", \"default\": 1}}")},
      {false, with("\"params\": {\"a\": {\"type\": \"integer\", \"default\": 1.5}}")},
      {false, with("\"params\": {\"a\": {\"type\": \"number\", \"default\": \"1\"}}")},
      {false, with("\"params\": {\"a\": {\"type\": \"boolean\", \"default\": null}}")},
      {false, with("\"params\": {\"a\": {\"type\": \"string\", \"unit\": \"s\"}}")},
      {true, with("\"chunk_size\": 1")},
      {true, with("\"chunk_size\": 100")},
      {false, with("\"chunk_size\": 0")},
      {false, with("\"chunk_size\": 101")},
      {false, with("\"chunk_size\": 10.5")},
      {true, with("\"rate\": 0.001")},
      {true, with("\"rate\": 10")},
      {false, with("\"rate\": 0")},
      {false, with("\"rate\": -1")},
      {false, with("\"rate\": 100001")},
      {false, with("\"rate\": \"8\"")},
      {true, with("\"safe_to_repeat\": false")},
      {false, with("\"safe_to_repeat\": 0")},
      {true, with("\"on_doubt\": \"hold\"")},
      {true, with("\"on_doubt\": \"presume\"")},
      {true, with("\"on_doubt\": \"resend\"")},
      {false, with("\"on_doubt\": \"x\"")},
      {false, with("\"on_doubt\": \"Hold\"")},
      {false, with("\"on_doubt\": \"\"")},
      {false, with("\"on_doubt\": true")},
      {true, with("\"retry\": {}")},
      {true, with("\"retry\": {\"max_attempts\": 100, \"base\": \"1ms\", \"cap\": \"999d\", \"deadline\": "
                  "\"9999h\"}")},
      {false, with("\"retry\": {\"max_attempts\": 0}")},
      {false, with("\"retry\": {\"max_attempts\": 101}")},
      {false, with("\"retry\": {\"deadline\": \"0s\"}")},
      {false, with("\"retry\": {\"deadline\": \"1000d\"}")},
      {true, with("\"retry\": {\"deadline\": \"999999999ms\"}")},
      {false, with("\"retry\": {\"deadline\": \"1000000000ms\"}")},
      {true, with("\"retry\": {\"deadline\": \"9999999s\"}")},
      {false, with("\"retry\": {\"deadline\": \"10000000s\"}")},
      {true, with("\"retry\": {\"deadline\": \"999999m\"}")},
      {false, with("\"retry\": {\"deadline\": \"1000000m\"}")},
      {false, with("\"retry\": {\"deadline\": \"10000h\"}")},
      {false, with("\"retry\": {\"deadline\": \"1.5h\"}")},
      {false, with("\"retry\": {\"deadline\": 60}")},
      {false, with("\"retry\": {\"tries\": 1}")},
      {false, with("\"stages\": []")},
      {true,
       with(R"("schedule": {"cron": "*/15 2-4 * jan mon-fri", "zone": "Asia/Shanghai", "missed": "skip"})")},
      {true, with(R"("schedule": {"cron": "@daily", "missed": {"run_all": 3}, "start_deadline": "2h"})")},
      {true,
       with(R"("schedule": {"cron": "every 6h", "overlap": "allow", "spread": "10m", "paused": true})")},
      {true, with(R"("schedule": {"cron": "@yearly", "until": "2027-01-01T00:00:00Z"})")},
      {false, with(R"("schedule": {})")},
      {false, with(R"("schedule": {"cron": "0 0 ? * mon"})")},
      {false, with(R"("schedule": {"cron": "1 2 3"})")},
      {false, with(R"("schedule": {"cron": "@daily", "missed": "all"})")},
      {false, with(R"("schedule": {"cron": "@daily", "missed": {"run_all": 0}})")},
      {false, with(R"("schedule": {"cron": "@daily", "overlap": "wait"})")},
      {false, with(R"("schedule": {"cron": "@daily", "until": "2027"})")},
      {false, with(R"("schedule": {"cron": "@daily", "every": "6h"})")},
      {false, with(R"("schedule": "@daily")")},
      {true, with(R"("window": {"zone": "Asia/Shanghai", "allow": ["01:00-05:00"]})")},
      {true, with(R"("window": {"zone": "Etc/GMT+8", "allow": ["22:00-00:00", "00:00-21:59"]})")},
      {true, with(R"("window": {"zone": "UTC", "allow": ["00:00-24:00"]})")},
      {false, with(R"("window": {"zone": "UTC", "allow": ["24:00-05:00"]})")},
      {false, with(R"("window": {"zone": "UTC", "allow": ["01:00-24:01"]})")},
      {false, with(R"("window": {"zone": "UTC", "allow": ["1:00-05:00"]})")},
      {false, with(R"("window": {"zone": "UTC", "allow": [100]})")},
      {false, with(R"("window": {"zone": "UTC", "allow": []})")},
      {false, with(R"("window": {"zone": "UTC"})")},
      {false, with(R"("window": {"zone": "", "allow": ["01:00-05:00"]})")},
      {false, with(R"("window": {"allow": ["01:00-05:00"]})")},
      {false, with(R"("window": {"zone": "UTC", "allow": ["01:00-05:00"], "deny": []})")},
      {false, with(R"("window": ["01:00-05:00"])")},
      {true, with("\"deadline\": \"8h\"")},
      {false, with("\"deadline\": \"0h\"")},
      {false, with("\"deadline\": 8")},
      {true, with("\"$schema\": \"./job.schema.json\"")},
      {false, with("\"$schema\": 7")},
      {true, "// c\n" + with("\"rate\": 1,")},
  };
  for (const auto& [is_valid, text] : rows) {
    CAPTURE(text);
    const auto read = read_job("job.json", text);
    CAPTURE((read ? std::string() : read.error().message));

    CHECK(schema.accepts(text) == is_valid);
    CHECK(read.has_value() == is_valid);
  }
}
