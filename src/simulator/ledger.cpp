// SPDX-License-Identifier: MIT
#include "ledger.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cerrno>
#include <cstring>

namespace sluice::simulator {
namespace {

/// Nonces come from outside: only printable ASCII, and not too much of it. In quotes.
std::string quoted(std::string_view text) {
  std::string shown{text.substr(0, 128)};
  for (char& c : shown) {
    if (c < ' ' || c > '~') c = '?';
  }
  return boost::json::serialize(boost::json::value(shown));
}

}  // namespace

std::string to_ledger_line(const LedgerEntry& entry) {
  const bool executed = !entry.device_names.empty();
  std::string line =
      fmt::format(R"({{"at":{}.{:09},"connection":{},"nonce":{},"http_status":{},"code":{},)",
                  entry.at.count() / 1'000'000'000, entry.at.count() % 1'000'000'000, entry.connection,
                  quoted(entry.nonce), entry.http_status, quoted(entry.code));
  if (entry.fault) line += fmt::format(R"("fault":"{}",)", to_word(*entry.fault));
  line += fmt::format(R"("executed":{},"devices":{})", executed, entry.devices);
  if (executed) {
    const boost::json::array names(entry.device_names.begin(), entry.device_names.end());
    line += fmt::format(R"(,"device_names":{})", boost::json::serialize(names));
  }
  return line + "}";
}

std::variant<std::unique_ptr<Ledger>, std::string> Ledger::open(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor < 0) {
    return fmt::format("{}: could not open the ledger for writing: {}", path, std::strerror(errno));
  }
  return std::unique_ptr<Ledger>{new Ledger{path, descriptor}};
}

Ledger::Ledger(std::string path, int descriptor) : path_{std::move(path)}, descriptor_{descriptor} {}

Ledger::~Ledger() { ::close(descriptor_); }

void Ledger::append(const LedgerEntry& entry) {
  const std::string line = to_ledger_line(entry) + "\n";
  std::size_t written = 0;
  while (written < line.size()) {
    const ssize_t n = ::write(descriptor_, line.data() + written, line.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      if (problem_.empty()) problem_ = fmt::format("{}: {}", path_, std::strerror(errno));
      return;
    }
    written += static_cast<std::size_t>(n);
  }
}

}  // namespace sluice::simulator
