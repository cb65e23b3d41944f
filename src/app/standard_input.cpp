// SPDX-License-Identifier: MIT
#include "app/standard_input.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <fstream>
#include <string>
#include <vector>

#include "jobfile/kept_copy.hpp"
#include "jobfile/regular_file.hpp"

namespace sluice {
namespace {

constexpr std::size_t piece_bytes = 65536;

// What a list may begin with before it begins: blanks, and a byte order mark.
bool is_before_first(char c) {
  return std::string_view{" \t\r\n\xEF\xBB\xBF"}.find(c) != std::string_view::npos;
}

}  // namespace

Result<void> keep_standard_input() {
  Result<KeptCopy> copy = KeptCopy::make();
  if (copy.has_error()) return copy.error();
  std::vector<char> piece(piece_bytes);
  std::ptrdiff_t count = 0;
  while ((count = read_some(STDIN_FILENO, piece.data(), piece.size())) > 0) {
    const Result<void> kept = copy->append({piece.data(), static_cast<std::size_t>(count)});
    if (kept.has_error()) return kept.error();
  }
  if (count < 0) return read_error("standard input", "device list", static_cast<int>(-count));
  if (::lseek(copy->descriptor(), 0, SEEK_SET) != 0 || ::dup2(copy->descriptor(), STDIN_FILENO) < 0)
    return read_error("standard input", "device list", errno);
  return {};
}

std::string standard_input_type(bool has_column) {
  if (!has_column) return "text/plain";
  std::ifstream content{std::string{standard_input_file}, std::ios::binary};
  char first = ' ';
  while (is_before_first(first) && content.get(first)) {
  }
  return first == '{' ? "application/x-ndjson" : "text/csv";
}

}  // namespace sluice
