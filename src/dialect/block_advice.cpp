// SPDX-License-Identifier: MIT
#include "sluice/dialect/block_advice.hpp"

#include <array>
#include <boost/algorithm/string/predicate.hpp>
#include <locale>

namespace sluice {
namespace {

constexpr std::string_view check_key = "check the access key";
constexpr std::string_view check_permissions = "check the permissions of the access key";
constexpr std::string_view check_bill = "check the account's bill";
constexpr std::string_view check_endpoint = "check the endpoint; --endpoint names another one";
constexpr std::string_view check_clock = "check the clock of this machine";
constexpr std::string_view check_authority =
    "check the endpoint's name, or name its authority with --ca-file";

struct Advice {
  std::string_view beginning;  ///< of the code, without regard to case
  std::string_view words;
};

constexpr std::array advices{
    Advice{"SignatureDoesNotMatch", check_key},
    Advice{"IncompleteSignature", check_key},
    Advice{"InvalidAccessKeyId", check_key},
    Advice{"InvalidSecurityToken", check_key},
    Advice{"Forbidden", check_permissions},
    Advice{"NoPermission", check_permissions},
    Advice{"iot.common.RamActionPermissionDeny", check_permissions},
    Advice{"InsufficientBalance", check_bill},
    Advice{"iot.system.BillIsOverDue", check_bill},
    Advice{"InvalidTimeStamp", check_clock},
    Advice{"IllegalTimestamp", check_clock},
    // Another service, tenant or protocol answers there.
    Advice{"InvalidProduct.NotFound", check_endpoint},
    Advice{"InvalidProtocol.NeedSsl", check_endpoint},
    Advice{"UnsupportedHTTPMethod", check_endpoint},
    Advice{"iot.system.UidNotFound", check_endpoint},
    Advice{"iot.common.InvalidTenant", check_endpoint},
    Advice{"http_3", check_endpoint},
    // Nothing was sent: the connection's own words.
    Advice{"certificate", check_authority},
    Advice{"weak_tls", check_authority},
};

}  // namespace

std::string_view advice_on_block(std::string_view code) {
  for (const Advice& advice : advices) {
    if (boost::algorithm::istarts_with(code, advice.beginning, std::locale::classic())) return advice.words;
  }
  return {};
}

}  // namespace sluice
