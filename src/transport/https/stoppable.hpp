// SPDX-License-Identifier: MIT
// What close() must be able to end soon: anything a coroutine of the transport waits for.
#pragma once

namespace sluice {

class Stoppable {
 public:
  virtual ~Stoppable() = default;
  /// Whoever waits is woken and fails; later waits fail at once.
  virtual void stop() = 0;
};

}  // namespace sluice
