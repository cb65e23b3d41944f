// SPDX-License-Identifier: MIT
#include "app/control_client.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "http_api/control_socket.hpp"
#include "http_api/problem.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

namespace http = boost::beast::http;
using std::chrono::steady_clock;

constexpr std::size_t upload_piece_bytes = std::size_t{64} * 1024;
constexpr std::size_t answer_bytes_max = std::size_t{64} * 1024 * 1024;

Error no_answer(const std::optional<SocketPeer>& owner, std::chrono::seconds deadline) {
  return {ErrorKind::unexpected,
          fmt::format("process {} owns the store and did not answer within {} s",
                      owner ? fmt::format("{}", owner->process) : "(unknown)", deadline.count()),
          "Whether it has heard is unknown. If it hangs, end it; what it was sending is then taken over by "
          "the next command."};
}

Error unreadable(std::string_view what) {
  return {ErrorKind::unexpected,
          fmt::format("the process that owns the store gave no answer that can be read: {}",
                      printable(what, 128)),
          "It may be another version of sluice: see `sluice version`."};
}

/// Without the empty line at its end.
std::string head_of(std::string_view method, std::string_view target, std::string_view content_type,
                    std::uintmax_t bytes) {
  return fmt::format(
      "{} {} HTTP/1.1\r\nHost: sluice\r\nContent-Type: {}\r\nContent-Length: {}\r\n"
      "Connection: close\r\n",
      method, target, content_type, bytes);
}

/// @return false: nobody reads there any more
bool send_all(int socket, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

enum class Wait { readable, too_late };

Wait wait_for_more(int socket, steady_clock::time_point until) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady_clock::now());
    if (left.count() <= 0) return Wait::too_late;
    pollfd one{socket, POLLIN, 0};
    if (::poll(&one, 1, static_cast<int>(left.count())) > 0) return Wait::readable;
  }
}

/// Absent: the other side has left before its answer was whole.
Result<std::optional<OwnerAnswer>> receive(int socket, std::chrono::seconds deadline) {
  const auto until = steady_clock::now() + deadline;
  http::response_parser<http::string_body> parser;
  parser.body_limit(answer_bytes_max);
  parser.eager(true);
  std::string unread;
  std::array<char, 8192> bytes;
  while (!parser.is_done()) {
    if (wait_for_more(socket, until) == Wait::too_late) return no_answer(peer_of(socket), deadline);
    const ssize_t count = ::recv(socket, bytes.data(), bytes.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return std::optional<OwnerAnswer>{};
    unread.append(bytes.data(), static_cast<std::size_t>(count));
    boost::system::error_code problem;
    unread.erase(0, parser.put(boost::asio::buffer(unread), problem));
    if (problem && problem != http::error::need_more) return unreadable(problem.message());
  }
  auto message = parser.release();
  return std::optional{OwnerAnswer{message.result_int(), std::move(message.body())}};
}

}  // namespace

Result<std::optional<OwnerAnswer>> ask_owner(const std::string& store_file, const ApiRequest& request,
                                             std::chrono::seconds deadline) {
  const std::optional<OwnedDescriptor> socket = connect_to_control_socket(control_socket_path(store_file));
  if (!socket) return std::optional<OwnerAnswer>{};
  std::string head = head_of(request.method, request.target, "application/json", request.body.size());
  for (const auto& [name, value] : request.headers) head += fmt::format("{}: {}\r\n", name, value);
  if (!send_all(socket->get(), head + "\r\n" + request.body)) return std::optional<OwnerAnswer>{};
  return receive(socket->get(), deadline);
}

Result<std::optional<OwnerAnswer>> upload_to_owner(const std::string& store_file, const std::string& target,
                                                   const std::string& file, const std::string& content_type) {
  std::error_code problem;
  const std::uintmax_t bytes = std::filesystem::file_size(file, problem);
  std::ifstream content(file, std::ios::binary);
  if (problem || !content) {
    return Error{ErrorKind::not_found, fmt::format("{}: cannot be read any more", printable(file, 256)),
                 "It was there a moment ago: see who changes it."};
  }
  const std::optional<OwnedDescriptor> socket = connect_to_control_socket(control_socket_path(store_file));
  if (!socket) return std::optional<OwnerAnswer>{};
  bool is_taken = send_all(socket->get(), head_of("POST", target, content_type, bytes) + "\r\n");
  std::vector<char> piece(upload_piece_bytes);
  while (is_taken && content) {
    content.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    is_taken = send_all(socket->get(), {piece.data(), static_cast<std::size_t>(content.gcount())});
  }
  // Who does not want all of it may have said why before he stopped to listen.
  return receive(socket->get(), std::chrono::seconds{60});
}

Result<std::optional<ControlAnswer>> ask_owner(const std::string& store_file, const ApiCommand& command) {
  const Result<std::optional<OwnerAnswer>> answer = ask_owner(store_file, request_for(command));
  if (answer.has_error()) return answer.error();
  if (!*answer) return std::optional<ControlAnswer>{};
  if ((*answer)->status != 200) return error_from_problem((*answer)->body);
  Result<ControlAnswer> read = control_answer_from((*answer)->body);
  if (read.has_error()) return read.error();
  return std::optional{std::move(*read)};
}

}  // namespace sluice
