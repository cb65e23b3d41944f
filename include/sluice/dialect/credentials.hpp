// SPDX-License-Identifier: MIT
// An access key. The secret has no formatter and no <<, and is wiped when it dies. Where keys come from is
// the application's business (src/app/credential_sources.hpp).
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace sluice {

/// Overwrites the text in a way the compiler may not leave out, and makes it empty.
void wipe(std::string& text) noexcept;

/// From now on secrets are kept in memory of their own, which goes neither to swap nor into a dump. Once, at
/// the program's start. @return false: the system lets no memory be locked; it is still kept out of dumps
bool keep_secrets_apart() noexcept;

/// Text that must never be printed. reveal() is called where a signature is made, and nowhere else.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text);  ///< wipes the text
  Secret(const Secret& other);
  Secret(Secret&& other) noexcept = default;
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept = default;
  ~Secret() = default;

  bool operator==(const Secret& other) const { return reveal() == other.reveal(); }

  std::string_view reveal() const {
    return text_ ? std::string_view{text_.get(), text_.get_deleter().size} : std::string_view{};
  }
  bool empty() const { return !text_; }

 private:
  struct Wipe {
    std::size_t size;
    void operator()(char* text) const noexcept;
  };

  std::unique_ptr<char, Wipe> text_;  ///< null: empty
};

struct Credentials {
  std::string access_key_id;
  Secret access_key_secret;
  Secret security_token;  ///< of a temporary (STS) key; empty for a permanent one

  bool operator==(const Credentials&) const = default;
};

}  // namespace sluice
