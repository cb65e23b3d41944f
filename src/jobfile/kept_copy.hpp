// SPDX-License-Identifier: MIT
// A copy of what can be read only once, in a file without a name that is gone when it is closed.
#pragma once

#include <string_view>

#include "jobfile/regular_file.hpp"
#include "sluice/core/result.hpp"

namespace sluice {

class KeptCopy {
 public:
  /// In the folder for temporary files: TMPDIR, else /tmp. Fails (unexpected) if no file can be made there.
  static Result<KeptCopy> make();

  /// Fails (unexpected) if the file takes no more.
  Result<void> append(std::string_view text);
  int descriptor() const { return descriptor_.number(); }
  FileDescriptor take() && { return std::move(descriptor_); }

 private:
  explicit KeptCopy(FileDescriptor descriptor) : descriptor_(std::move(descriptor)) {}

  FileDescriptor descriptor_;
};

}  // namespace sluice
