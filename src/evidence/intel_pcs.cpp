// SPDX-License-Identifier: Apache-2.0
#include "evidence/intel_pcs.hpp"

#include "evidence/pcs_answer.hpp"
#include "evidence/schema.hpp"

namespace lumoz::evidence {

namespace {

const Schema kSchema(Errc::Malformed, "E_COLLATERAL_PARSE", "collateral.pcs");
constexpr std::size_t kMostResponses = 16;

struct Response {
    std::string path;   ///< of the URL, without query
    std::string chain;  ///< of the header, still encoded
    Bytes body;
};

bool same_name(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::ranges::equal(a, b, {}, lower, lower);
}

/// Value of the header that carries an issuer chain, still encoded; empty when there is none.
Result<std::string> issuer_chain(const json::Value& headers) {
    constexpr std::string_view kNames[] = {"TCB-Info-Issuer-Chain", "SGX-TCB-Info-Issuer-Chain",
                                           "SGX-Enclave-Identity-Issuer-Chain", "SGX-PCK-CRL-Issuer-Chain"};
    std::string out;
    for (const json::Value::Member& header : headers.members()) {
        if (std::ranges::none_of(kNames, [&](auto name) { return same_name(name, header.name); })) continue;
        if (!out.empty()) return kSchema.bad(header.name, "a second issuer chain");
        const std::vector<json::Value> values = header.value.elements();
        const auto text = values.size() == 1 ? values[0].as_string() : std::nullopt;
        if (!text) return kSchema.bad(header.name, "not one text");
        out = *text;
    }
    return out;
}

Result<Response> read_response(const json::Value& value) {
    if (value.size() != 3) return kSchema.bad("responses", "not url, headers, body_base64");
    Response out;
    LUMOZ_TRY(std::string url, kSchema.text(value, "url"));
    LUMOZ_TRY(const json::Value headers, kSchema.object(value, "headers"));
    LUMOZ_TRY(out.chain, issuer_chain(headers));
    LUMOZ_TRY(const std::string body, kSchema.text(value, "body_base64"));
    if (body.size() > kMaxPcsBody) return kSchema.bad("body_base64", "too large");
    auto raw = from_base64(body);
    if (!raw) return kSchema.bad("body_base64", "not canonical Base64");
    out.body = std::move(*raw);
    out.path = url.substr(0, url.find_first_of("?#"));
    return out;
}

/// Chain, signed text and signature of one document.
Status read_signed(const Response& response, std::string_view member, std::string& chain, std::string& text,
                   std::string& signature) {
    auto decoded = decode_chain_header(response.chain);
    if (!decoded) return kSchema.bad(member, "its issuer chain: " + decoded.error().detail);
    auto cut = cut_signed_text(as_text(response.body), member);
    if (!cut) return kSchema.bad(member, cut.error().detail);
    chain = std::move(*decoded);
    text = std::move(cut->text);
    signature = std::move(cut->signature);
    return {};
}

Status take(const Response& response, Collateral& out) {
    const auto once = [](const std::string& slot, std::string_view name) -> Status {
        if (!slot.empty()) return kSchema.bad(name, "twice");
        return {};
    };
    if (response.path.ends_with("/certification/v4/tcb")) {
        LUMOZ_CHECK_OK(once(out.tcb_info, "tcb_info"));
        return read_signed(response, "tcbInfo", out.tcb_info_issuer_chain, out.tcb_info,
                           out.tcb_info_signature);
    }
    if (response.path.ends_with("/certification/v4/qe/identity")) {
        LUMOZ_CHECK_OK(once(out.qe_identity, "qe_identity"));
        return read_signed(response, "enclaveIdentity", out.qe_identity_issuer_chain, out.qe_identity,
                           out.qe_identity_signature);
    }
    if (response.path.ends_with("/certification/v4/pckcrl")) {
        LUMOZ_CHECK_OK(once(out.pck_crl, "pck_crl"));
        // Its issuers are those of the quote: the chain in the head is trusted for nothing.
        out.pck_crl = to_hex(response.body);
        return {};
    }
    if (response.path.ends_with("/IntelSGXRootCA.der") ||
        response.path.ends_with("/certification/v4/rootcacrl")) {
        LUMOZ_CHECK_OK(once(out.root_ca_crl, "root_ca_crl"));
        out.root_ca_crl = to_hex(response.body);
    }
    return {};
}

}  // namespace

Result<Collateral> collateral_from_pcs(const json::Value& data) {
    if (data.size() != 1) return kSchema.bad("data", "not {\"responses\"}");
    LUMOZ_TRY(const std::vector<json::Value> list, kSchema.array(data, "responses"));
    if (list.size() > kMostResponses) return kSchema.bad("responses", "more than 16");
    Collateral out;
    for (const json::Value& value : list) {
        LUMOZ_TRY(const Response response, read_response(value));
        LUMOZ_CHECK_OK(take(response, out));
    }
    const std::pair<std::string_view, const std::string*> needed[] = {{"tcb_info", &out.tcb_info},
                                                                      {"qe_identity", &out.qe_identity},
                                                                      {"pck_crl", &out.pck_crl},
                                                                      {"root_ca_crl", &out.root_ca_crl}};
    for (const auto& [name, text] : needed)
        if (text->empty()) return kSchema.bad(name, "missing");
    return out;
}

}  // namespace lumoz::evidence
