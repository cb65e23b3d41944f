// SPDX-License-Identifier: MIT
#include "app/start_settings.hpp"

namespace sluice {

std::vector<std::string> settings_for_next_start(const Config& began_with, const Config& renewed) {
  std::vector<std::string> waiting;
  const auto look = [&waiting](const char* name, bool is_same) {
    if (!is_same) waiting.emplace_back(name);
  };
  look("store", began_with.store == renewed.store);
  look("api.listen", began_with.api.listen == renewed.api.listen);
  look("api.hosts", began_with.api.hosts == renewed.api.hosts);
  look("api.upload_bytes_max", began_with.api.upload_bytes_max == renewed.api.upload_bytes_max);
  look("log.format", began_with.log.format == renewed.log.format);
  return waiting;
}

}  // namespace sluice
