// SPDX-License-Identifier: MIT
#include "app/lent_store.hpp"

#include <boost/asio/post.hpp>
#include <future>
#include <stdexcept>
#include <string>
#include <utility>

namespace sluice {
namespace {

Error about_to_end() {
  return {ErrorKind::refused, "the daemon is about to end", "Nothing was queued. Once more when it is back."};
}

[[noreturn]] void not_lent(const std::string& what) {
  throw std::logic_error(what + " is not lent to other threads");
}

}  // namespace

/// While it lives, the database thread waits, and the store is the borrower's.
class LentStore::Loan {
 public:
  Loan(Store& store, const boost::asio::any_io_executor& database, const OrderSource& source) {
    auto given = std::make_shared<std::promise<void>>();
    std::future<void> is_given = given->get_future();
    boost::asio::post(database, [given, is_returned = returned_.get_future().share()] {
      given->set_value();
      is_returned.wait();
    });
    is_given.wait();
    origin_.emplace(store.audit_log(), source);
  }
  Loan(const Loan&) = delete;
  Loan& operator=(const Loan&) = delete;
  ~Loan() {
    origin_.reset();
    returned_.set_value();
  }

 private:
  std::promise<void> returned_;
  std::optional<OrderOrigin> origin_;
};

LentStore::LentStore(Store& store, boost::asio::any_io_executor database, StoreReader& reader)
    : store_(store), database_(std::move(database)), reader_(reader) {}

LentStore::~LentStore() = default;

template <class Verb>
std::invoke_result_t<Verb, Store&> LentStore::borrow(const Verb& verb) {
  if (is_stopped_) return about_to_end();
  if (group_) return verb(store_);
  const Loan loan{store_, database_, source_};
  return verb(store_);
}

Result<void> LentStore::begin() {
  if (is_stopped_) return about_to_end();
  group_ = std::make_unique<Loan>(store_, database_, source_);
  Result<void> begun = store_.begin();
  if (begun.has_error()) group_.reset();
  return begun;
}

Result<void> LentStore::commit() {
  const std::unique_ptr<Loan> returned_at_the_end = std::move(group_);
  if (!is_stopped_) return store_.commit();
  store_.abandon();
  return about_to_end();
}

void LentStore::abandon() {
  if (!group_) return;
  store_.abandon();
  group_.reset();
}

Result<RunId> LentStore::create_run(const NewRun& run) {
  return borrow([&](Store& store) { return store.create_run(run); });
}

Result<ArgumentsId> LentStore::add_arguments(RunId run, const RenderedArguments& arguments) {
  return borrow([&](Store& store) { return store.add_arguments(run, arguments); });
}

Result<void> LentStore::add_chunks(RunId run, const std::vector<NewChunk>& chunks) {
  return borrow([&](Store& store) { return store.add_chunks(run, chunks); });
}

Result<void> LentStore::seal_run(RunId run, std::int64_t duplicates) {
  return borrow([&](Store& store) { return store.seal_run(run, duplicates); });
}

Result<void> LentStore::drop_unsealed(RunId run) {
  return borrow([&](Store& store) { return store.drop_unsealed(run); });
}

Result<std::vector<ClaimedChunk>> LentStore::claim(const ClaimRequest& request) {
  return borrow([&](Store& store) { return store.claim(request); });
}

Result<void> LentStore::settle(const Settlement& settlement) {
  return borrow([&](Store& store) { return store.settle(settlement); });
}

Result<std::int64_t> LentStore::recover(const RecoveryRule& rule, UtcTime now) {
  return borrow([&](Store& store) { return store.recover(rule, now); });
}

Result<DoubtResolved> LentStore::resolve_doubt(const DoubtDecision& decision) {
  return borrow([&](Store& store) { return store.resolve_doubt(decision); });
}

Result<void> LentStore::set_run_control(const RunOrder& order) {
  return borrow([&](Store& store) { return store.set_run_control(order); });
}

Result<void> LentStore::open_stage(RunId run, int number, UtcTime now) {
  return borrow([&](Store& store) { return store.open_stage(run, number, now); });
}

Result<void> LentStore::note_stage_settled(RunId run, int number, UtcTime now) {
  return borrow([&](Store& store) { return store.note_stage_settled(run, number, now); });
}

Result<int> LentStore::approve(const StageApproval& approval) {
  return borrow([&](Store& store) { return store.approve(approval); });
}

Result<void> LentStore::set_rate(const RateOrder& order) {
  return borrow([&](Store& store) { return store.set_rate(order); });
}

Result<void> LentStore::set_tenant_pause(std::string_view tenant, std::string_view reason, UtcTime now) {
  return borrow([&](Store& store) { return store.set_tenant_pause(tenant, reason, now); });
}
Result<void> LentStore::lift_tenant_pause(std::string_view tenant, std::string_view actor,
                                          std::string_view words, UtcTime now) {
  return borrow([&](Store& store) { return store.lift_tenant_pause(tenant, actor, words, now); });
}

Result<void> LentStore::move_run(RunId run, std::string_view endpoint, double rate) {
  return borrow([&](Store& store) { return store.move_run(run, endpoint, rate); });
}

ScheduleBook& LentStore::schedule_book() { not_lent("the schedule book"); }
KeyedRequests& LentStore::keyed_requests() { not_lent("what is known of keyed requests"); }
EventBook& LentStore::event_book() { not_lent("the book of events"); }

Result<void> LentStore::note_job_file(const JobFileRecord& file) {
  return borrow([&](Store& store) { return store.job_file_book().note_job_file(file); });
}

Result<void> LentStore::note_sent_before(const JobFileRecord& file, const SentContent& sent) {
  return borrow([&](Store& store) { return store.job_file_book().note_sent_before(file, sent); });
}

Result<std::optional<SentContent>> LentStore::sent_content(std::string_view digest) {
  return borrow([&](Store& store) { return store.job_file_book().sent_content(digest); });
}

Result<std::optional<UtcTime>> LentStore::contents_unknown_until() {
  return borrow([](Store& store) { return store.job_file_book().contents_unknown_until(); });
}

Result<void> LentStore::append(const AuditEntry& entry) {
  return borrow([&](Store& store) { return store.audit_log().append(entry); });
}

OrderSource LentStore::set_source(OrderSource source) { return std::exchange(source_, std::move(source)); }

Result<std::vector<PrunableRun>> LentStore::prunable_runs(UtcTime ended_before, std::size_t limit) {
  return borrow([&](Store& store) { return store.housekeeping().prunable_runs(ended_before, limit); });
}

Result<std::vector<RunId>> LentStore::half_pruned_runs() {
  return borrow([&](Store& store) { return store.housekeeping().half_pruned_runs(); });
}

Result<PruneStep> LentStore::prune_step(RunId run, std::int64_t rows_max, UtcTime now) {
  return borrow([&](Store& store) { return store.housekeeping().prune_step(run, rows_max, now); });
}

Result<std::int64_t> LentStore::prune_runless(UtcTime before, std::int64_t rows_max) {
  return borrow([&](Store& store) { return store.housekeeping().prune_runless(before, rows_max); });
}

}  // namespace sluice
