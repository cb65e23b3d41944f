// SPDX-License-Identifier: MIT
// Whether the time in which a token is refused tells how much of it was right: Welch's t between pairs of
// classes, measured in turns drawn by lot. Beyond ±4.5 they differ (the bound of the field: by chance once in
// 100,000). Exits 1 then. Usage: sluice_token_timing [MEASUREMENTS OF EACH CLASS=100000]
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "http_api/api_tokens.hpp"

namespace {

using namespace sluice;
using Clock = std::chrono::steady_clock;

constexpr std::size_t tokens_in_file = 20;
constexpr double t_max = 4.5;

using Guesser = std::function<std::string()>;

struct Sums {
  double count = 0;
  double mean = 0;
  double squares = 0;  ///< of the distances from the mean

  void add(double value) {
    ++count;
    const double distance = value - mean;
    mean += distance / count;
    squares += distance * (value - mean);
  }
  double variance_of_mean() const { return squares / (count - 1) / count; }
};

double nanoseconds_to_refuse(const ApiTokens& tokens, const std::string& guess) {
  const Clock::time_point begin = Clock::now();
  const ApiToken* found = tokens.find(guess, UtcTime{});
  const Clock::time_point end = Clock::now();
  if (found == nullptr) return std::chrono::duration<double, std::nano>(end - begin).count();
  fmt::print(stderr, "a wrong token was taken for a right one\n");
  std::exit(2);
}

/// What takes longest of all, an interrupt in between, says nothing of the comparison.
double welch_t(const std::array<std::vector<double>, 2>& times) {
  std::vector<double> all = times[0];
  all.insert(all.end(), times[1].begin(), times[1].end());
  const auto cut = all.begin() + static_cast<std::ptrdiff_t>(all.size() * 95 / 100);
  std::nth_element(all.begin(), cut, all.end());
  std::array<Sums, 2> sums;
  for (std::size_t i = 0; i < 2; ++i)
    for (const double time : times[i])
      if (time <= *cut) sums[i].add(time);
  return (sums[0].mean - sums[1].mean) / std::sqrt(sums[0].variance_of_mean() + sums[1].variance_of_mean());
}

bool compare(std::string_view name, const ApiTokens& tokens, const std::array<Guesser, 2>& guessers,
             std::size_t measurements) {
  std::mt19937 lots{1};
  std::array<std::vector<double>, 2> times;
  while (std::min(times[0].size(), times[1].size()) < measurements) {
    // Both are made each time, so that they leave the caches alike.
    const std::array<std::string, 2> guesses{guessers[0](), guessers[1]()};
    const std::size_t which = lots() % 2;
    times[which].push_back(nanoseconds_to_refuse(tokens, guesses[which]));
  }
  const double t = welch_t(times);
  const bool is_even = std::abs(t) < t_max;
  fmt::print("{:<56} t = {:5.2f}  {}\n", name, t, is_even ? "even" : "DIFFERENT");
  return is_even;
}

std::string random_token(std::mt19937_64& random) {
  return fmt::format("sluice_{:016x}{:016x}{:016x}{:016x}", random(), random(), random(), random());
}

ApiTokens tokens_with(const std::vector<TokenDigest>& digests) {
  std::vector<ApiToken> tokens;
  for (const TokenDigest& digest : digests)
    tokens.push_back({.name = fmt::format("t{}", tokens.size()), .digest = digest});
  return ApiTokens{std::move(tokens)};
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t measurements = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 100'000;
  std::mt19937_64 random{1};
  const std::string right = random_token(random);
  const std::string near = random_token(random);
  const std::string far = random_token(random);
  TokenDigest near_digest = digest_of(near);
  near_digest.back() ^= 1;
  std::vector<TokenDigest> digests{digest_of(right), near_digest};
  while (digests.size() < tokens_in_file) digests.push_back(digest_of(random_token(random)));
  const ApiTokens tokens = tokens_with(digests);

  const auto right_up_to = [&](std::size_t length) -> Guesser {
    return [&, length] { return right.substr(0, length) + random_token(random).substr(length); };
  };
  const Guesser wrong = right_up_to(0);
  bool are_even = true;
  for (const std::size_t length : {right.size() / 2, right.size() - 16}) {
    const std::string name = fmt::format("{} of {} letters right, a wrong token", length, right.size());
    are_even &= compare(name, tokens, {right_up_to(length), wrong}, measurements);
  }
  are_even &= compare("a digest that is right but for its last bit, a wrong one", tokens,
                      {[&] { return near; }, [&] { return far; }}, measurements);
  return are_even ? 0 : 1;
}
