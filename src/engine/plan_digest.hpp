// SPDX-License-Identifier: MIT
// What a plan comes down to: the same digest means the same devices in the same stages with the same
// arguments, sent to the same place at the same pace.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

namespace sluice {

/// SHA-256 over texts, each so that no other series of texts has the same bytes.
class PlanDigest {
 public:
  PlanDigest();

  void add(std::string_view text);
  /// To be called once. @return 64 hexadecimal digits
  std::string finish();

 private:
  void flush();

  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
  std::string buffer_;  // a call of OpenSSL for each device would take longer than the hashing
};

}  // namespace sluice
