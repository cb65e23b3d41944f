// SPDX-License-Identifier: MIT
// The search for an access key, in folders of its own and with an environment that is only a map.
#include "app/credential_sources.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

using namespace sluice;
namespace fs = std::filesystem;

namespace {

class Place {
 public:
  Place() {
    std::string pattern = (fs::temp_directory_path() / "sluice-credentials-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    home = pattern;
  }
  ~Place() { fs::remove_all(home); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  std::string write(const std::string& name, const std::string& text, mode_t mode = 0600) const {
    const fs::path path = home / name;
    fs::create_directories(path.parent_path());
    std::ofstream{path, std::ios::binary} << text;
    REQUIRE(chmod(path.c_str(), mode) == 0);
    return path.string();
  }

  CredentialQuery query() const {
    return {.home = home.string(), .environment = [this](const char* name) -> std::optional<std::string> {
              const auto found = environment.find(name);
              return found == environment.end() ? std::nullopt : std::optional{found->second};
            }};
  }
  Result<FoundCredentials> find() const { return find_credentials(query()); }

  fs::path home;
  std::map<std::string, std::string> environment;
};

const std::string cli = ".aliyun/config.json";
const std::string ini = ".alibabacloud/credentials";

std::string cli_json(const std::string& profiles, const std::string& current = "default") {
  return R"({"current":")" + current + R"(","profiles":[)" + profiles + "],\"meta_path\":\"\"}";
}
std::string cli_ak(const std::string& name, const std::string& id) {
  return R"({"name":")" + name + R"(","mode":"AK","access_key_id":")" + id +
         R"(","access_key_secret":"s-of-)" + id + R"(","sts_token":"","region_id":"cn-shanghai"})";
}
std::string ini_ak(const std::string& name, const std::string& id) {
  return "[" + name + "]\ntype = access_key\naccess_key_id = " + id + "\naccess_key_secret = s-of-" + id +
         "\n";
}

bool mentions(const Error& error, std::string_view text) {
  return (error.message + "\n" + error.hint).find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("credentials: the environment comes before the command line's JSON, that before the SDK's ini") {
  Place place;
  place.environment = {{"ALIBABA_CLOUD_ACCESS_KEY_ID", "env-id"},
                       {"ALIBABA_CLOUD_ACCESS_KEY_SECRET", "env-secret"}};
  place.write(cli, cli_json(cli_ak("default", "cli-id")));
  place.write(ini, ini_ak("default", "ini-id"));

  auto found = place.find();
  REQUIRE(found.has_value());
  CHECK(found->source == "environment ALIBABA_CLOUD_ACCESS_KEY_ID");
  CHECK(found->is_from_environment);
  CHECK(found->credentials.access_key_id == "env-id");
  CHECK(found->credentials.access_key_secret.reveal() == "env-secret");
  CHECK(found->credentials.security_token.empty());

  place.environment.clear();
  found = place.find();
  REQUIRE(found.has_value());
  CHECK(found->source == "profile \"default\" of ~/.aliyun/config.json");
  CHECK(found->credentials.access_key_id == "cli-id");
  CHECK(found->credentials.access_key_secret.reveal() == "s-of-cli-id");

  fs::remove(place.home / cli);
  found = place.find();
  REQUIRE(found.has_value());
  CHECK(found->source == "profile \"default\" of ~/.alibabacloud/credentials");
  CHECK(found->credentials.access_key_id == "ini-id");
  CHECK(found->credentials.access_key_secret.reveal() == "s-of-ini-id");
}

TEST_CASE("credentials: half a key in the environment, or an empty one, counts as not set") {
  Place place;
  place.write(ini, ini_ak("default", "ini-id"));
  for (const auto& environment : std::vector<std::map<std::string, std::string>>{
           {{"ALIBABA_CLOUD_ACCESS_KEY_ID", "id"}},
           {{"ALIBABA_CLOUD_ACCESS_KEY_ID", "id"}, {"ALIBABA_CLOUD_ACCESS_KEY_SECRET", ""}},
           {{"ALIBABA_CLOUD_ACCESS_KEY_ID", ""}, {"ALIBABA_CLOUD_ACCESS_KEY_SECRET", "secret"}}}) {
    place.environment = environment;

    const auto found = place.find();

    REQUIRE(found.has_value());
    CHECK(found->credentials.access_key_id == "ini-id");
  }
}

TEST_CASE("credentials: temporary keys bring their token, from each of the places") {
  Place place;
  place.environment = {{"ALIBABA_CLOUD_ACCESS_KEY_ID", "id"},
                       {"ALIBABA_CLOUD_ACCESS_KEY_SECRET", "secret"},
                       {"ALIBABA_CLOUD_SECURITY_TOKEN", "env-token"}};
  CHECK(place.find()->credentials.security_token.reveal() == "env-token");

  place.environment.clear();
  place.write(cli,
              cli_json(R"({"name":"default","mode":"StsToken","access_key_id":"id","access_key_secret":"s",)"
                       R"("sts_token":"cli-token"})"));
  CHECK(place.find()->credentials.security_token.reveal() == "cli-token");

  fs::remove(place.home / cli);
  place.write(
      ini,
      "; comment\n[default]\r\ntype=sts\naccess_key_id=id\naccess_key_secret=s\nsecurity_token=ini=token\n");
  CHECK(place.find()->credentials.security_token.reveal() == "ini=token");
}

TEST_CASE("credentials: a permanent profile's left-over token is not sent") {
  Place place;
  place.write(cli, cli_json(R"({"name":"default","mode":"AK","access_key_id":"id","access_key_secret":"s",)"
                            R"("sts_token":"old"})"));

  CHECK(place.find()->credentials.security_token.empty());
}

TEST_CASE(
    "credentials: the profile is the one asked for, else the environment's, else the file's current one") {
  Place place;
  place.write(cli, cli_json(cli_ak("default", "id-d") + "," + cli_ak("staging", "id-s") + "," +
                                cli_ak("prod", "id-p"),
                            "prod"));

  CHECK(place.find()->credentials.access_key_id == "id-p");

  place.environment = {{"ALIBABA_CLOUD_PROFILE", "staging"}};
  CHECK(place.find()->credentials.access_key_id == "id-s");
  place.environment = {{"ALICLOUD_PROFILE", "staging"}};
  CHECK(place.find()->credentials.access_key_id == "id-s");

  CredentialQuery query = place.query();
  query.profile = "default";
  CHECK(find_credentials(query)->credentials.access_key_id == "id-d");
}

TEST_CASE("credentials: a profile that is asked for by name is not overruled by the environment's key") {
  Place place;
  place.environment = {{"ALIBABA_CLOUD_ACCESS_KEY_ID", "env-id"}, {"ALIBABA_CLOUD_ACCESS_KEY_SECRET", "s"}};
  place.write(ini, ini_ak("default", "id-d") + ini_ak("prod", "id-p"));

  CredentialQuery query = place.query();
  query.profile = "prod";
  CHECK(find_credentials(query)->credentials.access_key_id == "id-p");

  query.profile = "missing";
  const auto found = find_credentials(query);
  REQUIRE_FALSE(found.has_value());
  CHECK(found.error().kind == ErrorKind::unauthorized);
  CHECK(mentions(found.error(), "~/.alibabacloud/credentials: has no profile \"missing\""));
}

TEST_CASE("credentials: the environment names other files, and a named file must be there") {
  Place place;
  place.write(cli, cli_json(cli_ak("default", "cli-id")));
  place.environment["ALIBABA_CLOUD_CONFIG_FILE"] =
      place.write("other.json", cli_json(cli_ak("default", "other-id")));
  CHECK(place.find()->credentials.access_key_id == "other-id");

  place.environment["ALIBABA_CLOUD_CONFIG_FILE"] = (place.home / "gone.json").string();
  const auto found = place.find();
  REQUIRE_FALSE(found.has_value());
  CHECK(found.error().kind == ErrorKind::not_found);
  CHECK(mentions(found.error(), "gone.json"));

  place.environment = {
      {"ALIBABA_CLOUD_CREDENTIALS_FILE", place.write("other.ini", ini_ak("default", "other-ini"))}};
  fs::remove(place.home / cli);
  CHECK(place.find()->credentials.access_key_id == "other-ini");
}

TEST_CASE("credentials: either switch of the environment turns the command line's JSON off") {
  Place place;
  place.write(cli, cli_json(cli_ak("default", "cli-id")), 0644);
  place.write(ini, ini_ak("default", "ini-id"));
  for (const auto& [name, value] : std::map<std::string, std::string>{
           {"ALIBABA_CLOUD_CLI_PROFILE_DISABLED", "true"}, {"ALIBABA_CLOUD_IGNORE_PROFILE", "TRUE"}}) {
    place.environment = {{name, value}};
    CHECK(place.find()->credentials.access_key_id == "ini-id");
  }
}

TEST_CASE("credentials: a named file is the only place, in either notation, whatever its name") {
  Place place;
  place.environment = {{"ALIBABA_CLOUD_ACCESS_KEY_ID", "env-id"}, {"ALIBABA_CLOUD_ACCESS_KEY_SECRET", "s"}};
  CredentialQuery query = place.query();

  query.file = place.write("key.txt", "\xEF\xBB\xBF\n " + cli_json(cli_ak("default", "json-id")));
  CHECK(find_credentials(query)->credentials.access_key_id == "json-id");

  query.file = place.write("key.json", ini_ak("default", "ini-id"));
  CHECK(find_credentials(query)->credentials.access_key_id == "ini-id");

  query.file = (place.home / "gone").string();
  CHECK(find_credentials(query).error().kind == ErrorKind::not_found);

  query.file = place.write("empty", "");
  const auto found = find_credentials(query);
  REQUIRE_FALSE(found.has_value());
  CHECK(found.error().kind == ErrorKind::unauthorized);
  CHECK(mentions(found.error(), "~/empty: has no profile \"default\""));
}

TEST_CASE("credentials: a file that others can reach is refused with the command that mends it") {
  Place place;
  for (const mode_t mode : std::initializer_list<mode_t>{0640, 0604, 0620, 0602, 0610, 0644, 0666, 0777}) {
    CAPTURE(mode);
    CredentialQuery query = place.query();
    query.file = place.write("it's mine", ini_ak("default", "id"), mode);

    const auto found = find_credentials(query);

    REQUIRE_FALSE(found.has_value());
    CHECK(found.error().kind == ErrorKind::unauthorized);
    CHECK(mentions(found.error(), "Run: chmod 600 '" + place.home.string() + "/it'\\''s mine'"));
  }
  for (const mode_t mode : std::initializer_list<mode_t>{0600, 0400, 0700}) {
    CAPTURE(mode);
    CredentialQuery query = place.query();
    query.file = place.write("it's mine", ini_ak("default", "id"), mode);

    CHECK(find_credentials(query).has_value());
  }
}

TEST_CASE("credentials: the well-known files are held to the same permissions") {
  Place place;
  for (const std::string& name : {cli, ini}) {
    CAPTURE(name);
    const std::string path =
        place.write(name, name == cli ? cli_json(cli_ak("default", "id")) : ini_ak("default", "id"), 0644);

    const auto found = place.find();

    REQUIRE_FALSE(found.has_value());
    CHECK(mentions(found.error(), "mode 0644"));
    CHECK(mentions(found.error(), "chmod 600 '" + path + "'"));
    fs::remove(path);
  }
}

TEST_CASE("credentials: a folder in which anybody could put another key is refused, unless it is sticky") {
  Place place;
  CredentialQuery query = place.query();
  query.file = place.write("keys/prod", ini_ak("default", "id"));
  const std::string folder = (place.home / "keys").string();

  REQUIRE(chmod(folder.c_str(), 0777) == 0);
  const auto found = find_credentials(query);
  REQUIRE_FALSE(found.has_value());
  CHECK(found.error().kind == ErrorKind::unauthorized);
  CHECK(mentions(found.error(), "Run: chmod o-w '" + folder + "'"));
  for (const mode_t mode : std::initializer_list<mode_t>{01777, 0775, 0700}) {
    CAPTURE(mode);
    REQUIRE(chmod(folder.c_str(), mode) == 0);
    CHECK(find_credentials(query).has_value());
  }
}

TEST_CASE("credentials: a symbolic link to a key is refused, wherever it leads") {
  Place place;
  const std::string key = place.write("key", ini_ak("default", "id"));
  CredentialQuery query = place.query();
  query.file = (place.home / "link").string();
  for (const std::string& target : {key, (place.home / "nowhere").string()}) {
    CAPTURE(target);
    fs::create_symlink(target, query.file);

    const auto found = find_credentials(query);

    REQUIRE_FALSE(found.has_value());
    CHECK(found.error().kind == ErrorKind::unauthorized);
    CHECK(mentions(found.error(), "is a symbolic link"));
    fs::remove(query.file);
  }
  query.file = key;
  CHECK(find_credentials(query).has_value());
}

TEST_CASE("credentials: a file of somebody else is refused even if its mode is right") {
  if (geteuid() != 0) return;  // only root can give a file away
  Place place;
  CredentialQuery query = place.query();
  query.file = place.write("key", ini_ak("default", "id"));
  REQUIRE(chown(query.file.c_str(), 65534, 65534) == 0);

  const auto found = find_credentials(query);

  REQUIRE_FALSE(found.has_value());
  CHECK(mentions(found.error(), "belongs to user 65534"));
}

namespace {

/// Whether a user that is not root, and reads root's files as one of root's group, is given the key. As where
/// systemd hands a file over: its access list shows as the mode 0440.
bool is_given_to_stranger(const CredentialQuery& query) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    if (setegid(0) != 0 || seteuid(65534) != 0) _exit(2);
    _exit(find_credentials(query).has_value() ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) != 2);
  return WEXITSTATUS(status) == 0;
}

}  // namespace

TEST_CASE("credentials: what root lends as a service manager does is taken, and nothing wider than that") {
  if (geteuid() != 0) return;  // only root can lend
  Place place;
  REQUIRE(chmod(place.home.c_str(), 0755) == 0);
  CredentialQuery query = place.query();
  query.file = place.write("key", ini_ak("default", "id"), 0440);
  CHECK(is_given_to_stranger(query));

  for (const mode_t wider : {0444U, 0460U, 0441U}) {
    CAPTURE(wider);
    REQUIRE(chmod(query.file.c_str(), wider) == 0);
    CHECK_FALSE(is_given_to_stranger(query));
  }
  REQUIRE(chmod(query.file.c_str(), 0440) == 0);
  REQUIRE(chown(query.file.c_str(), 0, 65534) == 0);
  CHECK_FALSE(is_given_to_stranger(query));
}

TEST_CASE("credentials: a folder, a pipe and a giant are refused without waiting") {
  Place place;
  CredentialQuery query = place.query();

  query.file = place.home.string();
  CHECK(find_credentials(query).error().kind == ErrorKind::unauthorized);

  query.file = (place.home / "pipe").string();
  REQUIRE(mkfifo(query.file.c_str(), 0600) == 0);
  CHECK(find_credentials(query).error().kind == ErrorKind::unauthorized);

  query.file = place.write("giant", std::string(1024 * 1024 + 1, '#'));
  CHECK(mentions(find_credentials(query).error(), "larger than 1 MiB"));
}

TEST_CASE("credentials: kinds of profile that need further calls are refused by name") {
  Place place;
  place.write(
      cli,
      cli_json(R"({"name":"default","mode":"RamRoleArn","access_key_id":"id","access_key_secret":"s"})"));
  CHECK(mentions(place.find().error(),
                 "profile \"default\" of ~/.aliyun/config.json: the mode \"RamRoleArn\""));

  fs::remove(place.home / cli);
  place.write(ini, "[default]\ntype = ecs_ram_role\nrole_name = r\n");
  CHECK(mentions(place.find().error(), "the mode \"ecs_ram_role\" is not supported"));
}

TEST_CASE("credentials: a profile without a whole key does not end the search") {
  Place place;
  place.write(cli, cli_json(R"({"name":"default","mode":"AK","access_key_id":"","access_key_secret":""})"));
  place.write(ini, ini_ak("default", "ini-id"));
  CHECK(place.find()->credentials.access_key_id == "ini-id");

  fs::remove(place.home / ini);
  CHECK(mentions(place.find().error(), "~/.aliyun/config.json: profile \"default\" has no access_key_id"));

  place.write(
      cli, cli_json(R"({"name":"default","mode":"StsToken","access_key_id":"id","access_key_secret":"s"})"));
  CHECK(mentions(place.find().error(), "has no sts_token"));
}

TEST_CASE("credentials: when there are none, the error lists every place and says how to provide a key") {
  Place place;

  const auto found = place.find();

  REQUIRE_FALSE(found.has_value());
  CHECK(found.error().kind == ErrorKind::unauthorized);
  CHECK(found.error().message ==
        "No access key found. Looked at:\n"
        "  environment: ALIBABA_CLOUD_ACCESS_KEY_ID is not set\n"
        "  ~/.aliyun/config.json: there is no such file\n"
        "  ~/.alibabacloud/credentials: there is no such file");
  CHECK(mentions(found.error(), "aliyun configure"));
  CHECK(mentions(found.error(), "--credentials FILE"));
}

TEST_CASE("credentials: without a home folder only the environment is left") {
  Place place;
  CredentialQuery query = place.query();
  query.home.clear();
  CHECK(mentions(find_credentials(query).error(), "the home folder is not known"));

  place.environment = {{"ALIBABA_CLOUD_ACCESS_KEY_ID", "id"}, {"ALIBABA_CLOUD_ACCESS_KEY_SECRET", "s"}};
  CHECK(find_credentials(query).has_value());
}

TEST_CASE("credentials: malformed files are named with their line, and nothing of them is quoted") {
  const std::string canary = "CANARY5ecret";
  struct Row {
    std::string text;
    std::string expected;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"[default]\naccess_key_id = id\n" + canary + "\n", "~/key:3: expected [profile], name = value"},
           {"access_key_secret = " + canary + "\n", "~/key:1: a value before the first [profile]"},
           {"[default\naccess_key_secret = " + canary + "\n", "~/key:1: a profile's name has no closing"},
           {"[default]\naccess_key_secret = a\naccess_key_secret = " + canary,
            "~/key:3: this name was given before"},
           {"[default]\naccess_key_id = id\naccess_key_secret = " + canary + " # prod\n",
            "profile \"default\" of ~/key: access_key_secret has a blank"},
           {"{\n\"current\": \"default\",\n\"profiles\": [{\"access_key_secret\": \"" + canary +
                "\" \"x\"}]}",
            "~/key:3: is not valid JSON"},
           {"{\"access_key_secret\": \"" + canary, "~/key:1: is not valid JSON"},
           {"{\"profiles\": {\"" + canary + "\": 1}}", "~/key: expected an object with"},
           {"{\"current\": 7, \"x\": \"" + canary + "\"}", "~/key: expected an object with"},
           {"{} " + canary, "~/key:1: is not valid JSON"},
           {cli_json(R"({"name":"default","access_key_id":")" + canary + R"(","access_key_secret":["x"]})"),
            "profile \"default\" of ~/key: access_key_secret is not text"},
           {cli_json(R"({"name":"default","access_key_id":"id","access_key_secret":")" + canary + R"(\n"})"),
            "access_key_secret has a blank"},
       }) {
    CAPTURE(row.text);
    Place place;
    CredentialQuery query = place.query();
    query.file = place.write("key", row.text);

    const auto found = find_credentials(query);

    REQUIRE_FALSE(found.has_value());
    CHECK(found.error().kind == ErrorKind::unauthorized);
    CHECK(mentions(found.error(), row.expected));
    CHECK_FALSE(mentions(found.error(), canary));
  }
}

TEST_CASE("credentials: a key of the environment with a line end in it is refused, not signed with") {
  Place place;
  place.environment = {{"ALIBABA_CLOUD_ACCESS_KEY_ID", "id"},
                       {"ALIBABA_CLOUD_ACCESS_KEY_SECRET", "secret\n"}};

  const auto found = place.find();

  REQUIRE_FALSE(found.has_value());
  CHECK(mentions(found.error(), "ALIBABA_CLOUD_ACCESS_KEY_SECRET has a blank"));
  CHECK_FALSE(mentions(found.error(), "secret\n"));
}

TEST_CASE("credentials: a hostile profile name reaches no message as it is") {
  Place place;
  CredentialQuery query = place.query();
  query.profile = "a\x1b[31mb\nc";
  place.write(cli, cli_json(cli_ak("default", "id")));

  CHECK_FALSE(mentions(find_credentials(query).error(), "\x1b"));
  CHECK_FALSE(mentions(find_credentials(query).error(), "b\nc"));
}
