// SPDX-License-Identifier: MIT
#include "request_checks.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <set>

#include "signature.hpp"

namespace sluice::simulator {
namespace {

using UtcSeconds = std::chrono::sys_time<std::chrono::seconds>;

constexpr std::string_view api_version = "2018-01-20";
constexpr std::chrono::minutes timestamp_validity{15};
constexpr std::size_t devices_per_call_max = 100;

/// The value, or nothing if it is missing or empty.
std::string_view value_of(const Parameters& parameters, const std::string& name) {
  const auto found = parameters.find(name);
  return found == parameters.end() ? std::string_view{} : std::string_view{found->second};
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alphanumeric(char c) { return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

/// "2024-01-02T03:04:05Z" and nothing else.
std::optional<UtcSeconds> parse_timestamp(std::string_view text) {
  constexpr std::string_view form = "dddd-dd-ddTdd:dd:ddZ";
  if (text.size() != form.size()) return std::nullopt;
  for (std::size_t i = 0; i < form.size(); ++i) {
    if (form[i] == 'd' ? !is_digit(text[i]) : text[i] != form[i]) return std::nullopt;
  }
  const auto number = [text](std::size_t from, std::size_t size) {
    int value = 0;
    for (const char c : text.substr(from, size)) value = value * 10 + (c - '0');
    return value;
  };
  const std::chrono::year_month_day date{std::chrono::year{number(0, 4)},
                                         std::chrono::month{static_cast<unsigned>(number(5, 2))},
                                         std::chrono::day{static_cast<unsigned>(number(8, 2))}};
  const int hour = number(11, 2);
  const int minute = number(14, 2);
  const int second = number(17, 2);
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return std::chrono::sys_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
         std::chrono::seconds{second};
}

Refusal missing(std::string_view name) {
  return {
      400, "MissingParameter",
      fmt::format("The input parameter \"{}\" that is mandatory for processing this request is not supplied.",
                  name)};
}

std::optional<Refusal> check_timestamp(std::string_view text, UtcSeconds now) {
  const auto timestamp = parse_timestamp(text);
  if (!timestamp) {
    return Refusal{400, "InvalidTimeStamp.Format",
                   "Specified time stamp or date value is not well formatted."};
  }
  if (*timestamp < now - timestamp_validity || *timestamp > now + timestamp_validity) {
    return Refusal{400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired."};
  }
  return std::nullopt;
}

std::optional<Refusal> check_token(std::string_view given, std::string_view expected) {
  if (given == expected) return std::nullopt;
  if (given.empty()) return missing("SecurityToken");
  return Refusal{403, "InvalidSecurityToken.MismatchWithAccessKey",
                 "Specified SecurityToken mismatch with the AccessKey."};
}

bool is_well_formed_product(std::string_view key) {
  return key.size() <= 32 && std::all_of(key.begin(), key.end(), is_alphanumeric);
}

bool is_well_formed_device(std::string_view name) {
  return name.size() >= 4 && name.size() <= 32 && std::all_of(name.begin(), name.end(), [](char c) {
           return is_alphanumeric(c) || std::string_view{"-_@.:"}.find(c) != std::string_view::npos;
         });
}

/// "service" or "module:service".
bool is_well_formed_identifier(std::string_view identifier) {
  const auto is_word = [](std::string_view word) {
    return !word.empty() &&
           std::all_of(word.begin(), word.end(), [](char c) { return is_alphanumeric(c) || c == '_'; });
  };
  const std::size_t colon = identifier.find(':');
  if (colon == std::string_view::npos) return is_word(identifier);
  return is_word(identifier.substr(0, colon)) && is_word(identifier.substr(colon + 1));
}

bool is_json_object(std::string_view text) {
  boost::json::error_code error;
  const boost::json::value value = boost::json::parse({text.data(), text.size()}, error);
  return !error && value.is_object();
}

Refusal malformed(std::string_view name) {
  return {200, "iot.common.InvalidFormattedParameter",
          fmt::format("The parameter {} is not well formed.", name)};
}

std::optional<Refusal> check_product(const Parameters& parameters, const Options& options) {
  if (!options.iot_instance_id.empty() && value_of(parameters, "IotInstanceId") != options.iot_instance_id) {
    return Refusal{200, "iot.system.InstanceNotFound", "The instance does not exist."};
  }
  const std::string_view product = value_of(parameters, "ProductKey");
  if (product.empty()) return Refusal{200, "iot.prod.NullProductKey", "The product key is empty."};
  if (!is_well_formed_product(product)) {
    return Refusal{200, "iot.prod.InvalidFormattedProductkey", "The product key is not well formed."};
  }
  const auto& known = options.products;
  if (!known.empty() && std::find(known.begin(), known.end(), product) == known.end()) {
    return Refusal{200, "iot.prod.NotExistedProduct", "The product does not exist."};
  }
  return std::nullopt;
}

std::optional<Refusal> check_service(const Parameters& parameters) {
  if (!is_well_formed_identifier(value_of(parameters, "Identifier"))) return malformed("Identifier");
  if (!is_json_object(value_of(parameters, "Args"))) return malformed("Args");
  if (parameters.contains("Qos")) {
    const std::string_view qos = value_of(parameters, "Qos");
    if (qos != "0" && qos != "1") return malformed("Qos");
  }
  return std::nullopt;
}

/// DeviceName.1, DeviceName.2, … as they are, without a gap; a list that starts elsewhere is a mistake of the
/// sender.
std::variant<std::vector<std::string>, Refusal> read_names(const Parameters& parameters) {
  constexpr std::string_view prefix = "DeviceName.";
  std::size_t given = 0;
  for (auto i = parameters.lower_bound(std::string{prefix});
       i != parameters.end() && i->first.compare(0, prefix.size(), prefix) == 0; ++i) {
    ++given;
  }
  if (given == 0)
    return Refusal{200, "iot.device.NoneDeviceNameElement", "The list of device names is empty."};
  if (given > devices_per_call_max) {
    return Refusal{200, "iot.device.DeviceCountExceeded", "The list of device names is too long."};
  }
  std::vector<std::string> names;
  for (std::size_t i = 1; i <= given; ++i) {
    const auto found = parameters.find(fmt::format("{}{}", prefix, i));
    if (found == parameters.end())
      return malformed("DeviceName.N: its numbers are not 1, 2, 3 and so on; it");
    names.push_back(found->second);
  }
  return names;
}

std::optional<Refusal> check_names(const std::vector<std::string>& names, const Options& options) {
  std::set<std::string_view> seen;
  for (const std::string& name : names) {
    if (name.empty()) return Refusal{200, "iot.device.NullDeviceName", "A device name is empty."};
    if (!is_well_formed_device(name)) {
      return Refusal{200, "iot.device.InvalidFormattedDeviceName", "A device name is not well formed."};
    }
    if (!seen.insert(name).second) return malformed("DeviceName: a name is given twice; it");
    const auto& known = options.devices;
    if (!known.empty() && std::find(known.begin(), known.end(), name) == known.end()) {
      return Refusal{200, "iot.device.NotExistedDevice", "A device does not exist."};
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Refusal> check_form(std::string_view method, const Parameters& parameters,
                                  const Options& options) {
  if (method != "GET" && method != "POST") {
    return Refusal{403, "UnsupportedHTTPMethod", "This http method is not supported."};
  }
  const std::string_view format = value_of(parameters, "Format");
  if (!format.empty() && format != "JSON" && format != "XML") {
    return Refusal{400, "InvalidParameter.Format", "The specified parameter \"Format\" is not valid."};
  }
  static const std::array<std::string, 9> mandatory{"Action",          "Version",          "AccessKeyId",
                                                    "SignatureMethod", "SignatureVersion", "SignatureNonce",
                                                    "Timestamp",       "RegionId",         "Signature"};
  for (const std::string& name : mandatory) {
    if (value_of(parameters, name).empty()) return missing(name);
  }
  if (value_of(parameters, "Version") != api_version) {
    return Refusal{400, "InvalidVersion", "Specified parameter Version is not valid."};
  }
  if (value_of(parameters, "Action") != options.action) {
    return Refusal{404, "InvalidAction.NotFound", "The specified action is not found."};
  }
  return std::nullopt;
}

bool is_known_key(std::string_view key, const Options& options) {
  if (options.accounts == 1) return key == options.access_key_id;
  if (!key.starts_with(options.access_key_id)) return false;
  const std::string_view digits = key.substr(options.access_key_id.size());
  int number = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return problem == std::errc{} && end == digits.data() + digits.size() && digits.front() != '0' &&
         number >= 1 && number <= options.accounts;
}

std::optional<Refusal> check_identity(std::string_view method, const Parameters& parameters,
                                      const Options& options, UtcSeconds now) {
  if (!is_known_key(value_of(parameters, "AccessKeyId"), options)) {
    return Refusal{404, "InvalidAccessKeyId.NotFound", "Specified access key is not found."};
  }
  if (auto refusal = check_token(value_of(parameters, "SecurityToken"), options.security_token))
    return refusal;
  if (value_of(parameters, "SignatureMethod") != "HMAC-SHA1") {
    return Refusal{400, "InvalidSignatureMethod", "Specified parameter SignatureMethod is not valid."};
  }
  if (value_of(parameters, "SignatureVersion") != "1.0") {
    return Refusal{400, "InvalidSignatureVersion", "Specified parameter SignatureVersion is not valid."};
  }
  if (auto refusal = check_timestamp(value_of(parameters, "Timestamp"), now)) return refusal;

  const std::string to_sign = string_to_sign(method, parameters);
  const std::string expected = signature_of(to_sign, options.access_key_secret);
  const std::string_view given = value_of(parameters, "Signature");
  if (given.size() != expected.size() || CRYPTO_memcmp(given.data(), expected.data(), expected.size()) != 0) {
    return Refusal{
        400, "SignatureDoesNotMatch",
        "Specified signature is not matched with our calculation. server string to sign is:" + to_sign};
  }
  return std::nullopt;
}

std::variant<std::vector<std::string>, Refusal> check_call(const Parameters& parameters,
                                                           const Options& options) {
  if (auto refusal = check_product(parameters, options)) return *refusal;
  if (auto refusal = check_service(parameters)) return *refusal;
  auto names = read_names(parameters);
  if (const auto* list = std::get_if<std::vector<std::string>>(&names)) {
    if (auto refusal = check_names(*list, options)) return *refusal;
  }
  return names;
}

}  // namespace sluice::simulator
