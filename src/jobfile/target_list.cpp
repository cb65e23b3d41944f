// SPDX-License-Identifier: MIT
#include "sluice/jobfile/target_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

constexpr std::size_t names_at_once = 100;
constexpr std::size_t taken_examples_max = 3;
constexpr std::size_t faults_shown_max = 10;
// After a device without arguments, this many more are looked at in search of further ones.
constexpr std::size_t devices_looked_at_after_fault = 100'000;

/// Each once, and those of the condition and the arguments first.
std::vector<WantedColumn> all_columns(const TargetRules& rules) {
  std::vector<WantedColumn> all = rules.columns;
  for (const WantedColumn& column : rules.stratify_by) {
    const auto is_same = [&column](const WantedColumn& known) { return known.name == column.name; };
    if (std::none_of(all.begin(), all.end(), is_same)) all.push_back(column);
  }
  return all;
}

std::vector<std::size_t> indices_of(const std::vector<WantedColumn>& some,
                                    const std::vector<WantedColumn>& all) {
  std::vector<std::size_t> indices;
  for (const WantedColumn& column : some) {
    const auto found = std::find_if(
        all.begin(), all.end(), [&column](const WantedColumn& known) { return known.name == column.name; });
    indices.push_back(static_cast<std::size_t>(found - all.begin()));
  }
  return indices;
}

}  // namespace

class TargetList::Impl {
 public:
  Impl(DeviceList list, TargetSource source, std::vector<WantedColumn> columns)
      : list_(std::move(list)),
        source_(std::move(source)),
        columns_(std::move(columns)),
        strata_indices_(indices_of(source_.rules.stratify_by, columns_)),
        strata_(strata_indices_.size()) {}

  Result<std::optional<Target>> next() { return columns_.empty() ? next_name() : next_record(); }

  const TargetCounts& counts() const { return counts_; }
  const TargetRules& rules() const { return source_.rules; }

  Result<void> rewind() {
    counts_ = {};
    names_.clear();
    rest_ = {};
    return list_.rewind();
  }

 private:
  using Next = Result<std::optional<Target>>;

  /// Where no column is looked at, names are read many at a time.
  Next next_name() {
    for (;;) {
      if (rest_.empty()) {
        names_.clear();
        const auto count = list_.read(names_at_once, names_);
        counts_.duplicates = static_cast<std::int64_t>(list_.duplicates());
        if (!count) return count.error();
        if (*count == 0) return std::optional<Target>();
        rest_ = names_;
      }
      const std::size_t end = rest_.find('\n');
      const std::string_view name = rest_.substr(0, end);
      rest_.remove_prefix(end + 1);
      if (is_left_out(name)) continue;
      return target(name, {});
    }
  }

  Next next_record() {
    for (;;) {
      const auto record = list_.next();
      counts_.duplicates = static_cast<std::int64_t>(list_.duplicates());
      if (!record) return record.error();
      if (!*record) return std::optional<Target>();
      if (!is_matched(**record)) continue;
      if (is_left_out((*record)->name)) continue;
      return target((*record)->name, (*record)->values);
    }
  }

  bool is_matched(const DeviceRecord& record) {
    const std::optional<Condition>& where = source_.rules.where;
    if (!where || where->holds_for(record.values.first(where->columns().size()))) return true;
    ++counts_.unmatched;
    return false;
  }

  bool is_left_out(std::string_view name) {
    if (source_.excluded && source_.excluded->contains(name)) return ++counts_.excluded, true;
    if (source_.denied && source_.denied->contains(name)) return ++counts_.denied, true;
    if (!source_.taken) return false;
    const std::optional<RunId> run = source_.taken->run_of(name);
    if (!run) return false;
    ++counts_.taken;
    if (counts_.taken_examples.size() < taken_examples_max)
      counts_.taken_examples.push_back({std::string(name), *run});
    return true;
  }

  Next target(std::string_view name, std::span<const ColumnValue> values) {
    if (const auto fault = render(values)) return refuse(describe(*fault));
    for (std::size_t i = 0; i < strata_.size(); ++i) strata_[i] = values[strata_indices_[i]].text;
    ++counts_.devices;
    return std::optional(Target{name, strata_, args_, compensate_args_});
  }

  std::optional<ArgumentTemplate::Fault> render(std::span<const ColumnValue> values) {
    const std::optional<Arguments>& arguments = source_.rules.arguments;
    if (!arguments) return std::nullopt;
    if (auto fault = arguments->args.render(values, args_)) return fault;
    if (!arguments->compensate_args) return std::nullopt;
    return arguments->compensate_args->render(values, compensate_args_);
  }

  std::string describe(const ArgumentTemplate::Fault& fault) const {
    const auto column = std::find_if(columns_.begin(), columns_.end(), [&fault](const WantedColumn& known) {
      return known.name == fault.column;
    });
    return fmt::format("{}: column \"{}\": {}; needed at {}", list_.place(), printable(fault.column, 60),
                       fault.text, column->place);
  }

  /// One error for this device and the next few.
  Error refuse(std::string message) {
    std::size_t faults = 1;
    for (std::size_t i = 0; i < devices_looked_at_after_fault; ++i) {
      const auto record = list_.next();
      if (!record || !*record) break;
      if (!is_matched(**record) || is_left_out((*record)->name)) continue;
      const auto fault = render((*record)->values);
      if (!fault) continue;
      if (faults++ == faults_shown_max) {
        message += "\n… and more";
        break;
      }
      message += '\n' + describe(*fault);
    }
    return Error{ErrorKind::invalid_input, std::move(message),
                 "Fill these in, or leave the devices out with \"where\" or \"exclude_file\"."};
  }

  DeviceList list_;
  TargetSource source_;
  std::vector<WantedColumn> columns_;
  std::vector<std::size_t> strata_indices_;
  std::vector<std::string_view> strata_;
  TargetCounts counts_;
  std::string names_;  // read and not given out yet: rest_
  std::string_view rest_;
  std::string args_;
  std::string compensate_args_;
};

Result<TargetList> TargetList::open(TargetSource source) {
  std::vector<WantedColumn> columns = all_columns(source.rules);
  source.list.columns = columns;
  auto list = DeviceList::open(std::move(source.list));
  if (!list) return list.error();
  return TargetList(std::make_unique<Impl>(*std::move(list), std::move(source), std::move(columns)));
}

TargetList::TargetList(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TargetList::TargetList(TargetList&&) noexcept = default;
TargetList& TargetList::operator=(TargetList&&) noexcept = default;
TargetList::~TargetList() = default;

Result<std::optional<Target>> TargetList::next() { return impl_->next(); }
const TargetCounts& TargetList::counts() const { return impl_->counts(); }
const TargetRules& TargetList::rules() const { return impl_->rules(); }
Result<void> TargetList::rewind() { return impl_->rewind(); }

}  // namespace sluice
