// SPDX-License-Identifier: MIT
#include "store/sqlite/generation_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "store/sqlite/store_failure.hpp"
#include "store/sqlite/store_file.hpp"

namespace sluice {
namespace {

constexpr std::string_view first_line = "sluice generation 1\nstore ";
constexpr std::size_t identity_length = 32;
constexpr std::size_t number_length = 19;  // of the largest std::int64_t

bool take(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

std::optional<std::int64_t> take_number(std::string_view& text) {
  if (text.size() < number_length) return std::nullopt;
  std::int64_t number = 0;
  const char* end = text.data() + number_length;
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec != std::errc{} || parsed.ptr != end || number < 0) return std::nullopt;
  text.remove_prefix(number_length);
  return number;
}

bool write_all(int descriptor, const std::string& text) {
  ssize_t written = 0;
  do {
    written = pwrite(descriptor, text.data(), text.size(), 0);
  } while (written < 0 && errno == EINTR);
  if (written >= 0 && static_cast<std::size_t>(written) < text.size()) errno = ENOSPC;
  return written == static_cast<ssize_t>(text.size());
}

[[noreturn]] void fail_at(const std::string& path, std::string_view doing) {
  const int error = errno;
  fail(ErrorKind::storage, fmt::format("store: cannot {} {}: {}", doing, path, std::strerror(error)),
       next_step_after(error));
}

}  // namespace

bool has_lost_something(const Generation& database, const Generation& beside) {
  return database.owner < beside.owner || database.attempt < beside.attempt;
}

void require_not_lost(const std::string& store_path) {
  if (is_missing_or_empty(store_path) && GenerationFile{store_path}.read()) refuse_lost_store(store_path);
}

void refuse_lost_store(const std::string& store_path) {
  const std::string beside = GenerationFile{store_path}.path();
  fail(
      ErrorKind::refused,
      fmt::format("store {} is gone or empty, but {} says that there was one", store_path, beside),
      fmt::format("Put a backup back in its place. To begin a new record instead, although nobody knows what "
                  "was sent by the old one, remove {}.",
                  beside));
}

// Numbers of one length, so that the file can be overwritten in place and is always whole.
std::string generation_text(const Generation& generation) {
  return fmt::format(
      "{}{}\nowner {:019}\nattempt {:019}\n"
      "# Tells whether an older copy was put in the store's place: leave this file as it is when you restore "
      "one.\n"
      "# Without it, nothing that is unfinished is sent by itself: move it together with the store.\n",
      first_line, generation.store, generation.owner, generation.attempt);
}

std::optional<Generation> generation_from(std::string_view text) {
  if (!take(text, first_line) || text.size() < identity_length) return std::nullopt;
  Generation generation;
  generation.store = text.substr(0, identity_length);
  if (generation.store.find_first_not_of("0123456789abcdef") != std::string::npos) return std::nullopt;
  text.remove_prefix(identity_length);
  if (!take(text, "\nowner ")) return std::nullopt;
  const std::optional<std::int64_t> owner = take_number(text);
  if (!owner || !take(text, "\nattempt ")) return std::nullopt;
  const std::optional<std::int64_t> attempt = take_number(text);
  if (!attempt || !take(text, "\n")) return std::nullopt;
  generation.owner = *owner;
  generation.attempt = *attempt;
  return generation;
}

GenerationFile::GenerationFile(const std::string& store_path) : path_(store_path + ".generation") {}

GenerationFile::~GenerationFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

std::optional<Generation> GenerationFile::read() const {
  const int file = open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) {
    if (errno == ENOENT) return std::nullopt;
    fail_at(path_, "open");
  }
  std::array<char, 512> bytes{};
  const ssize_t length = pread(file, bytes.data(), bytes.size(), 0);
  const int error = errno;
  close(file);
  if (length < 0) {
    errno = error;
    fail_at(path_, "read");
  }
  std::optional<Generation> generation = generation_from({bytes.data(), static_cast<std::size_t>(length)});
  if (generation) return generation;
  fail(ErrorKind::refused,
       fmt::format("{} is not what sluice writes there, so whether the store beside it is the newest copy "
                   "cannot be told",
                   path_),
       "If you are sure that it is, remove that file and try again.");
}

void GenerationFile::write_anew(const Generation& generation) {
  const std::string fresh_path = path_ + ".new";
  const int fresh =
      open(fresh_path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
  if (fresh < 0) fail_at(fresh_path, "create");
  if (!write_all(fresh, generation_text(generation)) || fsync(fresh) != 0 ||
      std::rename(fresh_path.c_str(), path_.c_str()) != 0) {
    const int error = errno;
    close(fresh);
    errno = error;
    fail_at(path_, "write");
  }
  if (descriptor_ >= 0) close(descriptor_);
  descriptor_ = fresh;
  sync_folder(std::filesystem::path{path_}.parent_path().string());
}

bool GenerationFile::overwrite(const Generation& generation) {
  return write_all(descriptor_, generation_text(generation));
}

void GenerationFile::make_durable() {
  if (fsync(descriptor_) != 0) fail_at(path_, "sync");
}

}  // namespace sluice
