// SPDX-License-Identifier: MIT
// The digest that the record's checks are made of.
#pragma once

#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace sluice {

/// In 64 hexadecimal digits; empty if the library cannot make it.
std::string sha256_hex(std::string_view text);

/// The same of a text that comes piece by piece.
class Sha256 {
 public:
  Sha256();

  void add(std::string_view piece);
  /// Of all pieces; nothing may be added any more. Empty if the library cannot make it.
  std::string hex();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };

  std::unique_ptr<evp_md_ctx_st, Free> context_;
  bool is_sound_ = false;
};

}  // namespace sluice
