// SPDX-License-Identifier: MIT
#include "sluice/jobfile/device_list.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>
#include <variant>

#include "jobfile/name_readers.hpp"
#include "jobfile/regular_file.hpp"
#include "jobfile/seen_devices.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

constexpr std::string_view what = "device list";
constexpr std::size_t bad_names_shown_max = 10;
// After a bad name, this many more are looked at in search of further ones.
constexpr std::size_t names_looked_at_after_bad_one = 100'000;

// Names are looked up this many at a time, so that the waits for memory overlap.
constexpr std::size_t batch_max = 64;

using Names = std::variant<InlineNames, TextNames, CsvNames, JsonLineNames>;

bool ends_with(std::string_view path, std::string_view ending) {
  if (path.size() < ending.size()) return false;
  path.remove_prefix(path.size() - ending.size());
  for (std::size_t i = 0; i < ending.size(); ++i) {
    const char c = path[i] >= 'A' && path[i] <= 'Z' ? static_cast<char>(path[i] - 'A' + 'a') : path[i];
    if (c != ending[i]) return false;
  }
  return true;
}

Result<Names> text_names(LineReader lines, std::vector<WantedColumn> columns) {
  const auto checked = check_only_device_is_wanted(columns, printable(lines.name()));
  if (!checked) return checked.error();
  return Names(TextNames(std::move(lines), std::move(columns)));
}

/// Standard input has no ending that could tell its format; whoever names a column says that it is no plain
/// text, and then its first character tells.
Result<Names> standard_input_names(LineReader lines, DeviceSource source) {
  if (source.column.empty()) return text_names(std::move(lines), std::move(source.columns));
  const auto first = lines.first_character();
  if (!first) return first.error();
  if (*first == '{')
    return Names(JsonLineNames(std::move(lines), std::move(source.column), std::move(source.columns)));
  return Names(CsvNames(std::move(lines), std::move(source.column), std::move(source.columns)));
}

Result<Names> names_of(LineReader lines, DeviceSource source) {
  if (source.path == "-") return standard_input_names(std::move(lines), std::move(source));
  if (ends_with(source.path, ".csv"))
    return Names(CsvNames(std::move(lines), std::move(source.column), std::move(source.columns)));
  if (ends_with(source.path, ".ndjson") || ends_with(source.path, ".jsonl")) {
    return Names(JsonLineNames(std::move(lines), std::move(source.column), std::move(source.columns)));
  }
  return text_names(std::move(lines), std::move(source.columns));
}

/// What cannot be read again by itself keeps a copy.
Result<LineReader> lines_of(OpenFile file, const std::string& path) {
  std::string name = path == "-" ? "standard input" : path;
  if (S_ISREG(file.status.st_mode)) return LineReader(std::move(file.descriptor), std::move(name));
  auto copy = KeptCopy::make();
  if (!copy) return copy.error();
  return LineReader(std::move(file.descriptor), std::move(name), *std::move(copy));
}

/// A pipe, a terminal or a regular file, whatever the shell has made of it.
Result<OpenFile> open_standard_input() {
  FileDescriptor copy(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
  if (copy.number() < 0) return read_error("standard input", what, errno);
  struct stat status{};
  if (::fstat(copy.number(), &status) != 0) return read_error("standard input", what, errno);
  return OpenFile{std::move(copy), status};
}

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  // Cannot fail for so few bytes; if it did, a seed of 0 would still be right, only foreseeable.
  static_cast<void>(::getrandom(&seed, sizeof seed, 0));
  return seed;
}

bool is_same_content(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
         a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

/// Whether a file that has been read to its end is still what it was when it was opened, also under its name.
bool has_changed(const LineReader& lines, const std::string& path, const struct stat& before) {
  if (!S_ISREG(before.st_mode)) return false;
  struct stat after{};
  if (::fstat(lines.descriptor(), &after) != 0 || !is_same_content(before, after)) return true;
  if (path == "-") return false;
  if (lines.bytes_read() != static_cast<std::uint64_t>(before.st_size)) return true;
  return ::stat(path.c_str(), &after) != 0 || !is_same_content(before, after);
}

}  // namespace

class DeviceList::Impl {
 public:
  explicit Impl(DeviceSource source)
      : may_be_empty_(source.may_be_empty),
        seen_(random_seed()),
        names_(InlineNames(std::move(source.names), std::move(source.columns))) {}
  Impl(std::string path, const struct stat& before, bool may_be_empty, Names names)
      : path_(std::move(path)),
        before_(before),
        may_be_empty_(may_be_empty),
        seen_(random_seed()),
        names_(std::move(names)) {}

  Result<std::size_t> read(std::size_t max, std::string& names) {
    if (failure_) return *failure_;
    auto appended =
        std::visit([this, max, &names](auto& reader) { return read_from(reader, max, names); }, names_);
    if (!appended) failure_ = appended.error();
    return appended;
  }

  Result<std::optional<DeviceRecord>> next() {
    if (failure_) return *failure_;
    auto record = std::visit([this](auto& reader) { return next_from(reader); }, names_);
    if (!record) failure_ = record.error();
    return record;
  }

  Result<void> rewind() {
    seen_ = SeenDevices(random_seed());
    duplicates_ = 0;
    failure_.reset();
    return std::visit([](auto& reader) { return reader.rewind(); }, names_);
  }

  std::string place() const {
    return std::visit([](const auto& reader) { return reader.place(); }, names_);
  }
  std::size_t devices() const { return seen_.devices(); }
  std::size_t duplicates() const { return duplicates_; }

 private:
  /// A name that has been read and not yet been looked up.
  struct Prepared {
    SeenDevices::Hash hash;
    std::size_t bytes;  // in the text, with its line break
  };

  template <class Reader>
  Result<std::size_t> read_from(Reader& reader, std::size_t max, std::string& names) {
    std::size_t appended = 0;
    while (appended < max) {
      batch_.clear();
      const std::size_t names_begin = names.size();
      const std::size_t wanted = std::min(max - appended, batch_max);
      while (batch_.size() < wanted) {
        const NextName name = reader.next();
        if (!name) return name.error();
        if (!*name) break;
        if (!is_valid_device_name(**name)) return refuse_names(reader, **name);
        names.append(**name).push_back('\n');
        batch_.push_back({seen_.prepare(**name), (*name)->size() + 1});
      }
      const std::size_t taken = batch_.size();
      appended += keep_first_occurrences(names, names_begin);
      if (taken < wanted) {
        if (auto fault = fault_at_end()) return *std::move(fault);
        return appended;
      }
    }
    return appended;
  }

  template <class Reader>
  Result<std::optional<DeviceRecord>> next_from(Reader& reader) {
    for (;;) {
      const NextName name = reader.next();
      if (!name) return name.error();
      if (!*name) {
        if (auto complete = reader.check_end(); !complete) return complete.error();
        if (auto fault = fault_at_end()) return *std::move(fault);
        return std::optional<DeviceRecord>();
      }
      if (!is_valid_device_name(**name)) return refuse_names(reader, **name);
      if (!seen_.add(**name)) {
        ++duplicates_;
        continue;
      }
      if (auto read = reader.values(values_); !read) return read.error();
      return std::optional(DeviceRecord{**name, values_});
    }
  }

  /// Takes out of `names`, from `begin` on, those of the batch that came before. @return how many stay
  std::size_t keep_first_occurrences(std::string& names, std::size_t begin) {
    std::size_t kept = 0;
    std::size_t from = begin;
    std::size_t to = begin;
    for (const Prepared& name : batch_) {
      if (seen_.add(name.hash)) {
        if (to != from) std::memmove(names.data() + to, names.data() + from, name.bytes);
        to += name.bytes;
        ++kept;
      } else {
        ++duplicates_;
      }
      from += name.bytes;
    }
    names.resize(to);
    return kept;
  }

  /// One error for this bad name and the next few.
  template <class Reader>
  Error refuse_names(Reader& reader, std::string_view first_bad_name) {
    std::string message = describe(reader.place(), first_bad_name);
    std::size_t bad = 1;
    for (std::size_t i = 0; i < names_looked_at_after_bad_one; ++i) {
      const NextName name = reader.next();
      if (!name || !*name) break;
      if (is_valid_device_name(**name)) continue;
      if (bad++ == bad_names_shown_max) {
        message += "\n… and more";
        break;
      }
      message += '\n' + describe(reader.place(), **name);
    }
    return Error{ErrorKind::invalid_input, std::move(message), "Correct or remove these names."};
  }

  static std::string describe(const std::string& place, std::string_view name) {
    return fmt::format("{}: \"{}\" is not a device name; expected 4 to 32 letters, digits and - _ @ . :",
                       place, printable(name, 60));
  }

  std::optional<Error> fault_at_end() const {
    const std::string list = path_ == "-"    ? "standard input"
                             : path_.empty() ? "targets.devices"
                                             : printable(path_);
    if (!path_.empty() && has_changed(lines(), path_, before_)) {
      return Error{ErrorKind::invalid_input,
                   fmt::format("{}: the file changed while it was being read", list),
                   "Try again once nothing writes to it; nothing was sent."};
    }
    if (seen_.devices() == 0 && !may_be_empty_) {
      return Error{ErrorKind::invalid_input, fmt::format("{}: 0 devices; expected at least one", list),
                   "Check that this is the list you meant."};
    }
    return std::nullopt;
  }

  const LineReader& lines() const {
    if (const auto* csv = std::get_if<CsvNames>(&names_)) return csv->lines();
    if (const auto* json = std::get_if<JsonLineNames>(&names_)) return json->lines();
    return std::get<TextNames>(names_).lines();
  }

  std::string path_;
  struct stat before_{};
  bool may_be_empty_ = false;
  SeenDevices seen_;
  Names names_;
  std::vector<Prepared> batch_;
  ColumnValues values_;
  std::size_t duplicates_ = 0;
  std::optional<Error> failure_;
};

Result<DeviceList> DeviceList::open(DeviceSource source) {
  if (source.path.empty()) {
    const auto checked = check_only_device_is_wanted(source.columns, "the job file's list");
    if (!checked) return checked.error();
    return DeviceList(std::make_unique<Impl>(std::move(source)));
  }
  auto file = source.path == "-" ? open_standard_input() : open_regular_file(source.path, what);
  if (!file) return file.error();
  const std::string path = source.path;
  const struct stat before = file->status;
  const bool may_be_empty = source.may_be_empty;
  auto lines = lines_of(*std::move(file), path);
  if (!lines) return lines.error();
  auto names = names_of(*std::move(lines), std::move(source));
  if (!names) return names.error();
  return DeviceList(std::make_unique<Impl>(path, before, may_be_empty, *std::move(names)));
}

DeviceList::DeviceList(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DeviceList::DeviceList(DeviceList&&) noexcept = default;
DeviceList& DeviceList::operator=(DeviceList&&) noexcept = default;
DeviceList::~DeviceList() = default;

Result<std::size_t> DeviceList::read(std::size_t max, std::string& names) { return impl_->read(max, names); }
Result<std::optional<DeviceRecord>> DeviceList::next() { return impl_->next(); }
std::string DeviceList::place() const { return impl_->place(); }
Result<void> DeviceList::rewind() { return impl_->rewind(); }
std::size_t DeviceList::devices() const { return impl_->devices(); }
std::size_t DeviceList::duplicates() const { return impl_->duplicates(); }

}  // namespace sluice
