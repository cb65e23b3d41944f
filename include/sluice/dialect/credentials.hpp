// SPDX-License-Identifier: MIT
// An access key. The secret has no formatter and no <<, and is wiped when it dies. Where keys come from is
// the application's business (src/app/credential_sources.hpp).
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace sluice {

/// Overwrites the text in a way the compiler may not leave out, and makes it empty.
void wipe(std::string& text) noexcept;

/// Text that must never be printed. reveal() is called where a signature is made, and nowhere else.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text);
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept;
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  bool operator==(const Secret&) const = default;

  std::string_view reveal() const { return text_; }
  bool empty() const { return text_.empty(); }

 private:
  std::string text_;
};

struct Credentials {
  std::string access_key_id;
  Secret access_key_secret;
  Secret security_token;  ///< of a temporary (STS) key; empty for a permanent one

  bool operator==(const Credentials&) const = default;
};

}  // namespace sluice
