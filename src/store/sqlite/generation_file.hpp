// SPDX-License-Identifier: MIT
// PATH.generation: how far the store beside it had come. A backup that is put back knows nothing of what was
// sent since it was taken, and nothing inside it can tell; this file can. It is written after the database,
// so it never says more than the database holds, unless the database has lost something.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

/// How far a store has come, by the file or by the database.
struct Generation {
  std::string store;         ///< the store's identity, 32 hexadecimal digits
  std::int64_t owner = 0;    ///< the newest one
  std::int64_t attempt = 0;  ///< the newest one; 0: none was ever made

  bool operator==(const Generation&) const = default;
};

/// Whether the database lacks something that the file saw in it.
bool has_lost_something(const Generation& database, const Generation& beside);

std::string generation_text(const Generation& generation);
/// Nothing if the text is none of generation_text's.
std::optional<Generation> generation_from(std::string_view text);

/// Refuses a store that is gone or empty although the file beside it says that there was one.
void require_not_lost(const std::string& store_path);
[[noreturn]] void refuse_lost_store(const std::string& store_path);

/// Used under the owner's lock. Failures are StoreFailure.
class GenerationFile {
 public:
  explicit GenerationFile(const std::string& store_path);
  ~GenerationFile();
  GenerationFile(const GenerationFile&) = delete;
  GenerationFile& operator=(const GenerationFile&) = delete;

  /// What the file says; absent: there is none. `refused` if it says nothing that can be read.
  std::optional<Generation> read() const;
  /// Writes the file anew, whole and durably: after a crash there is the old one or this one.
  void write_anew(const Generation& generation);
  /// Overwrites the file in place, without waiting for the disk: a killed process leaves it behind all the
  /// same, and a power cut at worst an older one, which has fewer losses to tell of. @return whether it took
  /// it
  bool overwrite(const Generation& generation);
  /// Waits for the disk.
  void make_durable();

  const std::string& path() const { return path_; }

 private:
  std::string path_;
  int descriptor_ = -1;  ///< of the file as write_anew left it
};

}  // namespace sluice
