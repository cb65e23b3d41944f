// SPDX-License-Identifier: MIT
#include "app/service_verbs.hpp"

#include <string>

#include "app/commands.hpp"
#include "app/schedule_line.hpp"
#include "app/serve_command.hpp"
#include "app/token_command.hpp"
#include "app/token_line.hpp"

namespace sluice {

ServiceVerbs::ServiceVerbs(Verbs& verbs) : common_(verbs.common()) {
  add_schedule_options(
      *verbs.add(
          "schedule",
          "Let jobs run by the clock: add, list, show, pause, resume, remove, trigger, next, backfill.",
          std::string{schedule_examples}, [this] { return schedule_command(common_, schedule_); }),
      schedule_);
  add_token_options(*verbs.add("token", "Make a token for clients of the API.", std::string{token_examples},
                               [this] { return token_command(common_, token_); }),
                    token_);
  verbs.add("serve", "The daemon: sends for every tenant of the configuration until it is stopped.",
            "  sluice serve --config /etc/sluice/config.json --store /var/lib/sluice/sluice.db\n",
            [this] { return serve_command(common_); });
}

}  // namespace sluice
