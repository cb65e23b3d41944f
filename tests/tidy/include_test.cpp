// SPDX-License-Identifier: MIT
// The layers as data: each part of the tree, and what it may include. Every #include of the product is held
// against the table, so the picture in the README stays true.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using Parts = std::set<std::string>;

/// What a part may include besides itself. Lowest layer first.
const std::map<std::string, Parts> allowed{
    // 0
    {"core", {}},
    // 1: seams
    {"clock", {"core"}},
    {"transport", {"core"}},
    {"store", {"core"}},
    // 2: engines of the seams, and pure translators
    {"transport/https", {"core", "transport"}},
    {"store/sqlite", {"core", "store"}},
    {"dialect", {"core", "transport"}},
    {"jobfile", {"core"}},
    // 3: what runs
    {"engine", {"core", "clock", "transport", "store", "dialect", "jobfile"}},
    {"http_api", {"core", "clock", "transport", "store", "dialect", "jobfile"}},
    {"http_api/resources", {"core", "clock", "transport", "store", "dialect", "jobfile", "http_api"}},
    {"simulator", {}},
    // 4
    {"app",
     {"core", "clock", "transport", "store", "dialect", "jobfile", "engine", "http_api", "http_api/resources",
      "simulator"}},
};

struct Include {
  fs::path file;
  int line = 0;
  std::string text;
};

const fs::path root{SLUICE_SOURCE_DIR};

/// "src/store/sqlite/migrate.cpp" → "store/sqlite"; "include/sluice/core/job.hpp" → "core".
std::string part_of(const fs::path& below_root) {
  std::string part;
  for (const fs::path& step : below_root.parent_path()) {
    const std::string name = step.string();
    if (part.empty() && (name == "src" || name == "include" || name == "sluice")) continue;
    part += (part.empty() ? "" : "/") + name;
  }
  return part;
}

std::vector<fs::path> product_files() {
  std::vector<fs::path> files;
  for (const char* tree : {"include", "src"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / tree)) {
      const std::string extension = entry.path().extension().string();
      if (extension == ".hpp" || extension == ".cpp") files.push_back(fs::relative(entry.path(), root));
    }
  }
  return files;
}

std::vector<Include> includes_of(const fs::path& file) {
  static const std::regex directive{R"(^\s*#\s*include\s*([<"][^>"]+[>"]))"};
  std::vector<Include> found;
  std::ifstream in{root / file};
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    std::smatch match;
    if (std::regex_search(line, match, directive)) found.push_back({file, number, match[1]});
  }
  return found;
}

std::string place(const Include& include) {
  std::ostringstream text;
  text << include.file.string() << ":" << include.line << ": " << include.text;
  return text.str();
}

/// The part that a quoted include names. The simulator includes its own files by their bare names.
std::string part_named(const Include& include) {
  const fs::path named = include.text.substr(1, include.text.size() - 2);
  const std::string part = part_of(named);
  return part.empty() ? part_of(include.file) : part;
}

}  // namespace

TEST_CASE("tidy: every folder of the product stands in the table of layers") {
  for (const fs::path& file : product_files()) {
    const std::string part = part_of(file);
    if (part.empty()) continue;  // src/boost_impl.cpp
    CHECK_MESSAGE(allowed.contains(part), file.string());
  }
}

TEST_CASE("tidy: each part includes only itself and what lies below it") {
  int looked_at = 0;
  for (const fs::path& file : product_files()) {
    const std::string part = part_of(file);
    if (part.empty()) continue;
    for (const Include& include : includes_of(file)) {
      if (!include.text.starts_with('"')) continue;
      const std::string named = part_named(include);
      ++looked_at;
      CHECK_MESSAGE((named == part || allowed.at(part).contains(named)), place(include));
    }
  }
  CHECK(looked_at > 100);
}

TEST_CASE("tidy: contracts include contracts, never a mechanism") {
  for (const fs::path& file : product_files()) {
    if (!file.string().starts_with("include/")) continue;
    for (const Include& include : includes_of(file)) {
      if (!include.text.starts_with('"')) continue;
      CHECK_MESSAGE(include.text.starts_with("\"sluice/"), place(include));
    }
  }
}

TEST_CASE("tidy: only the application opens engines of the seams") {
  const Parts openers{"\"sluice/store/open_store.hpp\"", "\"sluice/transport/https.hpp\""};
  for (const fs::path& file : product_files()) {
    if (part_of(file) != "engine" && !part_of(file).starts_with("http_api")) continue;
    for (const Include& include : includes_of(file))
      CHECK_MESSAGE(!openers.contains(include.text), place(include));
  }
}

TEST_CASE("tidy: nobody includes all of Asio or Beast, and only the command line compiles CLI11") {
  for (const fs::path& file : product_files()) {
    for (const Include& include : includes_of(file)) {
      CHECK_MESSAGE(include.text != "<boost/asio.hpp>", place(include));
      CHECK_MESSAGE(include.text != "<boost/beast.hpp>", place(include));
      const bool is_cli = include.text.starts_with("<CLI/");
      // command_line.cpp, the table of verbs, what a group of them takes, and the kinds of options.
      const std::string name = file.stem().string();
      const bool is_command_line =
          file.parent_path() == "src/app" &&
          (name.ends_with("_line") || name.ends_with("verbs") || name == "line_options");
      CHECK_MESSAGE((!is_cli || is_command_line), place(include));
    }
  }
}

TEST_CASE("tidy: every file of ours begins with its licence") {
  for (const fs::path& file : product_files()) {
    std::ifstream in{root / file};
    std::string first_line;
    std::getline(in, first_line);
    CHECK_MESSAGE(first_line == "// SPDX-License-Identifier: MIT", file.string());
  }
}
