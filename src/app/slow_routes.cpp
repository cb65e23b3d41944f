// SPDX-License-Identifier: MIT
#include "app/slow_routes.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "app/doctor_findings.hpp"
#include "app/doctor_report.hpp"
#include "app/examination.hpp"
#include "app/free_bytes.hpp"
#include "app/rehearsal.hpp"
#include "app/system_now.hpp"
#include "http_api/control_socket.hpp"
#include "http_api/order_source.hpp"
#include "http_api/resources/page_answer.hpp"
#include "sluice/store/audit_log.hpp"
#include "sluice/store/backup.hpp"

namespace sluice {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

constexpr std::size_t piece_bytes = std::size_t{256} * 1024;

ApiAnswer busy(std::string_view what) {
  return refused(429,
                 {ErrorKind::refused, fmt::format("another {} is under way", what), "Wait for it to end."},
                 {{"Retry-After", "5"}});
}

Error cannot(std::string_view what, int error) {
  return {ErrorKind::storage,
          fmt::format("the copy of the store cannot be {}: {}", what, std::strerror(error)),
          "Look at the disk that the store is on."};
}

/// A disk that the copy fills could not take the answers to what is being sent.
std::optional<Error> lack_of_space(const std::string& store, const std::string& folder) {
  std::error_code unknown;
  const auto bytes_of = [&](const std::string& file) {
    const std::uintmax_t bytes = fs::file_size(file, unknown);
    return unknown ? 0 : bytes;
  };
  const std::uintmax_t needed =
      bytes_of(store) + bytes_of(store + "-wal") + static_cast<std::uintmax_t>(free_bytes_needed);
  const std::optional<std::int64_t> free = free_bytes_at(folder);
  if (!free || static_cast<std::uintmax_t>(*free) >= needed) return std::nullopt;
  constexpr std::uintmax_t mebibyte = std::uintmax_t{1024} * 1024;
  return Error{
      ErrorKind::refused,
      fmt::format("a copy, and the work that goes on, need {} MiB of the store's disk; {} MiB are free",
                  needed / mebibyte, static_cast<std::uintmax_t>(*free) / mebibyte),
      "Free some space, or copy it to another disk on the daemon's machine: sluice backup FILE."};
}

/// A copy that has no name any more: it goes when nobody reads it, whatever happens.
Result<std::shared_ptr<OwnedDescriptor>> nameless_copy(const std::string& store, const std::string& folder) {
  if (::mkdir(folder.c_str(), S_IRWXU) != 0 && errno != EEXIST) return cannot("given a folder", errno);
  if (std::optional<Error> lacking = lack_of_space(store, folder)) return *std::move(lacking);
  const std::string file = folder + "/copy.db";
  ::unlink(file.c_str());
  const Result<BackupMade> made = back_up_store(store, file, /*may_replace=*/false);
  if (made.has_error()) return made.error();
  auto copy = std::make_shared<OwnedDescriptor>(::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  const int problem = errno;
  ::unlink(file.c_str());
  if (!copy->is_open()) return cannot("read", problem);
  return copy;
}

/// Absent: that was all.
Result<std::optional<std::string>> next_piece(const OwnedDescriptor& copy) {
  std::string piece(piece_bytes, '\0');
  ssize_t count = -1;
  do {
    count = ::read(copy.get(), piece.data(), piece.size());
  } while (count < 0 && errno == EINTR);
  if (count < 0) return cannot("read", errno);
  if (count == 0) return std::optional<std::string>{};
  piece.resize(static_cast<std::size_t>(count));
  return std::optional{std::move(piece)};
}

std::string file_name(UtcTime now) {
  std::string time = to_iso_seconds(now);
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  return fmt::format("sluice-{}.db", time);
}

}  // namespace

/// As long as it lives, the desk is somebody's.
class SlowRoutes::Turn {
 public:
  explicit Turn(Desk& desk) : desk_(desk) { desk_.is_taken = true; }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() { desk_.is_taken = false; }

 private:
  Desk& desk_;
};

class SlowRoutes::CopyStream : public ApiStream {
 public:
  CopyStream(Desk& desk, std::shared_ptr<Turn> turn, std::shared_ptr<OwnedDescriptor> copy)
      : desk_(desk), turn_(std::move(turn)), copy_(std::move(copy)) {}

  asio::awaitable<Result<std::optional<std::string>>> next() override {
    auto read = [copy = copy_] { return next_piece(*copy); };
    return desk_.thread.call(std::move(read));
  }

 private:
  Desk& desk_;
  std::shared_ptr<Turn> turn_;
  std::shared_ptr<OwnedDescriptor> copy_;
};

SlowRoutes::SlowRoutes(Ground ground)
    : ground_(std::move(ground)),
      backups_{.thread = Background{ground_.loop}},
      examinations_{.thread = Background{ground_.loop}},
      rehearsals_{.thread = Background{ground_.loop}} {}

std::string SlowRoutes::copies_folder() const { return ground_.store_file + ".copies"; }

void SlowRoutes::remove_left_copies() const {
  std::error_code left;
  fs::remove_all(copies_folder(), left);
}

asio::awaitable<ApiAnswer> SlowRoutes::back_up(ApiRequest request) {
  ApiAnswer answer{.content_type = "application/vnd.sqlite3"};
  if (request.method == "HEAD") co_return answer;
  if (backups_.is_taken) co_return busy("backup");
  const auto turn = std::make_shared<Turn>(backups_);
  auto copy = [store = ground_.store_file, folder = copies_folder()] { return nameless_copy(store, folder); };
  const Result<std::shared_ptr<OwnedDescriptor>> copied = co_await backups_.thread.call(std::move(copy));
  if (copied.has_error()) co_return refused(copied.error());
  const UtcTime now = system_now();
  auto note = [&request, now](Store& store) {
    return store.audit_log().append({.at = now,
                                     .actor = request.client.name,
                                     .origin = request.client.origin,
                                     .action = "store_backed_up"});
  };
  // Whoever takes everything away with him is on record before he has it.
  const Result<void> noted = co_await ground_.store.call(std::move(note));
  if (noted.has_error()) co_return refused(noted.error());
  answer.headers = {{"Content-Disposition", fmt::format("attachment; filename=\"{}\"", file_name(now))}};
  answer.stream = std::make_shared<CopyStream>(backups_, turn, *copied);
  co_return answer;
}

asio::awaitable<ApiAnswer> SlowRoutes::examine_here(ApiRequest request) {
  if (examinations_.is_taken) co_return busy("examination");
  const Turn turn{examinations_};
  auto look = [this,
               tenant = std::string{request.query_value("tenant").value_or("")}]() -> Result<std::string> {
    return doctor_json(examine(ground_.common, tenant, ground_.environment));
  };
  Result<std::string> report = co_await examinations_.thread.call(std::move(look));
  if (report.has_error()) co_return refused(report.error());
  co_return json_answer(std::move(*report));
}

asio::awaitable<ApiAnswer> SlowRoutes::rehearse(ApiRequest request) {
  const Result<PostedJob> posted = posted_job(request, ground_.find_list);
  if (posted.has_error()) co_return refused(posted.error());
  if (rehearsals_.is_taken) co_return busy("rehearsal");
  const Turn turn{rehearsals_};
  auto play = [&posted, name = request.client.name] { return rehearse_posted(*posted, name, system_now()); };
  Result<std::string> report = co_await rehearsals_.thread.call(std::move(play));
  if (report.has_error()) co_return refused(report.error());
  co_return json_answer(std::move(*report));
}

std::vector<Route> SlowRoutes::routes() {
  return {{.method = "GET",
           .pattern = "/api/v1/backup",
           .scope = ApiScope::admin,
           .operation = "backUpStore",
           .handler = [this](ApiRequest request) { return back_up(std::move(request)); }},
          {.method = "GET",
           .pattern = "/api/v1/doctor",
           .scope = ApiScope::admin,
           .operation = "examine",
           .handler = [this](ApiRequest request) { return examine_here(std::move(request)); },
           .query = {"tenant"}},
          {.method = "POST",
           .pattern = "/api/v1/jobs:rehearse",
           .scope = ApiScope::operate,
           .operation = "rehearseJob",
           .handler = [this](ApiRequest request) { return rehearse(std::move(request)); },
           .body = ApiBody::json}};
}

}  // namespace sluice
