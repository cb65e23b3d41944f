// SPDX-License-Identifier: MIT
// Text measured in terminal columns: how wide it is, cut or padded to a width, and numbers and durations as
// people read them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// How many bytes at the front are plain ASCII, printable as they are. Nearly all text is, all of it, and the
/// writers of many rows take the short way for it.
std::size_t plain_prefix(std::string_view text);

/// Columns that the text takes at most: wide characters (CJK, emoji) count two, all others one. Expects text
/// that went through printable().
int display_width(std::string_view text);

/// The text if it fits into `columns`, else as much of it as fits with "…" at its end.
std::string fitted(std::string_view text, int columns);

/// Fitted, and filled up with spaces on the right.
std::string padded(std::string_view text, int columns);

/// The items in as few lines of at most `columns` as their order allows, two spaces apart; an item wider than
/// a line is cut.
std::vector<std::string> flowed(const std::vector<std::string>& items, int columns);

/// "1,234,567"
std::string grouped(std::int64_t number);

/// "1 device", "1,200 devices". @param noun in the singular, its plural made by an s
std::string counted(std::int64_t number, std::string_view noun);

/// At most two units: "31s", "5m12s", "2h11m", "3d04h"; below ten seconds with one decimal ("4.2s"); never
/// negative, and "99d" for whatever is longer.
std::string duration_text(std::chrono::nanoseconds duration);

/// A rate without needless decimals: "10", "7.9", "0.5".
std::string rate_text(double per_second);

}  // namespace sluice
