// SPDX-License-Identifier: MIT
// Seam: the job files of the daemon's folder, as the record knows them.
#pragma once

namespace sluice {

/// What is known of the job files in the daemon's folder.
class JobFiles {
 public:
  virtual ~JobFiles() = default;
};

}  // namespace sluice
