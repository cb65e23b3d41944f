// SPDX-License-Identifier: MIT
#include "app/doctor_findings.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "app/display_text.hpp"
#include "sluice/dialect/server_clock.hpp"
#include "sluice/jobfile/device_name.hpp"
#include "sluice/store/sqlite_library.hpp"

namespace sluice {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t text_bytes_max = 4096;
constexpr std::int64_t log_bytes_worth_a_warning = std::int64_t{64} * 1024 * 1024;
constexpr mode_t for_others = S_IRWXG | S_IRWXO;

std::string shown(std::string_view text) { return printable(text, text_bytes_max); }

std::string size_text(std::int64_t bytes) {
  constexpr std::int64_t mebibyte = std::int64_t{1024} * 1024;
  if (bytes < mebibyte) return fmt::format("{} bytes", grouped(bytes));
  return fmt::format("{} MiB", grouped(bytes / mebibyte));
}

DoctorFinding fine(std::string check, std::string text) {
  return {.level = FindingLevel::ok, .check = std::move(check), .text = std::move(text)};
}

DoctorFinding warning(std::string check, std::string text, std::string next) {
  return {.level = FindingLevel::warning,
          .check = std::move(check),
          .text = std::move(text),
          .next = std::move(next)};
}

DoctorFinding of_tenant(const std::string& tenant, DoctorFinding finding) {
  finding.tenant = tenant;
  return finding;
}

DoctorFinding judge_access(const StoreCheck& store, uid_t user) {
  if (store.user != user) {
    return warning("access", fmt::format("the store belongs to user {}, and you are {}", store.user, user),
                   "Use sluice as the user whose store it is, or it may leave files that he cannot write.");
  }
  if ((store.mode & for_others) != 0) {
    return warning("access",
                   fmt::format("other users have access to the store (mode {:04o}), and so to device names "
                               "and arguments",
                               store.mode),
                   fmt::format("Run: chmod 600 {}", shown(store.path)));
  }
  return fine("access", fmt::format("the store has mode {:04o}", store.mode));
}

DoctorFinding judge_schema(const StoreCheck& store) {
  if (!store.is_schema_older) return fine("schema", fmt::format("schema {}, the newest", store.schema));
  return warning("schema",
                 fmt::format("schema {} is older than this program's, and cannot be looked at", store.schema),
                 "The next command that writes, or the daemon, brings it up to date and keeps a copy.");
}

DoctorFinding judge_generation(const StoreCheck& store) {
  if (store.is_older_copy) {
    return {.level = FindingLevel::problem,
            .check = "generation",
            .text = "the store is an older copy of itself: what was sent since, nobody knows",
            .next =
                "Have it taken over: sluice resume. All that was unfinished is then in doubt; nothing is "
                "sent."};
  }
  if (!store.has_generation_file) {
    return warning("generation", fmt::format("{}.generation is missing", shown(store.path)),
                   "Put it back if you moved the store. Otherwise all that is unfinished is held in doubt "
                   "by the next command that writes.");
  }
  return fine("generation", "the store is the newest copy of itself");
}

DoctorFinding judge_log(const StoreCheck& store) {
  std::string text =
      fmt::format("the log that is not in the database yet has {}", size_text(store.log_bytes));
  if (store.log_bytes < log_bytes_worth_a_warning) return fine("log", std::move(text));
  return warning(
      "log", std::move(text),
      "Some program has been reading the store for long: look for a backup or a database browser.");
}

}  // namespace

std::string_view to_string(FindingLevel level) {
  switch (level) {
    case FindingLevel::ok:
      return "ok";
    case FindingLevel::warning:
      return "warning";
    case FindingLevel::problem:
      return "problem";
  }
  return "problem";
}

FindingLevel worst_of(const std::vector<DoctorFinding>& findings) {
  FindingLevel worst = FindingLevel::ok;
  for (const DoctorFinding& finding : findings) worst = std::max(worst, finding.level);
  return worst;
}

DoctorFinding problem_found(std::string check, std::string tenant, const Error& error) {
  return {.level = FindingLevel::problem,
          .check = std::move(check),
          .tenant = std::move(tenant),
          .text = error.message,
          .next = error.hint};
}

std::vector<DoctorFinding> judge_store(const StoreCheck& store, uid_t user) {
  std::vector<DoctorFinding> findings;
  if (store.place_problem) findings.push_back(problem_found("place", "", *store.place_problem));
  if (store.problem) findings.push_back(problem_found("integrity", "", *store.problem));
  if (!store.is_there) {
    if (!store.problem)
      findings.push_back(
          fine("store", fmt::format("{}: there is none yet; the first submit makes it", shown(store.path))));
    return findings;
  }
  findings.push_back(fine("store", fmt::format("{}, {}", shown(store.path), size_text(store.bytes))));
  findings.push_back(judge_access(store, user));
  if (store.problem || store.schema == 0) return findings;
  findings.push_back(fine("integrity", "SQLite's quick_check found nothing"));
  findings.push_back(judge_schema(store));
  findings.push_back(judge_generation(store));
  findings.push_back(judge_log(store));
  return findings;
}

DoctorFinding judge_owner(const StoreCheck& store, std::optional<pid_t> listener) {
  if (!store.has_owner) return fine("owner", "no process owns the store");
  if (listener) return fine("owner", fmt::format("process {} owns the store and answers", *listener));
  return warning(
      "owner", "some process owns the store, and nobody answers at its socket",
      "It may be about to begin or to end. If not, commands such as pause do not reach it: look for "
      "the process that the file .lock beside the store names.");
}

DoctorFinding judge_disk(std::string_view folder, std::int64_t free_bytes, std::int64_t store_bytes) {
  std::string text = fmt::format("{} free in {}", size_text(free_bytes), shown(folder));
  const std::string next = "Free some space, prune old runs (sluice prune), or move the store.";
  if (free_bytes < free_bytes_needed)
    return {.level = FindingLevel::problem, .check = "disk", .text = std::move(text), .next = next};
  if (free_bytes < free_bytes_comfortable) return warning("disk", std::move(text), next);
  if (free_bytes < store_bytes)
    return warning("disk",
                   text + ": too little for a copy of the store, as an update of its schema makes one", next);
  return fine("disk", std::move(text));
}

DoctorFinding judge_versions(std::string_view versions, int sqlite) {
  const std::string unusable = unusable_sqlite(sqlite);
  if (unusable.empty()) return fine("versions", shown(versions));
  return {.level = FindingLevel::problem,
          .check = "versions",
          .text = unusable,
          .next = "Install a newer libsqlite3, or see which one is found: ldd sluice."};
}

DoctorFinding judge_endpoint(const std::string& tenant, std::string_view endpoint, const Reply& reply) {
  if (const auto* failure = std::get_if<TransportFailure>(&reply)) {
    return {.level = FindingLevel::problem,
            .check = "endpoint",
            .tenant = tenant,
            .text = fmt::format("{}: {} ({})", shown(endpoint), shown(failure->message),
                                to_string(failure->kind)),
            .next = "Check the address, the network, and for a private cloud its ca_file."};
  }
  const int status = std::get<HttpResponse>(reply).status;
  if (status / 100 == 3) {
    return of_tenant(
        tenant, warning("endpoint", fmt::format("{} answers with a redirect ({})", shown(endpoint), status),
                        "No redirect is followed: name the endpoint that is meant."));
  }
  return of_tenant(tenant, fine("endpoint", fmt::format("{} answers (status {})", shown(endpoint), status)));
}

DoctorFinding judge_clock(const std::string& tenant, std::optional<milliseconds> offset) {
  if (!offset) {
    return of_tenant(tenant, warning("clock", "the endpoint's answer says no time that can be read",
                                     "Make sure that this machine's clock is right: timedatectl."));
  }
  const milliseconds size = std::chrono::abs(*offset);
  const std::string text =
      size.count() == 0 ? "this machine's clock agrees with the endpoint's"
                        : fmt::format("this machine's clock is {} {} the endpoint's, at least",
                                      duration_text(size), offset->count() > 0 ? "ahead of" : "behind");
  if (size <= clock_offset_max) return of_tenant(tenant, fine("clock", text));
  DoctorFinding finding = warning("clock", text, "Nothing is sent so: set the clock right (timedatectl).");
  if (size > clock_offset_problem) finding.level = FindingLevel::problem;
  return of_tenant(tenant, std::move(finding));
}

DoctorFinding judge_credentials(const std::string& tenant, const Result<FoundCredentials>& found) {
  if (found.has_error()) return problem_found("credentials", tenant, found.error());
  return of_tenant(tenant, fine("credentials", fmt::format("access key from {}", shown(found->source))));
}

}  // namespace sluice
