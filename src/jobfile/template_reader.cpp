// SPDX-License-Identifier: MIT
#include "jobfile/template_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "jobfile/nearest_word.hpp"
#include "jobfile/object_reader.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

using Piece = ArgumentTemplate::Piece;

constexpr std::string_view opening = "${";
constexpr std::string_view escaped_opening = "$${";
constexpr std::string_view param_prefix = "param.";
constexpr std::string_view column_prefix = "column.";

bool holds_place(std::string_view text) {
  return text.find("${param.") != text.npos || text.find("${column.") != text.npos;
}

/// Walks over the strings of the arguments in the order of the text.
class TemplateReader {
 public:
  TemplateReader(const JsonValue& args, std::string field, const DeclaredParameters& parameters,
                 Findings& findings)
      : document_(findings.document()),
        text_(document_.text_of(args)),
        begin_(args.begin),
        field_(std::move(field)),
        parameters_(parameters),
        findings_(findings),
        copied_(args.begin) {
    walk(args);
    copy_up_to(args.end);
  }

  ReadTemplate take() && {
    read_.arguments = ArgumentTemplate(std::move(pieces_));
    return std::move(read_);
  }

 private:
  void walk(const JsonValue& value) {
    if (value.kind == JsonValue::Kind::string) read_string(value);
    for (const JsonValue& element : value.elements) walk(element);
    for (const JsonValue::Member& member : value.members) {
      report_template(member.name, member.name_begin, field_, findings_);
      walk(member.value);
    }
  }

  /// The bytes are looked at as they are written: neither $, { nor } can be a part of an escape.
  void read_string(const JsonValue& value) {
    const std::string_view written = document_.text_of(value);
    for (std::size_t at = written.find('$'); at != written.npos; at = written.find('$', at)) {
      const std::string_view rest = written.substr(at);
      if (rest.starts_with(escaped_opening)) {
        copy_up_to(value.begin + at);
        copied_ += 1;  // the first $ goes
        read_.is_plain = false;
        at += escaped_opening.size();
      } else if (rest.starts_with(opening)) {
        at += read_place(value, written, at);
      } else {
        ++at;
      }
    }
  }

  /// @return how long the place is
  std::size_t read_place(const JsonValue& value, std::string_view written, std::size_t at) {
    const std::size_t close = written.find('}', at);
    const std::string_view inside =
        written.substr(at + opening.size(), close == written.npos ? 0 : close - at - opening.size());
    std::optional<Piece> piece = piece_of(inside, value.begin + at);
    if (!piece) return opening.size();
    const std::size_t length = inside.size() + opening.size() + 1;
    // Between the quotes stands nothing else.
    piece->is_whole = at == 1 && at + length + 1 == written.size();
    copy_up_to(value.begin + at - (piece->is_whole ? 1 : 0));
    pieces_.push_back(*std::move(piece));
    copied_ = value.begin + at + length + (pieces_.back().is_whole ? 1 : 0);
    read_.is_plain = false;
    return length;
  }

  std::optional<Piece> piece_of(std::string_view inside, std::size_t offset) {
    if (inside.starts_with(param_prefix)) return param(inside.substr(param_prefix.size()), offset);
    if (inside.starts_with(column_prefix) && inside.size() > column_prefix.size() &&
        inside.find('\\') == inside.npos) {
      const std::string name(inside.substr(column_prefix.size()));
      want(name, offset);
      return Piece{Piece::Kind::column, name};
    }
    findings_.add(
        offset, field_,
        "${ begins a place to fill in; expected ${param.NAME} or ${column.NAME}, or $${ for a plain ${");
    return std::nullopt;
  }

  std::optional<Piece> param(std::string_view name, std::size_t offset) {
    if (parameters_.contains(name)) return Piece{Piece::Kind::param, std::string(name)};
    std::vector<std::string_view> names;
    for (const auto& [known, parameter] : parameters_) names.push_back(known);
    const auto nearest = nearest_word(name, names);
    findings_.add(offset, field_,
                  fmt::format("there is no parameter \"{}\"; {}", printable(name, 60),
                              nearest ? fmt::format("did you mean \"{}\"?", *nearest)
                                      : "expected a name out of \"params\""));
    return std::nullopt;
  }

  void want(const std::string& name, std::size_t offset) {
    const auto is_same = [&name](const WantedColumn& column) { return column.name == name; };
    if (std::any_of(read_.columns.begin(), read_.columns.end(), is_same)) return;
    const Place place = document_.place_of(offset);
    read_.columns.push_back(
        {name, fmt::format("{}:{}:{}: {}", printable(document_.file()), place.line, place.column, field_)});
  }

  void copy_up_to(std::size_t offset) {
    if (pieces_.empty() || pieces_.back().kind != Piece::Kind::text) pieces_.push_back({});
    pieces_.back().text += text_.substr(copied_ - begin_, offset - copied_);
    copied_ = offset;
  }

  const JsonDocument& document_;
  std::string_view text_;  // of the arguments
  std::size_t begin_;      // where they begin in the document
  std::string field_;
  const DeclaredParameters& parameters_;
  Findings& findings_;
  std::size_t copied_;  // up to where the document's text is in pieces_
  std::vector<Piece> pieces_;
  ReadTemplate read_;
};

}  // namespace

ReadTemplate read_template(const JsonValue& args, const std::string& field,
                           const DeclaredParameters& parameters, Findings& findings) {
  return TemplateReader(args, field, parameters, findings).take();
}

void report_template(std::string_view text, std::size_t offset, const std::string& field,
                     Findings& findings) {
  if (!holds_place(text)) return;
  findings.add(offset, field,
               "nothing is filled in here; expected ${param.…} and ${column.…} in the texts of call.args and "
               "compensate.args only");
}

}  // namespace sluice
