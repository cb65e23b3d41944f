// SPDX-License-Identifier: MIT
#include "sluice/jobfile/argument_template.hpp"

#include <algorithm>

#include "jobfile/json_escape.hpp"
#include "jobfile/utf8.hpp"

namespace sluice {
namespace {

using Piece = ArgumentTemplate::Piece;

/// Inside a string, a string's own quotes are not wanted.
std::string_view inside_string(std::string_view json) {
  return json.starts_with('"') ? json.substr(1, json.size() - 2) : json;
}

void add_text(std::vector<Piece>& pieces, std::string_view text) {
  if (pieces.empty() || pieces.back().kind != Piece::Kind::text) pieces.push_back({});
  pieces.back().text += text;
}

}  // namespace

bool ArgumentTemplate::uses_columns() const {
  return std::any_of(pieces_.begin(), pieces_.end(),
                     [](const Piece& piece) { return piece.kind == Piece::Kind::column; });
}

ArgumentTemplate ArgumentTemplate::bound(const ParameterValues& params,
                                         std::span<const WantedColumn> columns) const {
  std::vector<Piece> pieces;
  for (const Piece& piece : pieces_) {
    if (piece.kind == Piece::Kind::text) {
      add_text(pieces, piece.text);
    } else if (piece.kind == Piece::Kind::param) {
      const std::string& json = params.find(piece.text)->second;
      add_text(pieces, piece.is_whole ? std::string_view(json) : inside_string(json));
    } else {
      const auto found = std::find_if(columns.begin(), columns.end(), [&piece](const WantedColumn& column) {
        return column.name == piece.text;
      });
      pieces.push_back(piece);
      pieces.back().column = static_cast<std::size_t>(found - columns.begin());
    }
  }
  return ArgumentTemplate(std::move(pieces));
}

std::optional<ArgumentTemplate::Fault> ArgumentTemplate::render(std::span<const ColumnValue> values,
                                                                std::string& into) const {
  into.clear();
  for (const Piece& piece : pieces_) {
    if (piece.kind == Piece::Kind::text) {
      into += piece.text;
      continue;
    }
    const ColumnValue& value = values[piece.column];
    const bool is_text = value.kind == ColumnValue::Kind::text;
    if (value.kind == ColumnValue::Kind::missing || value.text.empty())
      return Fault{piece.text, "is empty or missing"};
    if (is_text && first_invalid_utf8(value.text)) return Fault{piece.text, "is not valid UTF-8"};
    const bool needs_quotes = is_text && piece.is_whole;
    if (needs_quotes) into += '"';
    append_json_escaped(into, value.text);
    if (needs_quotes) into += '"';
  }
  return std::nullopt;
}

}  // namespace sluice
