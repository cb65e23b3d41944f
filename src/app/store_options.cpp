// SPDX-License-Identifier: MIT
#include "app/store_options.hpp"

#include <fmt/format.h>

#include "app/say.hpp"
#include "app/settings.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {

StoreOptions operators_store_options() {
  constexpr std::size_t bytes_max = 4096;
  return {.notice =
              [](const std::string& sentence) {
                say(fmt::format("warning: {}\n", printable(sentence, bytes_max)));
              },
          .is_network_allowed = process_environment()("SLUICE_ALLOW_NETWORK_STORE").value_or("") == "1"};
}

}  // namespace sluice
