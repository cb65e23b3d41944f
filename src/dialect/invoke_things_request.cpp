// SPDX-License-Identifier: MIT
// How InvokeThingsService is asked: one signed form, always the same bytes for the same inputs.
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <boost/algorithm/string/predicate.hpp>
#include <locale>
#include <memory>
#include <stdexcept>

#include "sluice/core/reserved_parameters.hpp"
#include "sluice/dialect/invoke_things.hpp"
#include "sluice/dialect/signature.hpp"

namespace sluice {
namespace {

constexpr std::string_view device_prefix = "DeviceName.";

// Everything but the devices and the signature: what a request of this call always carries. An empty value
// is left out, because implementations disagree on whether an empty parameter is signed.
template <class Take>
void each_fixed_parameter(const InvokeThingsDialect& dialect, const Call& call,
                          const Credentials& credentials, std::string_view qos, Take take) {
  const auto take_if_given = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) take(name, value);
  };
  for (const auto& [name, value] : call.parameters) {
    if (!is_reserved_parameter(name)) take_if_given(name, value);
  }
  take("Action", dialect.action);
  take("Version", dialect.version);
  take("Format", dialect.format);  // left out, it would mean XML
  take_if_given("RegionId", dialect.region);
  take("AccessKeyId", credentials.access_key_id);
  take_if_given("SecurityToken", credentials.security_token.reveal());
  take("SignatureMethod", "HMAC-SHA1");
  take("SignatureVersion", "1.0");
  take("ProductKey", call.product_key);
  take("Identifier", call.identifier);
  take("Args", call.args);
  if (call.iot_instance_id) take_if_given("IotInstanceId", *call.iot_instance_id);
  take_if_given("Qos", qos);
}

struct DeviceParameter {
  std::size_t index;  ///< of the device, from 0
  std::string name;   ///< "DeviceName.1" for the first
};

// In the byte order of their names: 1, 10, 100, 11 … 19, 2, 20 …
const std::vector<DeviceParameter>& device_parameters() {
  static const std::vector<DeviceParameter> ordered = [] {
    std::vector<DeviceParameter> all;
    for (std::size_t i = 0; i < devices_per_request_max; ++i)
      all.push_back({i, std::string{device_prefix} + std::to_string(i + 1)});
    std::ranges::sort(all, {}, &DeviceParameter::name);
    return all;
  }();
  return ordered;
}

bool wants_xml(const InvokeThingsDialect& dialect) {
  return boost::algorithm::iequals(dialect.format, "XML", std::locale::classic());
}

constexpr std::size_t digits_of_numbers_up_to(std::size_t last) {
  std::size_t digits = 0;
  for (std::size_t power = 1; power <= last; power *= 10) digits += last - power + 1;
  return digits;
}

}  // namespace

HttpRequest build_request(const InvokeThingsDialect& dialect, const Call& call,
                          const std::vector<std::string_view>& devices, const Credentials& credentials,
                          const RequestStamp& stamp) {
  if (devices.size() > devices_per_request_max)
    throw std::invalid_argument("too many devices for one request");
  const std::string qos = call.qos ? std::to_string(*call.qos) : "";
  Parameters parameters;
  parameters.reserve(devices.size() + call.parameters.size() + 20);
  each_fixed_parameter(dialect, call, credentials, qos, [&](std::string_view name, std::string_view value) {
    parameters.emplace_back(name, value);
  });
  parameters.emplace_back("SignatureNonce", stamp.nonce);
  parameters.emplace_back("Timestamp", stamp.timestamp);
  std::ranges::sort(parameters);
  // No other name stands between two of these, so they go in as one block that is in order already.
  Parameters block;
  block.reserve(devices.size());
  for (const DeviceParameter& device : device_parameters()) {
    if (device.index < devices.size()) block.emplace_back(device.name, devices[device.index]);
  }
  const auto place = std::ranges::lower_bound(parameters, device_prefix, {}, &Parameters::value_type::first);
  parameters.insert(place, block.begin(), block.end());

  HttpRequest request;
  std::string form = canonical_query(std::move(parameters));
  const std::string signature = signature_v1(request.method, form, credentials.access_key_secret.reveal());
  // In the body rather than in the URL: a hundred names make the URL longer than the front-end takes.
  request.body = std::move(form) + "&Signature=" + percent_encode(signature);
  request.target = dialect.target;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                     {"Accept", wants_xml(dialect) ? "text/xml" : "application/json"},
                     {"Accept-Encoding", "identity"},
                     {"User-Agent", "sluice/" SLUICE_VERSION}};
  return request;
}

std::string request_digest(std::string_view endpoint, const HttpRequest& request) {
  // Looked up once: OpenSSL 3 searches its tables at every use that only names an algorithm.
  static const EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
  bool is_made = context && sha256 != nullptr && EVP_DigestInit_ex(context.get(), sha256, nullptr) == 1;
  const auto take = [&](std::string_view text) {
    is_made = is_made && EVP_DigestUpdate(context.get(), text.data(), text.size()) == 1;
  };
  for (const std::string_view line :
       {endpoint, std::string_view{request.method}, std::string_view{request.target}}) {
    take(line);
    take("\n");
  }
  take(request.body);
  std::array<unsigned char, 32> digest{};
  if (!is_made || EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) != 1)
    throw std::runtime_error("OpenSSL cannot compute SHA-256");
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(2 * digest.size());
  for (const unsigned char byte : digest) {
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

std::size_t body_size_bound(const InvokeThingsDialect& dialect, const Call& call, std::size_t device_count,
                            std::size_t names_encoded_size, const Credentials& credentials) {
  constexpr std::string_view nonce_of_128_bits = "00000000000000000000000000000000";
  constexpr std::string_view some_timestamp = "2000-01-01T00:00:00Z";
  // 20 bytes are 27 Base64 characters, each of which may need an escape, and one '=', which always does.
  constexpr std::size_t signature_size_max = 28 * 3;

  std::size_t size = std::string_view{"Signature="}.size() + signature_size_max;
  const auto add = [&](std::string_view name, std::string_view value) {
    size += percent_encoded_size(name) + percent_encoded_size(value) + 2;  // '=' and '&'
  };
  each_fixed_parameter(dialect, call, credentials, call.qos ? std::to_string(*call.qos) : "", add);
  add("SignatureNonce", nonce_of_128_bits);
  add("Timestamp", some_timestamp);
  size += device_count * (device_prefix.size() + 2) + digits_of_numbers_up_to(device_count);
  return size + names_encoded_size;
}

}  // namespace sluice
