// SPDX-License-Identifier: MIT
// The same transport as open_https_transport gives, with the name look-up to be chosen: tests give one host
// several addresses, or one that never answers.
#pragma once

#include <memory>

#include "sluice/transport/https.hpp"
#include "transport/https/resolver.hpp"

namespace sluice {

Result<std::unique_ptr<Transport>> open_https_transport(boost::asio::any_io_executor executor,
                                                        Endpoint endpoint, const HttpsOptions& options,
                                                        HostLookup lookup);

}  // namespace sluice
