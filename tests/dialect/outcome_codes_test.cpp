// SPDX-License-Identifier: MIT
// The table of codes, written down a second time from the pages it comes from.
#include "sluice/dialect/outcome_codes.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

using namespace sluice;
using enum OutcomeKind;

namespace {

const std::vector<std::pair<const char*, OutcomeKind>> expected{
    {"Throttling", throttled},
    {"Throttling.User", throttled},
    {"Throttling.Api", throttled},
    {"Throttling.User.Flow", throttled},
    {"Rejected.Throttling", throttled},
    {"iot.messagebroker.RateLimit", throttled},
    {"ServiceUnavailable", unavailable},
    {"SignatureNonceUsed", nonce_used},
    {"InternalError", answered_unclear},
    {"InternalError.Timeout", answered_unclear},
    {"iot.system.SystemException", answered_unclear},
    {"iot.common.QueryDeviceActionError", answered_unclear},
    {"iot.common.QueryProductActionError", answered_unclear},
    {"iot.device.InvokeThingServiceFailed", answered_unclear},
    {"iot.messagebroker.TIMEOUT", answered_unclear},
    {"iot.messagebroker.PublishMessageFailed", answered_unclear},
    {"iot.messagebroker.PublishMessageException", answered_unclear},
    {"InvalidTimeStamp.Expired", blocked},
    {"InvalidTimeStamp.Format", blocked},
    {"IllegalTimestamp", blocked},
    {"SignatureDoesNotMatch", blocked},
    {"IncompleteSignature", blocked},
    {"InvalidAccessKeyId.NotFound", blocked},
    {"InvalidAccessKeyId.Inactive", blocked},
    {"InvalidAccessKeyId", blocked},
    {"InvalidSecurityToken.Expired", blocked},
    {"InvalidSecurityToken.Malformed", blocked},
    {"InvalidSecurityToken.MismatchWithAccessKey", blocked},
    {"Forbidden", blocked},
    {"Forbidden.RAM", blocked},
    {"Forbidden.RiskControl", blocked},
    {"NoPermission", blocked},
    {"InsufficientBalance", blocked},
    {"InvalidProduct.NotFound", blocked},
    {"InvalidProtocol.NeedSsl", blocked},
    {"UnsupportedHTTPMethod", blocked},
    {"iot.system.UidNotFound", blocked},
    {"Iot.system.BillIsOverDue", blocked},
    {"iot.common.InvalidTenant", blocked},
    {"iot.common.RamActionPermissionDeny", blocked},
    {"iot.device.NotExistedDevice", rejected_devices},
    {"iot.device.InactiveDevice", rejected_devices},
    {"iot.device.InvalidFormattedDeviceName", rejected_devices},
    {"iot.device.NullDeviceName", rejected_devices},
    {"iot.device.InvalidIoTId", rejected_devices},
    {"iot.common.AuthActionPermissionDeny", rejected_devices},
    {"iot.messagebroker.OFFLINE", rejected_devices},
    {"iot.messagebroker.HALFCONN", rejected_devices},
    {"iot.device.NoneDeviceNameElement", rejected_job},
    {"iot.device.DeviceCountExceeded", rejected_job},
    {"iot.system.InstanceNotFound", rejected_job},
    {"iot.Sre.IotInstanceNotFound", rejected_job},
    {"iot.auth.IotInstanceNotFound", rejected_job},
    {"iot.auth.InvalidIotInstanceId", rejected_job},
    {"iot.system.IllegalRequest", rejected_job},
    {"iot.common.APINotSupportedInInstance", rejected_job},
    {"iot.common.InvalidFormattedParameter", rejected_job},
    {"iot.check.InvalidFormattedParameter", rejected_job},
    {"iot.prod.NotExistedProduct", rejected_job},
    {"iot.prod.InvalidFormattedProductkey", rejected_job},
    {"iot.prod.NullProductKey", rejected_job},
    {"iot.prod.NotSeniorProduct", rejected_job},
    {"MissingParameter", rejected_job},
    {"MissingProductKey", rejected_job},
    {"InvalidParameter", rejected_job},
    {"InvalidDeviceName", rejected_job},
    {"InvalidApi.NotFound", rejected_job},
    {"InvalidAction.NotFound", rejected_job},
    {"InvalidVersion", rejected_job},
    {"NoSuchVersion", rejected_job},
};

std::string in_lower_case(std::string_view text) {
  std::string lower{text};
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace

TEST_CASE("outcome codes: each known code means what its page says, in any case") {
  for (const auto& [code, kind] : expected) {
    CAPTURE(code);

    CHECK(outcome_of_code(code, {}) == kind);
    CHECK(outcome_of_code(in_lower_case(code), {}) == kind);
  }
}

TEST_CASE("outcome codes: no rule is hidden by an earlier one, and each is on the list above") {
  for (const CodeRule& rule : built_in_code_rules()) {
    CAPTURE(rule.pattern);
    const std::string start = rule.pattern.substr(0, rule.pattern.find('*'));

    CHECK(outcome_of_code(start, {}) == rule.kind);
    CHECK(std::any_of(expected.begin(), expected.end(), [&](const auto& row) {
      const std::string_view code = row.first;
      return row.second == rule.kind &&
             (code.starts_with(start) || in_lower_case(code) == in_lower_case(start));
    }));
  }
}

TEST_CASE("outcome codes: an unknown code and the empty code have no outcome") {
  for (const char* code : {"", "iot.device.SomethingNew", "OK", "200", "ServiceUnavailableX", "XThrottling",
                           "iot.messagebroker.OFFLINEx", "iot"}) {
    CAPTURE(code);

    CHECK(outcome_of_code(code, {}) == std::nullopt);
  }
}

TEST_CASE("outcome codes: a tenant's own rules come first, the first of them wins") {
  const std::vector<CodeRule> extra{{"iot.device.inactivedevice", accepted},
                                    {"iot.vendor.*", rejected_devices},
                                    {"iot.vendor.Quota", throttled}};

  CHECK(outcome_of_code("iot.device.InactiveDevice", extra) == accepted);
  CHECK(outcome_of_code("iot.vendor.Quota", extra) == rejected_devices);
  CHECK(outcome_of_code("iot.device.NotExistedDevice", extra) == rejected_devices);
  CHECK(outcome_of_code("", std::vector<CodeRule>{{"*", accepted}}) == std::nullopt);
}
