// SPDX-License-Identifier: MIT
#include "app/gate_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "sluice/core/stop_rules.hpp"

namespace sluice {
namespace {

std::vector<std::string> wants_of(const Gate& gate) {
  if (gate.is_open) return {"no gate: the next stage follows whatever happens"};
  std::vector<std::string> wants;
  if (gate.min_sample > 1)
    wants.push_back(fmt::format("its gate holds unless {} devices have a result", gate.min_sample));
  if (!gate.check) return wants;
  wants.push_back(fmt::format("its gate asks {}", gate.check->url.empty()
                                                      ? fmt::format("{}", fmt::join(gate.check->command, " "))
                                                      : gate.check->url));
  return wants;
}

}  // namespace

std::vector<std::string> gate_sentences(const Gate& gate, std::int64_t stage_devices,
                                        std::int64_t run_devices, bool is_last) {
  std::vector<std::string> all = sentences(gate.rules, stage_devices, run_devices);
  if (is_last) return all;
  for (std::string& want : wants_of(gate)) all.push_back(std::move(want));
  return all;
}

}  // namespace sluice
