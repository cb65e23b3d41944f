// SPDX-License-Identifier: MIT
#include "jobfile/value_order.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <system_error>

namespace sluice {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool are_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

std::string_view without_sign(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return text;
}

std::weak_ordering compare_bytes(std::string_view a, std::string_view b) { return a.compare(b) <=> 0; }

/// Digits only.
std::weak_ordering compare_digits(std::string_view a, std::string_view b) {
  a.remove_prefix(std::min(a.size(), a.find_first_not_of('0')));
  b.remove_prefix(std::min(b.size(), b.find_first_not_of('0')));
  if (a.size() != b.size()) return a.size() <=> b.size();
  return compare_bytes(a, b);
}

std::weak_ordering compare_whole(std::string_view a, std::string_view b) {
  const bool a_is_negative = a.starts_with('-');
  const bool b_is_negative = b.starts_with('-');
  a = without_sign(a);
  b = without_sign(b);
  const bool both_are_zero = a.find_first_not_of('0') == a.npos && b.find_first_not_of('0') == b.npos;
  if (both_are_zero) return std::weak_ordering::equivalent;
  if (a_is_negative != b_is_negative)
    return a_is_negative ? std::weak_ordering::less : std::weak_ordering::greater;
  return a_is_negative ? compare_digits(b, a) : compare_digits(a, b);
}

double value_of(std::string_view number) {
  if (number.starts_with('+')) number.remove_prefix(1);
  double value = 0;
  const auto [end, failure] = std::from_chars(number.data(), number.data() + number.size(), value);
  // Beyond what a double holds, the C library knows on which side: infinity, or zero.
  if (failure == std::errc::result_out_of_range) return std::strtod(std::string(number).c_str(), nullptr);
  return value;
}

bool is_version(std::string_view text) {
  for (;;) {
    const std::size_t dot = text.find('.');
    if (!are_digits(text.substr(0, dot))) return false;
    if (dot == text.npos) return true;
    text.remove_prefix(dot + 1);
  }
}

std::weak_ordering compare_versions(std::string_view a, std::string_view b) {
  const std::string_view whole_a = a;
  const std::string_view whole_b = b;
  for (;;) {
    const std::size_t dot_a = a.find('.');
    const std::size_t dot_b = b.find('.');
    const std::weak_ordering order = compare_digits(a.substr(0, dot_a), b.substr(0, dot_b));
    if (order != 0) return order;
    if (dot_a == a.npos && dot_b == b.npos) return compare_bytes(whole_a, whole_b);
    if (dot_a == a.npos) return std::weak_ordering::less;
    if (dot_b == b.npos) return std::weak_ordering::greater;
    a.remove_prefix(dot_a + 1);
    b.remove_prefix(dot_b + 1);
  }
}

}  // namespace

bool is_number(std::string_view text) {
  text = without_sign(text);
  const std::size_t exponent = text.find_first_of("eE");
  if (exponent != text.npos && !are_digits(without_sign(text.substr(exponent + 1)))) return false;
  std::string digits(text.substr(0, exponent));
  if (const std::size_t dot = digits.find('.'); dot != digits.npos) digits.erase(dot, 1);
  return are_digits(digits);
}

std::weak_ordering compare_numbers(std::string_view a, std::string_view b) {
  if (are_digits(without_sign(a)) && are_digits(without_sign(b))) return compare_whole(a, b);
  const double x = value_of(a);
  const double y = value_of(b);
  if (x == y) return std::weak_ordering::equivalent;
  return x < y ? std::weak_ordering::less : std::weak_ordering::greater;
}

std::weak_ordering compare_texts(std::string_view a, std::string_view b) {
  return is_version(a) && is_version(b) ? compare_versions(a, b) : compare_bytes(a, b);
}

}  // namespace sluice
