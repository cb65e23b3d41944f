// SPDX-License-Identifier: MIT
// The table. Sources: the gateway's public error-code pages (document_detail/48054), the IoT platform's
// error codes (document_detail/87387) and what the official SDKs and the Terraform provider treat alike.
#include "sluice/dialect/outcome_codes.hpp"

#include <array>
#include <boost/algorithm/string/predicate.hpp>
#include <locale>

namespace sluice {
namespace {

using enum OutcomeKind;

const std::array rules{
    // Too fast. New members of the family appear, so the prefix decides and never the HTTP status.
    CodeRule{"Throttling*", throttled},
    CodeRule{"Rejected.Throttling*", throttled},
    CodeRule{"iot.messagebroker.RateLimit", throttled},

    // The gateway turned the request away before anything was executed.
    CodeRule{"ServiceUnavailable", unavailable},
    CodeRule{"SignatureNonceUsed", nonce_used},

    // Key, signature, permission, bill, or the wrong door: the next request would fare no better.
    CodeRule{"InvalidTimeStamp*", blocked},
    CodeRule{"IllegalTimestamp", blocked},
    CodeRule{"SignatureDoesNotMatch", blocked},
    CodeRule{"IncompleteSignature", blocked},
    CodeRule{"InvalidAccessKeyId*", blocked},
    CodeRule{"InvalidSecurityToken*", blocked},
    CodeRule{"Forbidden*", blocked},
    CodeRule{"NoPermission*", blocked},
    CodeRule{"InsufficientBalance", blocked},
    CodeRule{"InvalidProduct.NotFound", blocked},
    CodeRule{"InvalidProtocol.NeedSsl", blocked},
    CodeRule{"UnsupportedHTTPMethod", blocked},
    CodeRule{"iot.system.UidNotFound", blocked},
    CodeRule{"iot.system.BillIsOverDue", blocked},
    CodeRule{"iot.common.InvalidTenant", blocked},
    CodeRule{"iot.common.RamActionPermissionDeny", blocked},

    // Some device of the list. AuthActionPermissionDeny says that a device may belong to somebody else.
    CodeRule{"iot.device.NotExistedDevice", rejected_devices},
    CodeRule{"iot.device.InactiveDevice", rejected_devices},
    CodeRule{"iot.device.InvalidFormattedDeviceName", rejected_devices},
    CodeRule{"iot.device.NullDeviceName", rejected_devices},
    CodeRule{"iot.device.InvalidIoTId", rejected_devices},
    CodeRule{"iot.common.AuthActionPermissionDeny", rejected_devices},
    CodeRule{"iot.messagebroker.OFFLINE", rejected_devices},
    CodeRule{"iot.messagebroker.HALFCONN", rejected_devices},

    // The request as a whole. Too many devices is here too: halving would only hide a wrong chunk size.
    CodeRule{"iot.device.NoneDeviceNameElement", rejected_job},
    CodeRule{"iot.device.DeviceCountExceeded", rejected_job},
    CodeRule{"iot.system.InstanceNotFound", rejected_job},
    CodeRule{"iot.Sre.IotInstanceNotFound", rejected_job},
    CodeRule{"iot.auth.IotInstanceNotFound", rejected_job},
    CodeRule{"iot.auth.InvalidIotInstanceId", rejected_job},
    CodeRule{"iot.system.IllegalRequest", rejected_job},
    CodeRule{"iot.common.APINotSupportedInInstance", rejected_job},
    CodeRule{"iot.common.InvalidFormattedParameter", rejected_job},
    CodeRule{"iot.check.InvalidFormattedParameter", rejected_job},
    CodeRule{"iot.prod.NotExistedProduct", rejected_job},
    CodeRule{"iot.prod.InvalidFormattedProductkey", rejected_job},
    CodeRule{"iot.prod.NullProductKey", rejected_job},
    CodeRule{"iot.prod.NotSeniorProduct", rejected_job},
    CodeRule{"NoSuchVersion", rejected_job},
    CodeRule{"Missing*", rejected_job},
    CodeRule{"Invalid*", rejected_job},

    // Known, and yet no word on whether some device got the command before the trouble began.
    CodeRule{"InternalError*", answered_unclear},
    CodeRule{"iot.system.SystemException", answered_unclear},
    CodeRule{"iot.common.QueryDeviceActionError", answered_unclear},
    CodeRule{"iot.common.QueryProductActionError", answered_unclear},
    CodeRule{"iot.device.InvokeThingServiceFailed", answered_unclear},
    CodeRule{"iot.messagebroker.TIMEOUT", answered_unclear},
    CodeRule{"iot.messagebroker.PublishMessageFailed", answered_unclear},
    CodeRule{"iot.messagebroker.PublishMessageException", answered_unclear},
};

bool matches(std::string_view pattern, std::string_view code) {
  const std::locale& plain = std::locale::classic();
  if (pattern.ends_with('*')) {
    pattern.remove_suffix(1);
    return boost::algorithm::istarts_with(code, pattern, plain);
  }
  return boost::algorithm::iequals(code, pattern, plain);
}

std::optional<OutcomeKind> first_match(std::string_view code, std::span<const CodeRule> table) {
  for (const CodeRule& rule : table) {
    if (matches(rule.pattern, code)) return rule.kind;
  }
  return std::nullopt;
}

}  // namespace

std::span<const CodeRule> built_in_code_rules() { return rules; }

std::optional<OutcomeKind> outcome_of_code(std::string_view code, std::span<const CodeRule> extra) {
  if (code.empty()) return std::nullopt;  // even a rule for "*" speaks of codes, and there is none
  const auto found = first_match(code, extra);
  return found ? found : first_match(code, built_in_code_rules());
}

}  // namespace sluice
