// SPDX-License-Identifier: Apache-2.0
#include "simtee/documents.hpp"

#include "base/hex.hpp"
#include "base/json.hpp"
#include "crypto/der.hpp"
#include "simtee/vendor.hpp"

namespace lumoz::simtee {
namespace {

namespace der = crypto::der;
using Svns = std::array<std::uint8_t, 16>;

constexpr int kEvaluationNumber = 1;
constexpr std::string_view kLevelDate = "2025-05-14T00:00:00Z";
constexpr std::string_view kOldLevelDate = "2024-03-13T00:00:00Z";
constexpr std::string_view kOldAdvisory = "SIMULATED-SA-00001";

std::string upper_hex(ByteView bytes) {
    std::string text = to_hex(bytes);
    std::ranges::transform(text, text.begin(), [](char c) {
        return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return text;
}

void components(json::Writer& out, std::string_view name, const Svns& svns) {
    out.key(name).array();
    for (const std::uint8_t svn : svns) {
        out.object().key("svn").integer(svn).end();
    }
    out.end();
}

/// What every kind of level ends with.
void level_status(json::Writer& out, bool current) {
    out.key("tcbDate").string(current ? kLevelDate : kOldLevelDate);
    out.key("tcbStatus").string(current ? "UpToDate" : "OutOfDate");
    if (!current) out.key("advisoryIDs").array().string(kOldAdvisory).end();
}

void platform_level(json::Writer& out, const Svns& sgx, std::uint16_t pcesvn, const Svns& tdx, bool current) {
    out.object().key("tcb").object();
    components(out, "sgxtcbcomponents", sgx);
    out.key("pcesvn").integer(pcesvn);
    components(out, "tdxtcbcomponents", tdx);
    out.end();
    level_status(out, current);
    out.end();
}

void isv_levels(json::Writer& out, unsigned isvsvn) {
    out.key("tcbLevels").array();
    for (const bool current : {true, false}) {
        out.object().key("tcb").object().key("isvsvn").integer(current ? isvsvn : isvsvn - 1).end();
        level_status(out, current);
        out.end();
    }
    out.end();
}

/// Members of Intel's own module: no signer, no attributes, all of them examined.
void module_members(json::Writer& out) {
    out.key("mrsigner").string(std::string(96, '0'));
    out.key("attributes").string(std::string(16, '0'));
    out.key("attributesMask").string(std::string(16, 'F'));
}

void dates(json::Writer& out, UnixTime issued, UnixTime next_update) {
    out.key("issueDate").string(to_rfc3339(issued));
    out.key("nextUpdate").string(to_rfc3339(next_update));
}

Bytes member(std::string_view suffix, const Bytes& value) {
    return der::sequence({der::oid("1.2.840.113741.1.13.1." + std::string(suffix)), value});
}

Bytes tcb_member(const evidence::PckExtension& platform) {
    Bytes list;
    for (std::size_t i = 0; i < platform.components.size(); ++i) {
        append(list,
               member("2." + std::to_string(i + 1), der::integer(std::uint64_t{platform.components[i]})));
    }
    append(list, member("2.17", der::integer(std::uint64_t{platform.pcesvn})));
    append(list, member("2.18", der::octet_string(platform.cpusvn.view())));
    return member("2", der::element(der::kSequence, list));
}

Bytes configuration_member(const evidence::PckExtension::Configuration& configuration) {
    return member("7", der::sequence({member("7.1", der::boolean(configuration.dynamic_platform)),
                                      member("7.2", der::boolean(configuration.cached_keys)),
                                      member("7.3", der::boolean(configuration.smt_enabled))}));
}

}  // namespace

std::string tcb_info_text(const evidence::PckExtension& platform, UnixTime issued, UnixTime next_update) {
    const Svns tdx = tee_tcb_svn();
    const unsigned major = tdx[1];
    json::Writer out;
    out.object().key("id").string("TDX").key("version").integer(3);
    dates(out, issued, next_update);
    out.key("fmspc").string(upper_hex(platform.fmspc.view()));
    out.key("pceId").string(upper_hex(platform.pceid.view()));
    out.key("tcbType").integer(0).key("tcbEvaluationDataNumber").integer(kEvaluationNumber);
    out.key("tdxModule").object();
    module_members(out);
    out.end();
    out.key("tdxModuleIdentities").array().object();
    out.key("id").string("TDX_" + upper_hex(Bytes{static_cast<std::uint8_t>(major)}));
    module_members(out);
    isv_levels(out, tdx[0]);
    out.end().end();
    // With a module identity, components 0 and 1 of the level are not compared (specs/tdx.md 6).
    Svns level_tdx = tdx;
    level_tdx[1] = 0;
    Svns old_sgx = platform.components;
    --old_sgx[0];
    out.key("tcbLevels").array();
    platform_level(out, platform.components, platform.pcesvn, level_tdx, true);
    platform_level(out, old_sgx, platform.pcesvn, level_tdx, false);
    out.end().end();
    return std::move(out).text();
}

std::string qe_identity_text(UnixTime issued, UnixTime next_update) {
    const QeFacts& qe = qe_facts();
    json::Writer out;
    out.object().key("id").string("TD_QE").key("version").integer(2);
    dates(out, issued, next_update);
    out.key("tcbEvaluationDataNumber").integer(kEvaluationNumber);
    out.key("miscselect").string("00000000").key("miscselectMask").string("FFFFFFFF");
    // Flags without XFRM; the mask leaves MODE64BIT and XFRM out.
    Bytes flags(qe.attributes.begin(), qe.attributes.begin() + 8);
    flags[0] = static_cast<std::uint8_t>(flags[0] & 0xfb);
    flags.resize(16);
    out.key("attributes").string(upper_hex(flags));
    out.key("attributesMask").string("FBFFFFFFFFFFFFFF0000000000000000");
    out.key("mrsigner").string(upper_hex(qe.mr_signer.view())).key("isvprodid").integer(qe.isv_prod_id);
    isv_levels(out, qe.isv_svn);
    out.end();
    return std::move(out).text();
}

Bytes sgx_extension(const evidence::PckExtension& platform) {
    const std::uint8_t sgx_type[] = {platform.sgx_type};
    Bytes list;
    append(list, member("1", der::octet_string(platform.ppid.view())));
    append(list, tcb_member(platform));
    append(list, member("3", der::octet_string(platform.pceid.view())));
    append(list, member("4", der::octet_string(platform.fmspc.view())));
    append(list, member("5", der::element(der::kEnumerated, sgx_type)));
    if (platform.platform_instance_id) {
        append(list, member("6", der::octet_string(platform.platform_instance_id->view())));
    }
    if (platform.configuration) append(list, configuration_member(*platform.configuration));
    return der::sequence(
        {der::oid("1.2.840.113741.1.13.1"), der::octet_string(der::element(der::kSequence, list))});
}

}  // namespace lumoz::simtee
