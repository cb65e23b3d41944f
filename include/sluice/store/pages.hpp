// SPDX-License-Identifier: MIT
// Seam: the record, page by page.
#pragma once

namespace sluice {

/// Paged views of the record: a part at a time, in an order that never changes under the reader.
class Pages {
 public:
  virtual ~Pages() = default;
};

}  // namespace sluice
