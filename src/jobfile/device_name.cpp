// SPDX-License-Identifier: MIT
#include "sluice/jobfile/device_name.hpp"

#include <fmt/format.h>

#include <array>

#include "jobfile/utf8.hpp"

namespace sluice {
namespace {

constexpr std::size_t name_length_min = 4;
constexpr std::size_t name_length_max = 32;
constexpr std::string_view ellipsis = "…";

constexpr std::array<bool, 256> make_name_characters() {
  std::array<bool, 256> allowed{};
  for (unsigned char c = '0'; c <= '9'; ++c) allowed[c] = true;
  for (unsigned char c = 'a'; c <= 'z'; ++c) allowed[c] = true;
  for (unsigned char c = 'A'; c <= 'Z'; ++c) allowed[c] = true;
  for (const char c : {'-', '_', '@', '.', ':'}) allowed[static_cast<unsigned char>(c)] = true;
  return allowed;
}

constexpr std::array<bool, 256> name_characters = make_name_characters();

/// What the first character of `rest` is shown as, and how many of its bytes that stands for.
struct Shown {
  std::string text;
  std::size_t bytes = 1;
};

Shown show_first(std::string_view rest) {
  const auto point = first_code_point(rest);
  if (!point) return {fmt::format("\\x{:02X}", static_cast<unsigned char>(rest[0])), 1};
  if (!is_invisible(point->value)) return {std::string(rest.substr(0, point->bytes)), point->bytes};
  if (point->value < 0x80) return {fmt::format("\\x{:02X}", static_cast<unsigned>(point->value)), 1};
  return {fmt::format("\\u{{{:04X}}}", static_cast<std::uint32_t>(point->value)), point->bytes};
}

}  // namespace

bool is_valid_device_name(std::string_view name) {
  if (name.size() < name_length_min || name.size() > name_length_max) return false;
  for (const char c : name) {
    if (!name_characters[static_cast<unsigned char>(c)]) return false;
  }
  return true;
}

std::string printable(std::string_view text, std::size_t bytes_max) {
  std::string out;
  // Where to cut back to, should the text turn out too long: the last place that leaves room for the
  // ellipsis.
  std::size_t cut_at = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Shown shown = show_first(text.substr(at));
    if (out.size() + shown.text.size() > bytes_max) {
      out.resize(cut_at);
      if (cut_at + ellipsis.size() <= bytes_max) out += ellipsis;
      return out;
    }
    out += shown.text;
    at += shown.bytes;
    if (out.size() + ellipsis.size() <= bytes_max) cut_at = out.size();
  }
  return out;
}

}  // namespace sluice
