// SPDX-License-Identifier: MIT
// A run's progress as text: a block that is redrawn in place on a terminal, one plain line where there is
// none, or one JSON object a time. All three are for stderr.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "app/progress_model.hpp"

namespace sluice {

struct ProgressStyle {
  int columns = 80;  ///< no line is wider; made for 40 and more
  bool colour = false;
};

/// Whether colour is welcome: on a terminal, unless NO_COLOR is set to something (no-color.org).
/// @param no_color the environment variable's value, null if it is not set
bool wants_colour(bool is_terminal, const char* no_color);

/// The lines of the block, without line ends. Their number varies with what there is to say.
std::vector<std::string> progress_block(const ProgressView& view, const ProgressStyle& style);

/// What to write so that the lines take the place of the block drawn before, of which nothing remains.
/// @param lines_before how many lines it had; 0: none was drawn
std::string redraw(std::size_t lines_before, const std::vector<std::string>& lines);

/// "progress run=7 devices=22300/50000 …", without line end.
std::string progress_line(const ProgressView& view);

/// One JSON object on one line, without line end.
std::string progress_json(const ProgressView& view);

}  // namespace sluice
