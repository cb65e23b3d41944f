// SPDX-License-Identifier: MIT
// One name, one type: where two files each give a type of their own the same name in the same namespace, the
// linker keeps one of their inline functions, and the other file runs it on what it was not made for. No
// compiler says so.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

const fs::path root{SLUICE_SOURCE_DIR};

/// The types that a file defines beside each other, not within another type or a nameless namespace. Relies
/// on the layout that tests/format.sh holds: what stands in a namespace is not indented.
std::vector<std::string> types_defined_in(std::istream& source) {
  static const std::regex opening{R"(^(?:inline )?namespace ?([\w:]*) ?\{$)"};
  static const std::regex closing{R"(^\} +// namespace)"};
  static const std::regex type{R"(^(?:struct|class|union|enum class|enum) (\w+)(?: |$)[^;]*$)"};
  std::vector<std::string> types;
  std::vector<std::string> namespaces;
  int nameless = 0;
  for (std::string line; std::getline(source, line);) {
    std::smatch match;
    if (std::regex_search(line, match, opening)) {
      namespaces.push_back(match[1]);
      nameless += namespaces.back().empty() ? 1 : 0;
    } else if (std::regex_search(line, closing) && !namespaces.empty()) {
      nameless -= namespaces.back().empty() ? 1 : 0;
      namespaces.pop_back();
    } else if (nameless == 0 && std::regex_search(line, match, type)) {
      std::string name;
      for (const std::string& part : namespaces) name += part + "::";
      types.push_back(name + match[1].str());
    }
  }
  return types;
}

}  // namespace

TEST_CASE("tidy: a type's whole name stands for one type") {
  std::map<std::string, std::set<std::string>> places;
  for (const char* tree : {"include", "src", "tests"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / tree)) {
      const std::string extension = entry.path().extension().string();
      if (extension != ".hpp" && extension != ".cpp") continue;
      std::ifstream source{entry.path()};
      for (const std::string& type : types_defined_in(source))
        places[type].insert(fs::relative(entry.path(), root).string());
    }
  }

  CHECK(places.size() > 300);
  CHECK(places.contains("sluice::simulator::Cloud"));
  for (const auto& [type, files] : places) {
    CHECK_MESSAGE(files.size() == 1, type << " in " << *files.begin() << " and " << *files.rbegin());
  }
}
