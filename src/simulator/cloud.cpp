// SPDX-License-Identifier: MIT
#include "cloud.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sluice::simulator {
namespace {

using std::chrono::nanoseconds;

constexpr std::chrono::minutes nonce_memory{31};
constexpr std::size_t target_length_max = 8192;

/// Gateways answer in XML unless JSON was asked for.
Format format_of(const Parameters& parameters) {
  const auto found = parameters.find("Format");
  return found != parameters.end() && found->second == "JSON" ? Format::json : Format::xml;
}

std::string value_or_empty(const Parameters& parameters, const std::string& name) {
  const auto found = parameters.find(name);
  return found == parameters.end() ? std::string{} : found->second;
}

long count_device_names(const Parameters& parameters) {
  return std::count_if(parameters.begin(), parameters.end(),
                       [](const auto& parameter) { return parameter.first.starts_with("DeviceName."); });
}

/// The answer is lost or spoilt on its way, whatever it says.
void spoil(Answer& answer, std::optional<Fault> fault, Format format) {
  if (!fault) return;
  switch (*fault) {
    case Fault::reset_before_execution:
    case Fault::reset_after_execution:
    case Fault::outage_refuse:
      answer.delivery = Delivery::reset;
      break;
    case Fault::stall_before_execution:
    case Fault::stall_after_execution:
    case Fault::outage_stall:
      answer.delivery = Delivery::stall;
      break;
    case Fault::truncated_body:
      answer.delivery = Delivery::truncated;
      break;
    case Fault::garbage_body:
      answer = garbage_answer(format);
      break;
    case Fault::html_502:
      answer = html_answer(502, "Bad Gateway");
      break;
    default:
      break;
  }
}

/// Faults that replace the treatment of a request only fire if the request gets that far.
bool fires_whatever_the_request(Fault fault) {
  switch (fault) {
    case Fault::reset_after_execution:
    case Fault::stall_after_execution:
    case Fault::truncated_body:
    case Fault::garbage_body:
    case Fault::html_502:
      return true;
    default:
      return false;
  }
}

Refusal internal_error() {
  return {500, "InternalError", "The request processing has failed due to some unknown error."};
}

Refusal unavailable() {
  return {503, "ServiceUnavailable", "The request has failed due to a temporary failure of the server."};
}

Refusal throttling() { return {400, "Throttling.User", "Request was denied due to user flow control."}; }

Refusal refusal_of(const LastingRefusal& lasting) {
  return {lasting.http_status, lasting.code, lasting.message};
}

}  // namespace

/// What the cloud did about a request that it looked at.
struct Cloud::Decision {
  std::optional<Refusal> refusal;
  std::vector<std::string> executed;
  std::optional<Fault> fault;  ///< the one that fired
};

Cloud::Cloud(const Options& options)
    : options_{options},
      passages_{options.seed},
      others_{options.seed ^ 0x6F7468657273U},
      ids_{options.seed ^ 0x696473U} {}

Passage Cloud::receive(const Moment& now) {
  if (!first_request_at_) {
    first_request_at_ = now.since_start;
    if (options_.faults.other_requests_per_second > 0) {
      next_other_at_ = now.since_start + others_.draw_gap(options_.faults.other_requests_per_second);
    }
  }
  return passages_.draw_passage(options_.faults);
}

Verdict Cloud::arrive(const Request& request, const Passage& passage, const Moment& now) {
  const auto read = read_parameters(request);
  const auto* well_formed = std::get_if<Parameters>(&read);
  const Parameters parameters = well_formed != nullptr ? *well_formed : Parameters{};
  arrivals_[account_of(parameters)].push_back(now.since_start);

  const auto loss = loss_of(passage, now);
  Decision decision;
  if (loss) {
    decision.fault = loss;
    if (loss == Fault::outage_503) decision.refusal = unavailable();
  } else if (well_formed == nullptr) {
    decision.refusal = Refusal{400, "InvalidParameter", std::get<std::string>(read)};
  } else {
    decision = judge(request, parameters, passage.fault, now);
  }

  Verdict verdict{answer_to(request, parameters, decision, now), {}};
  const Delivery delivery = verdict.answer.delivery;
  const bool answered = delivery == Delivery::complete || delivery == Delivery::truncated;
  verdict.entry = {now.since_start,
                   request.connection,
                   value_or_empty(parameters, "SignatureNonce"),
                   answered ? verdict.answer.http_status : 0,
                   decision.refusal ? decision.refusal->code : "",
                   decision.fault,
                   std::move(decision.executed),
                   count_device_names(parameters)};
  count(verdict.entry);
  return verdict;
}

Answer Cloud::answer_to(const Request& request, const Parameters& parameters, const Decision& decision,
                        const Moment& now) {
  const Format format = format_of(parameters);
  const std::string id = ids_.draw_request_id();
  Answer answer;
  if (decision.refusal && decision.refusal->http_status == 414) {
    answer = html_answer(414, decision.refusal->message);
  } else if (decision.refusal) {
    answer = refusal_answer(format, options_.action, id, request.host, *decision.refusal);
  } else {
    answer = success_answer(format, options_.action, id);
  }
  if (decision.refusal && decision.refusal->code == throttling().code && options_.faults.retry_after_ms) {
    answer.headers.emplace_back("x-acs-retry-after", std::to_string(*options_.faults.retry_after_ms));
  }
  spoil(answer, decision.fault, format);
  answer.headers.emplace_back("Date", http_date(own_time(now)));
  return answer;
}

/// Why nobody looks at the request: it is lost before the gateway, or there is an outage.
std::optional<Fault> Cloud::loss_of(const Passage& passage, const Moment& now) const {
  if (const auto outage = outage_at(now.since_start)) return outage;
  if (passage.fault == Fault::reset_before_execution || passage.fault == Fault::stall_before_execution) {
    return passage.fault;
  }
  return std::nullopt;
}

std::chrono::sys_time<std::chrono::seconds> Cloud::own_time(const Moment& now) const {
  return now.utc + std::chrono::seconds{std::llround(options_.faults.clock_skew_s)};
}

Cloud::Decision Cloud::judge(const Request& request, const Parameters& parameters, std::optional<Fault> fault,
                             const Moment& now) {
  Decision decision;
  if (fault && fires_whatever_the_request(*fault)) decision.fault = fault;
  if (request.target.size() > target_length_max) {
    decision.refusal = Refusal{414, "RequestUriTooLarge", "Request-URI Too Large"};
    return decision;
  }
  const std::size_t path_end = std::min(request.target.find('?'), request.target.size());
  if (request.target.compare(0, path_end, "/") != 0) {
    decision.refusal = Refusal{404, "InvalidApi.NotFound", "Specified api is not found."};
    return decision;
  }

  const auto& account = options_.faults.account;
  if (auto refusal = check_form(request.method, parameters, options_)) {
    decision.refusal = refusal;
  } else if (account && counted_.requests >= account->after_requests) {
    decision.refusal = refusal_of(*account);
    if (!decision.fault) decision.fault = Fault::account;
  } else if (auto stranger = check_identity(request.method, parameters, options_, own_time(now))) {
    decision.refusal = stranger;
  } else if (auto repeated = check_history(parameters, fault, now)) {
    decision.refusal = repeated;
    if (fault) decision.fault = fault;
  } else {
    auto called = call(parameters, fault);
    if (auto* names = std::get_if<std::vector<std::string>>(&called)) {
      decision.executed = std::move(*names);
      if (fault == Fault::error_500_after_execution) decision.refusal = internal_error();
    } else {
      decision.refusal = std::get<Refusal>(called);
    }
    decision.fault = fault;
  }
  return decision;
}

/// What depends on earlier requests, and the gateway's faults. Leaves in `fault` the one that fires here or
/// may still fire.
std::optional<Refusal> Cloud::check_history(const Parameters& parameters, std::optional<Fault>& fault,
                                            const Moment& now) {
  const auto without_fault = [&fault](Refusal refusal) {
    if (fault && !fires_whatever_the_request(*fault)) fault.reset();
    return refusal;
  };
  if (!is_new_nonce(parameters.at("SignatureNonce"), now.since_start)) {
    return without_fault({400, "SignatureNonceUsed", "Specified signature nonce was used already."});
  }
  if (!quota_allows(account_of(parameters), now.since_start)) return without_fault(throttling());
  if (fault == Fault::throttle) return throttling();
  if (fault == Fault::error_500_before_execution) return internal_error();
  if (fault == Fault::error_503_before_execution) return unavailable();
  return std::nullopt;
}

/// The devices to execute on, or why nothing is executed.
std::variant<std::vector<std::string>, Refusal> Cloud::call(const Parameters& parameters,
                                                            std::optional<Fault>& fault) const {
  const auto refuse = [&fault](std::optional<Fault> because, Refusal refusal) {
    if (!fault || !fires_whatever_the_request(*fault)) fault = because;
    return refusal;
  };
  const auto& job = options_.faults.job;
  if (job && counted_.requests >= job->after_requests) return refuse(Fault::job, refusal_of(*job));

  auto checked = check_call(parameters, options_);
  const auto* names = std::get_if<std::vector<std::string>>(&checked);
  if (names == nullptr) return refuse(std::nullopt, std::get<Refusal>(checked));
  const bool any_bad = std::any_of(names->begin(), names->end(), [this](const std::string& name) {
    return is_bad_device(options_.faults, name, options_.seed);
  });
  // The message does not name the device: whether the real one does is not known.
  if (any_bad) {
    return refuse(Fault::bad_device,
                  {200, options_.faults.bad_device_code, "A device of the list is refused."});
  }
  return checked;
}

bool Cloud::is_new_nonce(const std::string& nonce, nanoseconds at) {
  while (!nonces_by_age_.empty() && nonces_by_age_.front().until <= at) {
    nonces_.erase(nonces_by_age_.front().nonce);
    nonces_by_age_.pop_front();
  }
  if (!nonces_.insert(nonce).second) return false;
  nonces_by_age_.push_back({at + nonce_memory, nonce});
  return true;
}

/// Of a stranger, nothing is known.
std::string Cloud::account_of(const Parameters& parameters) const {
  if (options_.accounts == 1) return options_.access_key_id;
  std::string key = value_or_empty(parameters, "AccessKeyId");
  return is_known_key(key, options_) ? key : std::string{};
}

bool Cloud::quota_allows(const std::string& account, nanoseconds at) {
  QuotaWindow& quota = quotas_.try_emplace(account, options_.requests_per_second).first->second;
  while (next_other_at_ && *next_other_at_ <= at) {
    quota.admit(*next_other_at_);
    *next_other_at_ += others_.draw_gap(options_.faults.other_requests_per_second);
  }
  return quota.admit(at);
}

std::optional<Fault> Cloud::outage_at(nanoseconds since_start) const {
  if (!first_request_at_) return std::nullopt;
  const double seconds = std::chrono::duration<double>(since_start - *first_request_at_).count();
  for (const Outage& outage : options_.faults.outages) {
    if (seconds >= outage.from_s && seconds < outage.to_s) return outage.kind;
  }
  return std::nullopt;
}

bool Cloud::refuses_connections(nanoseconds since_start) const {
  return outage_at(since_start) == Fault::outage_refuse;
}

void Cloud::count(const LedgerEntry& entry) {
  ++counted_.requests;
  const bool executed = !entry.device_names.empty();
  if (executed) ++counted_.executed;
  if (entry.code == throttling().code) ++counted_.throttled;
  if (!executed && !entry.code.empty()) ++counted_.refused[entry.code];
  if (entry.fault) ++counted_.faults[std::string{to_word(*entry.fault)}];
  for (const std::string& name : entry.device_names) {
    if (++executions_[name] == 2) ++counted_.devices_executed_more_than_once;
  }
}

Summary Cloud::summary() const {
  Summary summary = counted_;
  summary.devices_executed = static_cast<long>(executions_.size());
  for (const auto& [account, arrivals] : arrivals_) {
    const AccountSummary seen{.requests = static_cast<long>(arrivals.size()),
                              .most_arrivals_in_any_window =
                                  static_cast<long>(most_in_any_window(arrivals, std::chrono::seconds{1})),
                              .first_arrival_s = std::chrono::duration<double>(arrivals.front()).count(),
                              .last_arrival_s = std::chrono::duration<double>(arrivals.back()).count()};
    summary.most_arrivals_in_any_window =
        std::max(summary.most_arrivals_in_any_window, seen.most_arrivals_in_any_window);
    summary.first_arrival_s =
        std::min(summary.first_arrival_s.value_or(seen.first_arrival_s), seen.first_arrival_s);
    summary.last_arrival_s =
        std::max(summary.last_arrival_s.value_or(seen.last_arrival_s), seen.last_arrival_s);
    if (options_.accounts > 1) summary.accounts[account] = seen;
  }
  return summary;
}

}  // namespace sluice::simulator
