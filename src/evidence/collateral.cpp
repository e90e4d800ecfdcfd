// SPDX-License-Identifier: Apache-2.0
#include "evidence/collateral.hpp"

#include "evidence/schema.hpp"

namespace lumoz::evidence {

namespace {

struct Member {
    std::string_view name;
    std::string Collateral::* text;
    bool required;
};

constexpr Member kMembers[] = {
    {"pck_crl_issuer_chain", &Collateral::pck_crl_issuer_chain, false},
    {"root_ca_crl", &Collateral::root_ca_crl, true},
    {"pck_crl", &Collateral::pck_crl, true},
    {"tcb_info_issuer_chain", &Collateral::tcb_info_issuer_chain, true},
    {"tcb_info", &Collateral::tcb_info, true},
    {"tcb_info_signature", &Collateral::tcb_info_signature, true},
    {"qe_identity_issuer_chain", &Collateral::qe_identity_issuer_chain, true},
    {"qe_identity", &Collateral::qe_identity, true},
    {"qe_identity_signature", &Collateral::qe_identity_signature, true},
    {"pck_certificate_chain", &Collateral::pck_certificate_chain, false},
};

}  // namespace

Result<Collateral> Collateral::from(const json::Value& value) {
    const Schema schema(Errc::Malformed, "E_COLLATERAL_PARSE", "collateral.members");
    if (!value.is_object()) return schema.bad("collateral", "not an object");
    Collateral out;
    for (const Member& m : kMembers) {
        if (!m.required && !value.find(m.name)) continue;
        LUMOZ_TRY(out.*m.text, schema.text(value, m.name));
    }
    return out;
}

Result<Collateral> Collateral::parse(std::string_view text) {
    const auto document = json::Document::parse(text, {.max_bytes = std::size_t{4} << 20, .max_depth = 16});
    if (!document)
        return fail(Errc::Malformed, "E_COLLATERAL_PARSE", "collateral.json", document.error().detail);
    return from(document->root());
}

std::string Collateral::to_json() const {
    json::Writer out;
    out.object();
    for (const Member& m : kMembers) {
        const std::string& text = this->*m.text;
        if (!m.required && text.empty()) continue;
        out.key(m.name).string(text);
    }
    out.end();
    return std::move(out).text();
}

}  // namespace lumoz::evidence
