// SPDX-License-Identifier: MIT
// The simulated cloud over real sockets on loopback, asked by a client that knows nothing but bytes.
#include <doctest/doctest.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "signed_request.hpp"
#include "simulator/simulator.hpp"

using namespace sluice::simulator;
using namespace simulator_test;
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

/// A new directory that goes away with the test.
struct ScratchDirectory {
  std::filesystem::path path;

  ScratchDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "simulator-test-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~ScratchDirectory() { std::filesystem::remove_all(path); }
};

std::unique_ptr<Simulator> started(Options options) {
  auto result = Simulator::start(std::move(options));
  if (const auto* problem = std::get_if<std::string>(&result)) FAIL(*problem);
  return std::move(std::get<std::unique_ptr<Simulator>>(result));
}

/// Stamped now, since the server has a real clock.
std::string http_request(const std::string& nonce, const std::string& headers = "") {
  Parameters parameters = a_call(nonce);
  const std::time_t now = std::time(nullptr);
  std::tm calendar{};
  gmtime_r(&now, &calendar);
  char stamp[32];
  std::strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &calendar);
  parameters["Timestamp"] = stamp;
  const std::string body = form_of(with_signature("POST", parameters));
  return "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n" +
         headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

tcp::socket connected(asio::io_context& io, unsigned short port) {
  tcp::socket socket{io};
  socket.connect({asio::ip::make_address("127.0.0.1"), port});
  return socket;
}

struct Received {
  std::string text;  ///< what came before the answer was complete, or the connection ended
  bool complete = false;
  boost::system::error_code error;
};

template <typename Stream>
Received receive(Stream& stream) {
  Received received;
  while (!received.error) {
    const std::size_t head_end = received.text.find("\r\n\r\n");
    const std::size_t length_at = received.text.find("Content-Length: ");
    if (head_end != std::string::npos && length_at != std::string::npos) {
      const std::size_t length = std::strtoul(received.text.c_str() + length_at + 16, nullptr, 10);
      received.complete = received.text.size() >= head_end + 4 + length;
      if (received.complete) break;
    }
    char buffer[4096];
    const std::size_t size = stream.read_some(asio::buffer(buffer), received.error);
    received.text.append(buffer, size);
  }
  return received;
}

template <typename Stream>
Received ask(Stream& stream, const std::string& request) {
  asio::write(stream, asio::buffer(request));
  return receive(stream);
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

Options with_fault(Fault fault) {
  Options options;
  options.faults.probability(fault) = 1;
  return options;
}

}  // namespace

TEST_CASE("simulator: requests on one kept-alive connection are executed and refused in turn") {
  const auto simulator = started({});
  CHECK(simulator->url() == "http://127.0.0.1:" + std::to_string(simulator->port()));
  asio::io_context io;
  auto socket = connected(io, simulator->port());

  const Received first = ask(socket, http_request("1"));
  const Received second = ask(socket, http_request("1"));
  const Received third = ask(socket, http_request("2", "Connection: close\r\n"));

  CHECK(first.text.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(has(first.text, R"("Success":true)"));
  CHECK(has(first.text, "\r\nDate: "));
  CHECK(second.text.starts_with("HTTP/1.1 400 Bad Request\r\n"));
  CHECK(has(second.text, R"("Code":"SignatureNonceUsed")"));
  CHECK(has(third.text, R"("Success":true)"));
  CHECK(receive(socket).error == asio::error::eof);
  simulator->stop();
  simulator->stop();
  const Summary summary = simulator->summary();
  CHECK(summary.requests == 3);
  CHECK(summary.executed == 2);
  CHECK(summary.devices_executed == 2);
  CHECK(summary.devices_executed_more_than_once == 2);
}

TEST_CASE("simulator: a client that trusts the CA of the simulator reaches it by TLS, others do not") {
  const ScratchDirectory scratch;
  Options options;
  options.tls = true;
  options.ca_file_out = (scratch.path / "ca.pem").string();
  const auto simulator = started(options);
  CHECK(simulator->url().starts_with("https://127.0.0.1:"));
  asio::io_context io;

  for (const char* host : {"localhost", "127.0.0.1", "::1"}) {
    CAPTURE(host);
    asio::ssl::context trusting{asio::ssl::context::tls_client};
    trusting.load_verify_file(options.ca_file_out);
    asio::ssl::stream<tcp::socket> stream{connected(io, simulator->port()), trusting};
    stream.set_verify_mode(asio::ssl::verify_peer);
    stream.set_verify_callback(asio::ssl::host_name_verification(host));
    stream.handshake(asio::ssl::stream_base::client);
    CHECK(has(ask(stream, http_request(host)).text, R"("Success":true)"));
  }

  asio::ssl::context stranger{asio::ssl::context::tls_client};
  asio::ssl::stream<tcp::socket> stream{connected(io, simulator->port()), stranger};
  stream.set_verify_mode(asio::ssl::verify_peer);
  boost::system::error_code error;
  stream.handshake(asio::ssl::stream_base::client, error);
  CHECK(error);
}

TEST_CASE("simulator: a lost answer is a reset connection, and the ledger says what was executed") {
  const ScratchDirectory scratch;
  Options options = with_fault(Fault::reset_after_execution);
  options.ledger_file = (scratch.path / "ledger.ndjson").string();
  const auto simulator = started(options);
  asio::io_context io;
  auto socket = connected(io, simulator->port());

  const Received received = ask(socket, http_request("n"));

  CHECK(received.text.empty());
  CHECK(received.error == asio::error::connection_reset);
  // Written before the connection was reset, so it is there while the server runs.
  std::ifstream ledger{options.ledger_file};
  std::string line;
  REQUIRE(std::getline(ledger, line));
  const auto entry = boost::json::parse(line);
  CHECK(entry.at("executed").as_bool());
  CHECK(entry.at("fault").as_string() == "reset_after_execution");
  CHECK(entry.at("http_status").as_int64() == 0);
  CHECK(entry.at("device_names").as_array().size() == 2);
}

TEST_CASE("simulator: a truncated answer announces more than it delivers") {
  const auto simulator = started(with_fault(Fault::truncated_body));
  asio::io_context io;
  auto socket = connected(io, simulator->port());

  const Received received = ask(socket, http_request("n"));

  CHECK(received.text.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(has(received.text, "\r\n\r\n{"));
  CHECK_FALSE(received.complete);
  CHECK(received.error == asio::error::eof);
}

TEST_CASE("simulator: a stalled request does not keep the server from stopping") {
  const auto simulator = started(with_fault(Fault::stall_after_execution));
  asio::io_context io;
  auto socket = connected(io, simulator->port());
  auto answer = std::async(std::launch::async, [&] { return ask(socket, http_request("n")); });
  while (simulator->summary().requests == 0) std::this_thread::yield();

  simulator->stop();

  CHECK(answer.get().text.empty());
  CHECK(simulator->summary().executed == 1);
}

TEST_CASE("simulator: a request still on its way when the server stops was never executed") {
  Options options;
  options.faults.latency = ConstantLatency{3'600'000};
  const auto simulator = started(options);
  asio::io_context io;
  auto socket = connected(io, simulator->port());
  asio::write(socket, asio::buffer(http_request("n")));

  simulator->stop();

  CHECK(simulator->summary().requests == 0);
}

TEST_CASE("simulator: a closed port refuses connections during an outage and serves again after it") {
  Options options;
  options.faults.outages = {{0, 1, Fault::outage_refuse}};
  const auto simulator = started(options);
  asio::io_context io;
  auto first = connected(io, simulator->port());

  CHECK(ask(first, http_request("1")).error == asio::error::connection_reset);

  bool refused = false;
  boost::system::error_code error = asio::error::connection_refused;
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  tcp::socket socket{io};
  Received received;
  while (!received.complete && std::chrono::steady_clock::now() < give_up) {
    socket = tcp::socket{io};
    socket.connect({asio::ip::make_address("127.0.0.1"), simulator->port()}, error);
    refused = refused || error == asio::error::connection_refused;
    if (error) continue;
    asio::write(socket, asio::buffer(http_request("2")), error);
    received = error ? Received{} : receive(socket);
  }
  CHECK(refused);
  CHECK(has(received.text, R"("Success":true)"));
}

TEST_CASE("simulator: requests in several pieces, in one piece, and with Expect are all read") {
  const auto simulator = started({});
  asio::io_context io;
  auto socket = connected(io, simulator->port());
  socket.set_option(tcp::no_delay(true));
  const std::string request = http_request("1");

  for (const char byte : request.substr(0, request.size() - 1)) asio::write(socket, asio::buffer(&byte, 1));
  CHECK(has(ask(socket, request.substr(request.size() - 1)).text, R"("Success":true)"));

  asio::write(socket, asio::buffer(http_request("2") + http_request("3")));
  std::string both;
  while (both.find("\"Success\":true") == both.rfind("\"Success\":true") || both.back() != '}') {
    char byte = 0;
    asio::read(socket, asio::buffer(&byte, 1));
    both += byte;
  }

  const std::string expecting = http_request("4", "Expect: 100-continue\r\n");
  const std::size_t body = expecting.find("\r\n\r\n") + 4;
  asio::write(socket, asio::buffer(expecting.substr(0, body)));
  std::string go_on(25, '\0');
  asio::read(socket, asio::buffer(go_on));
  CHECK(go_on == "HTTP/1.1 100 Continue\r\n\r\n");
  CHECK(has(ask(socket, expecting.substr(body)).text, R"("Success":true)"));
}

TEST_CASE("simulator: a request over 64 KiB, and what is no HTTP, end the connection with a page") {
  const auto simulator = started({});
  asio::io_context io;
  auto large = connected(io, simulator->port());
  auto strange = connected(io, simulator->port());

  CHECK(ask(large, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n")
            .text.starts_with("HTTP/1.1 413 "));
  CHECK(ask(strange, "\x16\x03\x01 hello\r\n\r\n").text.starts_with("HTTP/1.1 400 "));
  CHECK(simulator->summary().requests == 0);
}

TEST_CASE("simulator: a client that sends far too much still gets the page that says so") {
  const auto simulator = started({});
  asio::io_context io;
  auto socket = connected(io, simulator->port());

  const std::string body(1'000'000, 'x');
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n";

  CHECK(ask(socket, head + body).text.starts_with("HTTP/1.1 413 "));
}

TEST_CASE("simulator: what cannot be started says why") {
  const auto problem_of = [](Options options) {
    auto result = Simulator::start(std::move(options));
    const auto* problem = std::get_if<std::string>(&result);
    return problem != nullptr ? *problem : "";
  };
  const auto running = started({});
  Options taken;
  taken.port = running->port();
  Options no_address;
  no_address.bind = "example.org";
  Options no_ledger;
  no_ledger.ledger_file = "/nonexistent/ledger";
  Options no_rate;
  no_rate.requests_per_second = 0;
  Options no_key;
  no_key.tls = true;
  no_key.certificate_file = "/nonexistent/certificate.pem";
  Options no_certificate = no_key;
  no_certificate.key_file = "/nonexistent/key.pem";
  Options no_tls;
  no_tls.ca_file_out = "ca.pem";

  CHECK(has(problem_of(taken), "Address already in use; choose another port"));
  CHECK(has(problem_of(no_address), "expects an IP address"));
  CHECK(has(problem_of(no_ledger), "/nonexistent/ledger: could not open"));
  CHECK(has(problem_of(no_rate), "requests per second"));
  CHECK(has(problem_of(no_key), "both a certificate file and a key file"));
  CHECK(has(problem_of(no_certificate), "/nonexistent/certificate.pem: could not use the certificate"));
  CHECK(has(problem_of(no_tls), "only made with TLS"));
}
