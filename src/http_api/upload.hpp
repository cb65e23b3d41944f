// SPDX-License-Identifier: MIT
// A body that is too large for memory, on its way into a file of ours. The client has no say in its name.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "sluice/core/result.hpp"
#include "store/sha256.hpp"

namespace sluice {

/// Goes with this, unless it is kept. Blocking: for a thread that may wait for the disk.
class UploadedFile {
 public:
  /// A new file, for this user alone, under a random name in `folder`, which is made if it is missing.
  /// Fails: storage.
  static Result<std::shared_ptr<UploadedFile>> begin(const std::string& folder);
  UploadedFile(const UploadedFile&) = delete;
  UploadedFile& operator=(const UploadedFile&) = delete;
  ~UploadedFile();

  Result<void> append(std::string_view bytes);
  /// What was appended is on the disk. Nothing may be appended any more.
  Result<void> finish();

  const std::string& path() const { return path_; }
  /// Its name alone: 32 digits 0-9a-f.
  const std::string& id() const { return id_; }
  std::uint64_t bytes() const { return bytes_; }
  /// Of its content, as sha256_hex() makes it; once it is finished.
  const std::string& digest() const { return digest_; }
  /// It is somebody's from now on.
  void keep() { is_kept_ = true; }

 private:
  UploadedFile(std::string path, std::string id, int descriptor);

  std::string path_;
  std::string id_;
  int descriptor_;
  std::uint64_t bytes_ = 0;
  Sha256 running_digest_;
  std::string digest_;
  bool is_kept_ = false;
};

}  // namespace sluice
