// SPDX-License-Identifier: MIT
#include "plan_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cmath>
#include <numeric>
#include <optional>

namespace sluice::simulator {
namespace {

/// Levenshtein's distance, by rows.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

std::string suggestion(std::string_view key, const std::vector<std::string_view>& keys) {
  std::string_view nearest;
  std::size_t best = std::max<std::size_t>(2, key.size() / 3) + 1;
  for (const std::string_view candidate : keys) {
    const std::size_t distance = edit_distance(key, candidate);
    if (distance < best) {
      best = distance;
      nearest = candidate;
    }
  }
  if (!nearest.empty()) return fmt::format("did you mean \"{}\"?", nearest);
  return fmt::format("known keys are {}", fmt::join(keys, ", "));
}

/// The file's own text in quotes, with control characters escaped and not too long.
std::string quoted(std::string_view text) {
  std::string shown = boost::json::serialize(boost::json::value(text.substr(0, 60)));
  std::replace(shown.begin(), shown.end(), '\x7f', '?');
  return shown;
}

std::optional<double> number_within(const boost::json::value& value, double min, double max) {
  boost::json::error_code error;
  const double number = value.to_number<double>(error);
  if (error || !std::isfinite(number) || number < min || number > max) return std::nullopt;
  return number;
}

}  // namespace

std::string PlanReader::place_of(std::string_view key) const {
  return place_.empty() ? std::string{key} : fmt::format("{}.{}", place_, key);
}

void PlanReader::fail(std::string_view problem) {
  const std::string_view separator = place_.empty() ? "" : ": ";
  problems_->all.push_back(fmt::format("{}: {}{}{}", problems_->file, place_, separator, problem));
}

void PlanReader::fail_at(std::string_view key, std::string_view problem) {
  problems_->all.push_back(fmt::format("{}: {}: {}", problems_->file, place_of(key), problem));
}

void PlanReader::allow_only(const std::vector<std::string_view>& keys) {
  for (const auto& member : *object_) {
    const std::string_view key{member.key().data(), member.key().size()};
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
      fail(fmt::format("unknown key {}: {}", quoted(key), suggestion(key, keys)));
    }
  }
}

double PlanReader::number(std::string_view key, double otherwise, double min, double max) {
  if (!has(key)) return otherwise;
  const auto value = number_within(object_->at(key), min, max);
  if (!value) fail_at(key, fmt::format("expects a number from {:g} to {:g}", min, max));
  return value.value_or(otherwise);
}

long PlanReader::whole_number(std::string_view key, long otherwise, long min, long max) {
  if (!has(key)) return otherwise;
  boost::json::error_code error;
  const long value = object_->at(key).to_number<long>(error);
  if (!error && value >= min && value <= max) return value;
  fail_at(key, fmt::format("expects a whole number from {} to {}", min, max));
  return otherwise;
}

std::string PlanReader::text(std::string_view key, const std::string& otherwise) {
  if (!has(key)) return otherwise;
  const auto* text = object_->at(key).if_string();
  if (text != nullptr && !text->empty()) return std::string{text->data(), text->size()};
  fail_at(key, "expects a text");
  return otherwise;
}

std::vector<double> PlanReader::numbers(std::string_view key, double min, double max) {
  std::vector<double> values;
  const auto* array = has(key) ? object_->at(key).if_array() : nullptr;
  if (array == nullptr) return values;
  for (const auto& element : *array) {
    const auto value = number_within(element, min, max);
    if (!value) return {};
    values.push_back(*value);
  }
  return values;
}

std::vector<std::string> PlanReader::texts(std::string_view key) {
  std::vector<std::string> values;
  for (const auto& element : object_->at(key).as_array()) {
    const auto* text = element.if_string();
    if (text == nullptr) {
      fail_at(key, "expects a list of texts");
      return {};
    }
    values.emplace_back(text->data(), text->size());
  }
  return values;
}

PlanReader PlanReader::object(std::string_view key) {
  static const boost::json::object nothing;
  const auto* object = object_->at(key).if_object();
  if (object == nullptr) fail_at(key, "expects an object");
  return PlanReader{object != nullptr ? *object : nothing, place_of(key), *problems_};
}

std::vector<PlanReader> PlanReader::objects(std::string_view key) {
  std::vector<PlanReader> readers;
  if (!has(key)) return readers;
  const auto* array = object_->at(key).if_array();
  if (array == nullptr) {
    fail_at(key, "expects a list of objects");
    return readers;
  }
  for (const auto& element : *array) {
    const std::string place = fmt::format("{}[{}]", key, readers.size());
    if (!element.is_object()) {
      fail_at(place, "expects an object");
      return {};
    }
    readers.emplace_back(element.get_object(), place_of(place), *problems_);
  }
  return readers;
}

}  // namespace sluice::simulator
