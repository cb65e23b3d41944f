// SPDX-License-Identifier: MIT
#include "app/rate_proof.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>

#include "app/display_text.hpp"
#include "http_api/json_text.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

using std::chrono::microseconds;

// Rounded down to whole microseconds, so that a send exactly one interval later is never accused.
microseconds window_for(double limit) {
  constexpr microseconds second{1'000'000};
  if (limit >= 1) return second;
  return microseconds{static_cast<std::int64_t>(1e6 / limit)};
}

// A fullest window can always be moved to begin at a send, so only those are looked at.
void find_fullest_window(std::span<const UtcTime> sent_at, RateProof& proof) {
  std::size_t end = 0;
  for (std::size_t begin = 0; begin < sent_at.size(); ++begin) {
    while (end < sent_at.size() && sent_at[end] < sent_at[begin] + proof.window) ++end;
    const auto inside = static_cast<std::int64_t>(end - begin);
    if (inside > proof.most) {
      proof.most = inside;
      proof.fullest_at = sent_at[begin];
    }
  }
}

RateVerdict verdict_on(const RateProof& proof) {
  if (proof.most > proof.allowed) return RateVerdict::exceeded;
  // At worst all unknown sends fell into the fullest window.
  if (proof.unknown > 0 && proof.most + proof.unknown > proof.allowed) return RateVerdict::undecided;
  return RateVerdict::held;
}

double seconds_of(microseconds duration) { return std::chrono::duration<double>(duration).count(); }

std::string window_text(const RateProof& proof) {
  return fmt::format("{} s", rate_text(seconds_of(proof.window)));
}

void write_proof(JsonText& json, const RateProof& proof) {
  json.member("verdict", to_string(proof.verdict)).member("limit", proof.limit);
  json.member("window_us", proof.window.count()).member("allowed_in_window", proof.allowed);
  json.member("most_in_window", proof.most).key("fullest_window_at");
  proof.fullest_at ? json.value(to_rfc3339(*proof.fullest_at)) : json.null();
  json.member("sends", proof.sends).member("unknown", proof.unknown).key("smallest_gap_us");
  proof.smallest_gap ? json.value(proof.smallest_gap->count()) : json.null();
  json.key("seconds").decimal(seconds_of(proof.span), 3);
  json.key("quota_used");
  proof.quota_used ? json.decimal(*proof.quota_used, 4) : json.null();
}

}  // namespace

std::string_view to_string(RateVerdict verdict) {
  switch (verdict) {
    case RateVerdict::held:
      return "held";
    case RateVerdict::exceeded:
      return "exceeded";
    case RateVerdict::undecided:
      return "undecided";
  }
  return "undecided";
}

RateProof prove_rate(std::span<const UtcTime> sent_at, double limit, std::int64_t unknown) {
  assert(limit > 0 && std::ranges::is_sorted(sent_at));
  RateProof proof{.limit = limit,
                  .window = window_for(limit),
                  .allowed = static_cast<std::int64_t>(std::ceil(limit)),
                  .sends = static_cast<std::int64_t>(sent_at.size()),
                  .unknown = unknown};
  find_fullest_window(sent_at, proof);
  for (std::size_t i = 1; i < sent_at.size(); ++i) {
    const microseconds gap = sent_at[i] - sent_at[i - 1];
    proof.smallest_gap = std::min(proof.smallest_gap.value_or(gap), gap);
  }
  if (!sent_at.empty()) proof.span = sent_at.back() - sent_at.front();
  if (proof.span.count() > 0) {
    proof.quota_used = static_cast<double>(proof.sends - 1) / seconds_of(proof.span) / limit;
  }
  proof.verdict = verdict_on(proof);
  return proof;
}

std::string rate_proof_text(const RateProof& proof, std::string_view subject) {
  const std::string whose = printable(subject, 256);
  std::string text;
  if (proof.sends == 0) {
    text = fmt::format("{}: no sends on record (limit {}).\n", whose, rate_text(proof.limit));
  } else {
    text = fmt::format("{}: {} {} in {:.2f} s; at most {} in any window of {} (limit {}): {}.", whose,
                       grouped(proof.sends), proof.sends == 1 ? "send" : "sends", seconds_of(proof.span),
                       proof.most, window_text(proof), rate_text(proof.limit), to_string(proof.verdict));
    if (proof.quota_used) text += fmt::format(" {:.1f} % of the quota used.", 100 * *proof.quota_used);
    if (proof.smallest_gap) {
      text += fmt::format(" Smallest gap {:.3f} ms.", 1000 * seconds_of(*proof.smallest_gap));
    }
    text += '\n';
  }
  if (proof.verdict == RateVerdict::exceeded && proof.fullest_at) {
    text += fmt::format("  the fullest window begins at {}\n", to_rfc3339(*proof.fullest_at));
  }
  if (proof.unknown > 0) {
    text += fmt::format(
        "  besides, {} {} cut off by a crash: perhaps sent, the time is not known{}\n",
        grouped(proof.unknown), proof.unknown == 1 ? "attempt was" : "attempts were",
        proof.verdict == RateVerdict::held ? "; even all at once they would have kept the limit" : "");
  }
  return text;
}

std::string rate_proof_json(const RateProof& proof, std::string_view subject,
                            const std::optional<RateProof>& of_account) {
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version).member("subject", subject);
  write_proof(json, proof);
  if (of_account) {
    json.key("account").begin_object();
    write_proof(json, *of_account);
    json.end_object();
  }
  return json.end_object().end_document().take();
}

}  // namespace sluice
