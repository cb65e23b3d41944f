// SPDX-License-Identifier: MIT
#include "sluice/core/cron.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace sluice {
namespace {

using Names = std::span<const std::string_view>;

constexpr std::array<std::string_view, 12> month_names{"jan", "feb", "mar", "apr", "may", "jun",
                                                       "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> weekday_names{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct Field {
  std::string_view name;
  int first;
  int last;
  Names names;  // of the values from `first` on
};

constexpr std::array<Field, 5> fields{{{"minute", 0, 59, {}},
                                       {"hour", 0, 23, {}},
                                       {"day of the month", 1, 31, {}},
                                       {"month", 1, 12, month_names},
                                       {"weekday", 0, 7, weekday_names}}};

struct Word {
  std::string_view text;
  std::size_t offset = 0;
};

struct Shorthand {
  std::string_view name;
  std::string_view stands_for;
};

constexpr std::array<Shorthand, 7> shorthands{{{"@hourly", "0 * * * *"},
                                               {"@daily", "0 0 * * *"},
                                               {"@midnight", "0 0 * * *"},
                                               {"@weekly", "0 0 * * 0"},
                                               {"@monthly", "0 0 1 * *"},
                                               {"@yearly", "0 0 1 1 *"},
                                               {"@annually", "0 0 1 1 *"}}};

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
char lowered(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_same_word(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lowered, lowered);
}

/// What someone wrote, to be shown: it may hold anything.
std::string quoted(std::string_view text) {
  constexpr std::size_t length_max = 40;
  const bool is_plain = std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7F'; });
  if (!is_plain) return "what stands here";
  return text.size() <= length_max ? fmt::format("\"{}\"", text)
                                   : fmt::format("\"{}…\"", text.substr(0, length_max));
}

std::vector<Word> words_of(std::string_view text) {
  std::vector<Word> words;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto begin = std::find_if_not(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), is_blank);
    const auto end = std::find_if(begin, text.end(), is_blank);
    const auto offset = static_cast<std::size_t>(begin - text.begin());
    if (begin != end) words.push_back({text.substr(offset, static_cast<std::size_t>(end - begin)), offset});
    at = static_cast<std::size_t>(end - text.begin());
  }
  return words;
}

/// Thrown within this file alone, from wherever in the text the fault is.
struct Refusal {
  CronFault fault;
};

[[noreturn]] void refuse(std::size_t offset, std::string text) { throw Refusal{{offset, std::move(text)}}; }

std::optional<int> number_in(std::string_view text) {
  if (text.empty() || text.size() > 4 || !std::ranges::all_of(text, is_digit)) return std::nullopt;
  int number = 0;
  for (const char c : text) number = number * 10 + (c - '0');
  return number;
}

/// Letters that other crons give a meaning. Said apart, because a guess would send at the wrong time.
std::string_view refused_extension(std::string_view part, const Field& field) {
  const auto has = [part](char c) { return part.find(c) != std::string_view::npos; };
  const bool is_day = field.name == "day of the month" || field.name == "weekday";
  if (has('?')) return "\"?\" is not known here; write * for a field that does not matter";
  if (has('~')) return "\"~\", a random time, is not known here; write one time, and let `spread` shift it";
  if (has('#'))
    return "\"#\", the n-th weekday of a month, is not known here; write days of the month, or a weekday";
  if (part.starts_with('H') && !is_day)
    return "\"H\", a time by hash, is not known here; write one time, and let `spread` shift it";
  if (!is_day || part.empty()) return {};
  const std::string_view before = part.substr(0, part.size() - 1);
  const bool is_after_number = std::ranges::all_of(before, [](char c) { return is_digit(c) || c == 'L'; });
  const char end = lowered(part.back());
  if (end == 'w' && is_after_number)
    return "\"W\", the nearest working day, is not known here; write a day of the month, or mon-fri as "
           "weekday";
  const bool is_last = (end == 'l' && is_after_number) || part.starts_with("L-");
  if (is_last) return "\"L\", the last day, is not known here; write 28, or 1 for the day after it";
  return {};
}

/// Reads one of the five fields.
class FieldReader {
 public:
  FieldReader(const Word& word, const Field& field) : word_(word), field_(field) {}

  /// Bit n: the value n fits.
  std::uint64_t read() const {
    std::uint64_t values = 0;
    std::size_t begin = 0;
    while (begin <= word_.text.size()) {
      const std::size_t end = std::min(word_.text.find(',', begin), word_.text.size());
      values |= read_part(word_.text.substr(begin, end - begin), word_.offset + begin);
      begin = end + 1;
    }
    return values;
  }

 private:
  std::uint64_t read_part(std::string_view part, std::size_t offset) const {
    if (part.empty()) refuse(offset, fmt::format("a {} is missing beside a comma", field_.name));
    if (const auto refusal = refused_extension(part, field_); !refusal.empty())
      refuse(offset, std::string(refusal));
    const std::size_t slash = part.find('/');
    const bool has_step = slash != std::string_view::npos;
    auto [first, last] = read_range(part.substr(0, slash), offset, has_step);
    const int step = has_step ? read_step(part.substr(slash + 1), offset + slash + 1, last - first) : 1;
    std::uint64_t values = 0;
    for (int value = first; value <= last; value += step) values |= std::uint64_t{1} << value;
    return values;
  }

  std::pair<int, int> read_range(std::string_view range, std::size_t offset, bool is_open) const {
    if (range == "*") return {field_.first, field_.last};
    const std::size_t dash = range.find('-');
    const int first = read_value(range.substr(0, dash), offset);
    if (dash == std::string_view::npos) return {first, is_open ? field_.last : first};
    const std::string_view end = range.substr(dash + 1);
    int last = read_value(end, offset + dash + 1);
    if (is_same_word(end, "sun") && first > 0) last = 7;
    if (first > last) {
      refuse(offset, fmt::format("the range {} goes downwards; write two, such as {}-{},{}-{}", quoted(range),
                                 first, field_.last, field_.first, last));
    }
    return {first, last};
  }

  int read_value(std::string_view text, std::size_t offset) const {
    if (const auto number = number_in(text)) {
      if (*number < field_.first || *number > field_.last) {
        refuse(offset, fmt::format("{} is no {}; expected {} to {}", *number, field_.name, field_.first,
                                   field_.last));
      }
      return *number;
    }
    for (std::size_t i = 0; i < field_.names.size(); ++i) {
      if (is_same_word(text, field_.names[i])) return field_.first + static_cast<int>(i);
    }
    refuse(offset, text.empty()
                       ? fmt::format("a {} is missing here", field_.name)
                       : fmt::format("{} is no {}; expected {}", quoted(text), field_.name, expected()));
  }

  int read_step(std::string_view text, std::size_t offset, int widest) const {
    const auto step = number_in(text);
    if (!step || *step == 0) {
      refuse(offset, fmt::format("{} is no step; expected a number from 1 on, as in */{}",
                                 text.empty() ? "nothing" : quoted(text), field_.last > 23 ? 15 : 2));
    }
    if (*step > std::max(widest, 1)) {
      refuse(offset,
             fmt::format("a step of {} never comes to a second {}; write one value, or an interval such as "
                         "\"every 90m\"",
                         *step, field_.name));
    }
    return *step;
  }

  std::string expected() const {
    const std::string numbers = fmt::format("{} to {}", field_.first, field_.last);
    if (field_.names.empty()) return numbers;
    return fmt::format("{} or {} to {}", numbers, field_.names.front(), field_.names.back());
  }

  const Word& word_;
  const Field& field_;
};

/// The longest that a month can be, of all that fit.
constexpr std::uint32_t days_of_month(int month) {
  constexpr std::array<int, 12> lengths{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return ((std::uint32_t{1} << lengths[static_cast<std::size_t>(month - 1)]) - 1) << 1;
}

bool is_ever_due(const CronExpression& expression) {
  if (!expression.must_fit_both_days) return true;
  for (int month = 1; month <= 12; ++month) {
    if ((expression.months >> month & 1) && (expression.days & days_of_month(month))) return true;
  }
  return false;
}

CronExpression read_fields(const std::vector<Word>& words) {
  if (words.size() != fields.size()) {
    const std::size_t offset = words.size() > fields.size() ? words[fields.size()].offset : 0;
    refuse(offset,
           fmt::format("{} fields; expected five: minute, hour, day of the month, month, weekday{}",
                       words.size(),
                       words.size() > fields.size() ? " (seconds and years are not known here)" : ""));
  }
  const auto value_of = [&words](std::size_t i) { return FieldReader(words[i], fields[i]).read(); };
  const auto has_star = [&words](std::size_t i) { return words[i].text.starts_with('*'); };
  CronExpression expression{.minutes = value_of(0),
                            .hours = static_cast<std::uint32_t>(value_of(1)),
                            .days = static_cast<std::uint32_t>(value_of(2)),
                            .months = static_cast<std::uint32_t>(value_of(3)),
                            .weekdays = static_cast<std::uint32_t>(value_of(4)),
                            .must_fit_both_days = has_star(2) || has_star(4),
                            .is_fixed_time = !has_star(0) && !has_star(1)};
  constexpr std::uint32_t seventh = 1U << 7;
  if (expression.weekdays & seventh) expression.weekdays = (expression.weekdays & ~seventh) | 1U;
  if (!is_ever_due(expression)) {
    refuse(words[2].offset, fmt::format("this never fires: no such month has such a day ({} {})",
                                        quoted(words[2].text), quoted(words[3].text)));
  }
  return expression;
}

CronExpression read_interval(const std::vector<Word>& words) {
  constexpr std::string_view expected =
      "expected a whole number and a unit, as in \"every 6h\" (s, m, h or d)";
  if (words.size() != 2) {
    const std::size_t offset = words.size() > 2 ? words[2].offset : words[0].offset;
    refuse(offset, fmt::format("\"every\" takes one interval; {}", expected));
  }
  const auto [text, offset] = words[1];
  const auto number = number_in(text.substr(0, text.size() - 1));
  std::chrono::seconds unit{0};
  switch (text.back()) {
    case 's':
      unit = std::chrono::seconds{1};
      break;
    case 'm':
      unit = std::chrono::minutes{1};
      break;
    case 'h':
      unit = std::chrono::hours{1};
      break;
    case 'd':
      unit = std::chrono::days{1};
      break;
    default:
      break;
  }
  const bool is_readable = number && unit.count() > 0;
  if (!is_readable) refuse(offset, fmt::format("{} is no interval; {}", quoted(text), expected));
  const std::chrono::seconds interval = *number * unit;
  if (interval < std::chrono::minutes{1} || interval > std::chrono::days{366})
    refuse(offset, fmt::format("{} is no interval for a schedule; expected 1m to 366d", quoted(text)));
  return {.interval = interval};
}

CronExpression read_shorthand(const std::vector<Word>& words) {
  if (is_same_word(words[0].text, "@every"))
    refuse(words[0].offset, "\"@every\" is not known here; write \"every 6h\"");
  if (words.size() > 1)
    refuse(words[1].offset,
           fmt::format("{} is followed by more; expected nothing else", quoted(words[0].text)));
  for (const Shorthand& shorthand : shorthands) {
    if (is_same_word(words[0].text, shorthand.name)) return read_fields(words_of(shorthand.stands_for));
  }
  if (is_same_word(words[0].text, "@reboot"))
    refuse(words[0].offset,
           "\"@reboot\" is no time, and here everything goes by the clock; write @daily or \"every 24h\"");
  refuse(words[0].offset,
         fmt::format(
             "{} is not known; expected @hourly, @daily, @midnight, @weekly, @monthly, @yearly or @annually",
             quoted(words[0].text)));
}

CronExpression read(std::string_view text) {
  constexpr std::size_t length_max = 1000;
  if (text.size() > length_max)
    refuse(length_max, "this is too long for a time; expected 1000 letters at most");
  const std::vector<Word> words = words_of(text);
  if (words.empty()) refuse(0, "nothing is written here; expected five fields such as \"30 2 * * mon-fri\"");
  if (words[0].text.starts_with('@')) return read_shorthand(words);
  if (is_same_word(words[0].text, "every")) return read_interval(words);
  return read_fields(words);
}

}  // namespace

std::variant<CronExpression, CronFault> parse_cron(std::string_view text) {
  try {
    return read(text);
  } catch (Refusal& refusal) {
    return std::move(refusal.fault);
  }
}

}  // namespace sluice
