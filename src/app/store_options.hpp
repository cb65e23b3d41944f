// SPDX-License-Identifier: MIT
// How the commands open a store: what it has to say goes to stderr, and the environment may allow more.
#pragma once

#include "sluice/store/open_store.hpp"

namespace sluice {

StoreOptions operators_store_options();

}  // namespace sluice
