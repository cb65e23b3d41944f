// SPDX-License-Identifier: MIT
#include "app/folder_reading.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "app/job_file_trust.hpp"
#include "jobfile/regular_file.hpp"
#include "sluice/jobfile/device_name.hpp"
#include "sluice/jobfile/json_document.hpp"
#include "store/sha256.hpp"

namespace sluice {
namespace {

/// Whoever writes there commands the devices.
Result<struct stat> require_trusted(const std::string& folder) {
  struct stat found{};
  if (::stat(folder.c_str(), &found) != 0) {
    return Error{ErrorKind::not_found,
                 fmt::format("the folder of job files, {}: {}", printable(folder, 256),
                             std::generic_category().message(errno)),
                 "Make the folder, or correct \"jobs_folder\" in the configuration."};
  }
  if ((found.st_mode & S_IWOTH) == 0) return found;
  return Error{ErrorKind::refused,
               fmt::format("anybody may write into the folder of job files, {}", printable(folder, 256)),
               fmt::format("Take that right away: chmod o-w {}", printable(folder, 256))};
}

bool is_job_file_name(const std::string& name) {
  return name.size() > 5 && name.ends_with(".json") && name.front() != '.' && printable(name, 256) == name;
}

std::vector<std::string> names_in(const std::string& folder, std::error_code& problem) {
  std::vector<std::string> names;
  std::filesystem::directory_iterator entry{folder, problem};
  for (; !problem && entry != std::filesystem::directory_iterator{}; entry.increment(problem)) {
    const std::string name = entry->path().filename().string();
    if (is_job_file_name(name)) names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

std::string in_words(const Error& error) {
  return error.hint.empty() ? error.message : error.message + "\n" + error.hint;
}

/// The folder, and what it trusts.
struct TrustedFolder {
  std::string path;
  std::filesystem::path resolved;  ///< without a link on the way
  struct stat status;
};

/// A link may lead to another name in the folder, and nowhere else: an error quotes what stands in the file.
Result<void> require_inside(const TrustedFolder& folder, const std::string& name, const OpenFile& file) {
  std::error_code problem;
  const std::filesystem::path opened =
      std::filesystem::read_symlink(fmt::format("/proc/self/fd/{}", file.descriptor.number()), problem);
  const auto relative = opened.lexically_relative(folder.resolved);
  const bool is_inside = !problem && !relative.empty() && *relative.begin() != "..";
  if (is_inside) return {};
  return Error{ErrorKind::refused,
               fmt::format("the job file {} is a link that leads out of its folder", printable(name, 256)),
               "Put the file itself there."};
}

UtcTime written_at(const struct stat& status) {
  return UtcTime{std::chrono::duration_cast<UtcTime::duration>(
      std::chrono::seconds{status.st_mtim.tv_sec} + std::chrono::nanoseconds{status.st_mtim.tv_nsec})};
}

bool is_just_written(UtcTime written, UtcTime now) {
  // A time to come is that of a clock that was wrong, and passes for nothing.
  return written <= now && now - written < calm_time;
}

struct WrittenText {
  std::string text;
  UtcTime written_at;
};

/// Its text, if it is calm and may be read. @return absent: it is being written
Result<std::optional<WrittenText>> text_of(const TrustedFolder& folder, const std::string& name,
                                           const std::string& path, UtcTime now) {
  const Result<OpenFile> opened = open_regular_file(path, "job file");
  if (opened.has_error()) return opened.error();
  const Result<void> inside = require_inside(folder, name, *opened);
  if (inside.has_error()) return inside.error();
  const Result<void> trusted = check_job_file_rights(path, opened->status, folder.status, ::geteuid());
  if (trusted.has_error()) return trusted.error();
  const UtcTime written = written_at(opened->status);
  if (is_just_written(written, now)) return std::optional<WrittenText>{};
  Result<std::string> text = read_whole(*opened, path, "job file", JsonLimits{}.bytes_max);
  if (text.has_error()) return text.error();
  return std::optional{WrittenText{std::move(*text), written}};
}

FolderFile read_file(const TrustedFolder& folder, const std::string& name, const Config& config,
                     const Environment& environment, UtcTime now) {
  FolderFile file{.name = name};
  const SendOptions options = options_for(folder.path, name);
  Result<std::optional<WrittenText>> text = text_of(folder, name, options.job_file, now);
  if (text.has_error()) {
    file.error = in_words(text.error());
    return file;
  }
  file.is_being_written = !text->has_value();
  if (file.is_being_written) return file;
  file.text = std::move((*text)->text);
  file.written_at = (*text)->written_at;
  file.seen.digest = sha256_hex(file.text);
  Result<PreparedJob> prepared = prepare_job_text(file.text, options, config, environment);
  if (prepared.has_error()) {
    file.error = in_words(prepared.error());
    return file;
  }
  file.seen.is_valid = true;
  file.seen.has_schedule = prepared->job.schedule.has_value();
  file.prepared = std::move(*prepared);
  return file;
}

}  // namespace

SendOptions options_for(const std::string& folder, const std::string& name) {
  return {.job_file = (std::filesystem::path{folder} / name).string()};
}

Result<std::vector<FolderFile>> read_folder(const std::string& folder, const Config& config,
                                            const Environment& environment, UtcTime now) {
  const Result<struct stat> status = require_trusted(folder);
  if (status.has_error()) return status.error();
  std::error_code problem;
  const TrustedFolder trusted{folder, std::filesystem::canonical(folder, problem), *status};
  const std::vector<std::string> names = problem ? std::vector<std::string>{} : names_in(folder, problem);
  if (problem) {
    return Error{ErrorKind::unexpected,
                 fmt::format("the folder of job files, {}: {}", printable(folder, 256), problem.message()),
                 "Its files stay in force as they were."};
  }
  std::vector<FolderFile> files;
  for (const std::string& name : names) files.push_back(read_file(trusted, name, config, environment, now));
  return files;
}

}  // namespace sluice
