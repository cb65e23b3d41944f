// SPDX-License-Identifier: MIT
// What the body of an answer says, whether it is JSON or XML. Reads only what can be read in one way: a body
// that repeats a member or gives it another type is `readable == false`, since it must not be guessed at.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice {

struct Answer {
  bool readable = false;        ///< one JSON object, or one XML element that the API uses
  std::optional<bool> success;  ///< only a JSON boolean, or the XML texts "true" and "false"
  std::string code;
  std::string message;  ///< of ErrorMessage (the product's) or of Message (the gateway's)
  std::string request_id;
};

/// The body's first character decides between JSON and XML: front-ends send pages under any content type.
/// @param action the operation's name; the XML root is that name and "Response", or "Error"
Answer read_answer(std::string_view body, std::string_view action);

}  // namespace sluice
