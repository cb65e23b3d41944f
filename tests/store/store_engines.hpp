// SPDX-License-Identifier: MIT
// The engines that the conformance suite is run against. An engine joins by a Home class (a store in a place
// of its own, which can be opened again) and its name in the list below.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>

#include "sluice/store/open_store.hpp"

namespace sluice::store_tests {

/// A folder of its own, gone at the end of the test.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "sluice-store-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

class SqliteHome {
 public:
  Result<std::unique_ptr<Store>> open(UtcTime now) const { return open_store(path(), now); }
  Result<std::unique_ptr<StoreReader>> open_reader() const { return open_store_reader(path()); }
  std::string path() const { return folder_.file("sluice.db"); }

 private:
  ScratchFolder folder_;
};

}  // namespace sluice::store_tests

#define SLUICE_STORE_HOMES sluice::store_tests::SqliteHome
