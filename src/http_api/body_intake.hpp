// SPDX-License-Identifier: MIT
// Takes in the bodies of a connection's requests: one that is small into memory, an upload into a file.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "http_api/client_bytes.hpp"
#include "http_api/client_timer.hpp"
#include "http_api/upload.hpp"
#include "sluice/core/result.hpp"

namespace sluice {

class BodyIntake {
 public:
  /// Both must outlive it.
  BodyIntake(ClientBytes& bytes, ClientTimer& timer) : bytes_(bytes), timer_(timer) {}

  /// The next request announces so many bytes.
  void expect(std::uint64_t bytes) { left_ = bytes; }
  /// Of the body, that were not taken.
  std::uint64_t left() const { return left_; }

  /// The rest of the body. Fails: usage, if the client has left.
  boost::asio::awaitable<Result<std::string>> take_text();
  /// The same, on the disk. Each piece gives the next one its time.
  /// @param files executes what waits for the disk
  /// Fails: storage, too.
  boost::asio::awaitable<Result<std::shared_ptr<UploadedFile>>> take_upload(
      boost::asio::any_io_executor files, std::string folder);

 private:
  ClientBytes& bytes_;
  ClientTimer& timer_;
  std::uint64_t left_ = 0;
};

}  // namespace sluice
