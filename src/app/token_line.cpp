// SPDX-License-Identifier: MIT
#include "app/token_line.hpp"

namespace sluice {

void add_token_options(CLI::App& verb, TokenOptionsGiven& given) {
  verb.add_option("ACTION", given.action, "new: make one")->type_name("")->required();
  verb.add_option("NAME", given.name, "Who is to have it; stands in the audit")->type_name("")->required();
  verb.add_option("--scope", given.scope, "read: see; operate: begin, pause, cancel; admin: everything")
      ->type_name("SCOPE")
      ->required();
  verb.add_option("--expires", given.expires,
                  "From when on it is worth nothing, such as 2027-01-31T00:00:00Z")
      ->type_name("TIME");
}

}  // namespace sluice
