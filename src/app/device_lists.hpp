// SPDX-License-Identifier: MIT
// Device lists that came over the API, each kept for a day for the request that names it.
//
//   POST /api/v1/device-lists   text/plain, text/csv or application/x-ndjson  →  201 {"device_list": ID, …}
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http_api/router.hpp"

namespace sluice {

class DeviceLists {
 public:
  static constexpr std::chrono::hours kept_for{24};

  /// @param folder where the uploads come to
  explicit DeviceLists(std::string folder) : folder_(std::move(folder)) {}

  const std::string& folder() const { return folder_; }
  /// Absent: there is none of that id, or not any more.
  std::optional<std::string> find(std::string_view id) const;
  /// Those that were kept long enough. What cannot be removed stays for the next time.
  void forget_old() const;

  /// This must outlive them.
  std::vector<Route> routes();

 private:
  std::string folder_;
};

}  // namespace sluice
