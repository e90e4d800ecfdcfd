// SPDX-License-Identifier: Apache-2.0
#include "collateral/request.hpp"

#include "base/hex.hpp"

namespace lumoz::collateral {
namespace {

std::string_view tee_text(const Platform& platform) {
    return platform.tdx ? "tdx" : "sgx";
}

/// What chooses the data set in a query, with the character before it.
std::string set_query(const DataSet& set, char before) {
    std::string out(1, before);
    if (set.number) return out + "tcbEvaluationDataNumber=" + std::to_string(*set.number);
    return out + (set.early ? "update=early" : "update=standard");
}

}  // namespace

std::string to_text(const DataSet& set) {
    if (set.number) return "eval-" + std::to_string(*set.number);
    return set.early ? "early" : "standard";
}

std::string_view to_text(Item item) {
    constexpr std::array<std::string_view, kItems.size()> kNames{"tcb_info", "qe_identity", "pck_crl",
                                                                 "root_ca_crl"};
    return kNames[static_cast<std::size_t>(item)];
}

std::string target_of(Item item, const Request& request) {
    const std::string root = "/" + std::string(tee_text(request.platform)) + "/certification/v4/";
    switch (item) {
        case Item::TcbInfo:
            return root + "tcb?fmspc=" + to_hex(request.platform.fmspc.view()) + set_query(request.set, '&');
        case Item::QeIdentity:
            return root + "qe/identity" + set_query(request.set, '?');
        case Item::PckCrl:
            // CRLs and PCK certificates are served below /sgx for both kinds of TEE.
            return "/sgx/certification/v4/pckcrl?ca=" + std::string(to_text(request.platform.ca)) +
                   "&encoding=der";
        case Item::RootCrl:
            break;
    }
    return "/sgx/certification/v4/rootcacrl";
}

std::array<std::string_view, 2> chain_headers(Item item) {
    switch (item) {
        case Item::TcbInfo:
            return {"TCB-Info-Issuer-Chain", "SGX-TCB-Info-Issuer-Chain"};
        case Item::QeIdentity:
            return {"SGX-Enclave-Identity-Issuer-Chain", ""};
        case Item::PckCrl:
            return {"SGX-PCK-CRL-Issuer-Chain", ""};
        case Item::RootCrl:
            break;
    }
    return {};
}

std::string cache_key(Item item, const Request& request) {
    const std::string tee(tee_text(request.platform));
    switch (item) {
        case Item::TcbInfo:
            return "tcb-" + tee + "-" + to_hex(request.platform.fmspc.view()) + "-" + to_text(request.set);
        case Item::QeIdentity:
            return "qe-" + tee + "-" + to_text(request.set);
        case Item::PckCrl:
            return "pckcrl-" + std::string(to_text(request.platform.ca));
        case Item::RootCrl:
            break;
    }
    return "rootcrl";
}

}  // namespace lumoz::collateral
