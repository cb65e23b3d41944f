// SPDX-License-Identifier: MIT
// Reads the members of a JSON object with checks, and collects what is wrong with them instead of stopping at
// the first problem.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::simulator {

struct PlanProblems {
  std::string file;
  std::vector<std::string> all;
};

/// A view of one object; the object and the problems outlive it. A missing member gives the default, a wrong
/// one a problem and the default.
class PlanReader {
 public:
  /// `place`: how the object is reached from the top, "" for the top itself, else such as "outages[2]".
  PlanReader(const boost::json::object& object, std::string place, PlanProblems& problems)
      : object_{&object}, place_{std::move(place)}, problems_{&problems} {}

  bool has(std::string_view key) const { return object_->contains(key); }
  bool is_array(std::string_view key) const { return has(key) && object_->at(key).is_array(); }
  bool is_text(std::string_view key) const { return has(key) && object_->at(key).is_string(); }
  std::size_t size() const { return object_->size(); }

  void allow_only(const std::vector<std::string_view>& keys);

  /// Adds a problem of the object itself, or of one of its members.
  void fail(std::string_view problem);
  void fail_at(std::string_view key, std::string_view problem);

  double number(std::string_view key, double otherwise, double min, double max);
  long whole_number(std::string_view key, long otherwise, long min, long max = 1'000'000'000);
  std::string text(std::string_view key, const std::string& otherwise);
  std::vector<double> numbers(std::string_view key, double min, double max);
  std::vector<std::string> texts(std::string_view key);
  PlanReader object(std::string_view key);
  std::vector<PlanReader> objects(std::string_view key);

 private:
  std::string place_of(std::string_view key) const;

  const boost::json::object* object_;
  std::string place_;
  PlanProblems* problems_;
};

}  // namespace sluice::simulator
