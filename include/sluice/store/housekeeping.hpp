// SPDX-License-Identifier: MIT
// Seam: how the record is kept small.
#pragma once

namespace sluice {

/// Takes out of the record what was kept long enough.
class Housekeeping {
 public:
  virtual ~Housekeeping() = default;
};

}  // namespace sluice
