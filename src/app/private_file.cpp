// SPDX-License-Identifier: MIT
#include "app/private_file.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "jobfile/regular_file.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

constexpr std::string_view what = "credentials file";
constexpr std::size_t bytes_max = 1024 * 1024;
constexpr mode_t for_others = S_IRWXG | S_IRWXO;

Error unauthorized(std::string message, std::string hint = {}) {
  return {ErrorKind::unauthorized, std::move(message), std::move(hint)};
}

// As a shell takes it, so that the command of a hint can be pasted.
std::string quoted(const std::string& path) {
  std::string out = "'";
  for (const char c : path) out += c == '\'' ? std::string{"'\\''"} : std::string{c};
  return printable(out + "'");
}

/// What the service manager hands over belongs to root, and an access list lets this user read it; its mode
/// then shows the list's mask where the group's rights stand.
bool is_lent_by_root(const struct stat& status) {
  constexpr mode_t more_than_reading_by_group = for_others & ~mode_t{S_IRGRP};
  return status.st_uid == 0 && status.st_gid == 0 && geteuid() != 0 &&
         (status.st_mode & more_than_reading_by_group) == 0;
}

std::optional<Error> find_exposure(const std::string& path, const struct stat& status) {
  if (status.st_uid != geteuid() && status.st_uid != 0) {
    return unauthorized(
        fmt::format("{}: belongs to user {}, who could change the key", printable(path), status.st_uid),
        "Use a file that belongs to you and that only you can read.");
  }
  if ((status.st_mode & for_others) != 0 && !is_lent_by_root(status)) {
    return unauthorized(fmt::format("{}: other users have access to this file (mode {:04o})", printable(path),
                                    status.st_mode & 07777),
                        fmt::format("Run: chmod 600 {}", quoted(path)));
  }
  return std::nullopt;
}

/// In a folder with the sticky bit, a file is only its owner's to replace.
std::optional<Error> find_replaceable(const std::string& path) {
  struct stat found{};
  if (::lstat(path.c_str(), &found) == 0 && S_ISLNK(found.st_mode)) {
    return unauthorized(
        fmt::format("{}: is a symbolic link, and could be turned to another key", printable(path)),
        "Give the path of the file itself.");
  }
  const std::string parent = std::filesystem::path{path}.parent_path().string();
  const std::string folder = parent.empty() ? "." : parent;
  if (::stat(folder.c_str(), &found) != 0) return std::nullopt;
  if ((found.st_mode & S_IWOTH) == 0 || (found.st_mode & S_ISVTX) != 0) return std::nullopt;
  return unauthorized(fmt::format("{}: other users may put another key in its place (mode {:04o} of {})",
                                  printable(path), found.st_mode & 07777, printable(folder)),
                      fmt::format("Run: chmod o-w {}", quoted(folder)));
}

// Into one buffer of the full size from the start: one that grows would leave copies of the secret behind.
Result<Secret> read_all(const std::string& path, const OpenFile& file) {
  const auto expected = static_cast<std::size_t>(file.status.st_size);
  if (expected > bytes_max) return unauthorized(fmt::format("{}: is larger than 1 MiB", printable(path)));
  std::string text(expected, '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    const auto count = read_some(file.descriptor.number(), text.data() + filled, text.size() - filled);
    if (count == 0) break;
    if (count < 0) {
      wipe(text);
      return read_error(path, what, static_cast<int>(-count));
    }
    filled += static_cast<std::size_t>(count);
  }
  text.resize(filled);
  return Secret{std::move(text)};
}

}  // namespace

Result<std::optional<Secret>> read_private_file(const std::string& path) {
  const auto file = open_regular_file(path, what);
  if (!file) {
    Error error = file.error();
    if (error.kind == ErrorKind::not_found) return std::optional<Secret>{};
    error.kind = ErrorKind::unauthorized;
    return error;
  }
  if (auto exposure = find_exposure(path, file->status)) return *std::move(exposure);
  auto text = read_all(path, *file);
  if (!text) return std::move(text).error();
  return std::optional<Secret>{*std::move(text)};
}

Result<std::optional<Secret>> read_key_file(const std::string& path) {
  if (std::optional<Error> replaceable = find_replaceable(path)) return *std::move(replaceable);
  return read_private_file(path);
}

}  // namespace sluice
