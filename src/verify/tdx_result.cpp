// SPDX-License-Identifier: Apache-2.0
#include "verify/tdx_result.hpp"

#include "base/hex.hpp"
#include "base/time.hpp"

namespace lumoz::verify {

namespace {

std::string texts(const std::vector<std::string>& list) {
    json::Writer out;
    out.array();
    for (const std::string& text : list)
        out.string(text);
    out.end();
    return std::move(out).text();
}

std::string shortfall_json(const std::vector<Shortfall>& list) {
    json::Writer out;
    out.array();
    for (const Shortfall& s : list) {
        out.object();
        out.key("index").integer(s.index);
        out.key("set").string(s.set);
        out.key("category").string(s.category);
        out.key("type").string(s.type);
        out.key("have").integer(s.have);
        out.key("need").integer(s.need);
        out.key("advisories").raw(texts(s.advisories));
        out.end();
    }
    out.end();
    return std::move(out).text();
}

std::string configuration_json(const evidence::PckExtension::Configuration& c) {
    json::Writer out;
    out.object();
    out.key("dynamic_platform").boolean(c.dynamic_platform);
    out.key("cached_keys").boolean(c.cached_keys);
    out.key("smt_enabled").boolean(c.smt_enabled);
    out.end();
    return std::move(out).text();
}

std::int64_t as_int(std::size_t value) {
    return static_cast<std::int64_t>(value);
}

/// Names of the set bits; a bit without a meaning is `BIT_n`.
std::string attribute_names(ByteView td_attributes) {
    std::vector<std::string> out;
    for (unsigned bit = 0; bit < 8 * td_attributes.size(); ++bit) {
        if (((td_attributes[bit / 8] >> (bit % 8)) & 1) == 0) continue;
        const auto known = evidence::td_attributes();
        const auto it = std::ranges::find_if(known, [bit](const auto& a) { return a.bit == bit; });
        out.push_back(it == known.end() ? "BIT_" + std::to_string(bit) : std::string(it->name));
    }
    return texts(out);
}

std::vector<Shortfall> all_of(const std::vector<Remedy>& remedies) {
    std::vector<Shortfall> out;
    for (const Remedy& remedy : remedies)
        out.insert(out.end(), remedy.shortfall.begin(), remedy.shortfall.end());
    return out;
}

}  // namespace

std::vector<Shortfall> TdxResult::shortfall() const {
    return all_of(remedies);
}

std::vector<Shortfall> TdxResult::current_shortfall() const {
    return all_of(current_remedies);
}

void establish(Verdict& verdict, const TdxResult& r) {
    const auto hex = [&](std::string_view name, ByteView bytes) {
        verdict.establish_text(name, to_hex(bytes));
    };
    verdict.establish_text("tcb_status", to_text(r.tcb_status));
    verdict.establish_text("current_tcb_status", to_text(r.current_tcb_status));
    verdict.establish_text("platform", to_text(r.platform));
    if (r.module) verdict.establish_text("module", to_text(*r.module));
    verdict.establish_text("qe", to_text(r.qe));
    verdict.establish("advisories", texts(r.advisories));
    verdict.establish("current_advisories", texts(r.current_advisories));
    verdict.establish_text("tcb_date", to_rfc3339(r.tcb_date));
    verdict.establish_text("current_tcb_date", to_rfc3339(r.current_tcb_date));
    verdict.establish("tcb_eval", std::to_string(r.tcb_eval));
    verdict.establish_text("collateral_expires", to_rfc3339(r.collateral_expires));
    hex("fmspc", r.pck.fmspc.view());
    hex("ppid", r.pck.ppid.view());
    hex("pceid", r.pck.pceid.view());
    verdict.establish("pcesvn", std::to_string(r.pck.pcesvn));
    hex("cpusvn", r.pck.cpusvn.view());
    hex("components", r.pck.components);
    if (r.pck.platform_instance_id) hex("piid", r.pck.platform_instance_id->view());
    verdict.establish("sgx_type", std::to_string(r.pck.sgx_type));
    if (r.pck.configuration) verdict.establish("configuration", configuration_json(*r.pck.configuration));
    verdict.establish("shortfall", shortfall_json(r.shortfall()));
    verdict.establish("current_shortfall", shortfall_json(r.current_shortfall()));
}

std::string quote_json(const evidence::Quote& quote) {
    json::Writer out;
    out.object();
    out.key("version").integer(quote.version());
    out.key("att_key_type").integer(quote.key_type());
    out.key("tee_type").string(quote.is_tdx() ? "0x81" : "0x0");
    out.key("body_type").integer(static_cast<std::int64_t>(quote.body_kind()));
    out.key("signed_len").integer(as_int(quote.parts().signed_range.size));
    out.key("sig_len").integer(as_int(quote.parts().signature_section.size));
    out.key("trailing_bytes").integer(as_int(quote.trailing().size()));
    out.key("cert_type").integer(quote.cert_type());
    out.key("cert_data_len").integer(as_int(quote.cert_data().size()));
    out.key("qe_auth_len").integer(as_int(quote.qe_auth().size()));
    const auto u16 = [](ByteView raw) { return std::int64_t{raw[0]} | (std::int64_t{raw[1]} << 8); };
    out.key("qe_isv_svn").integer(u16(quote.qe_field("isv_svn")));
    out.key("qe_isv_prod_id").integer(u16(quote.qe_field("isv_prod_id")));
    out.key("qe_mr_signer").string(to_hex(quote.qe_field("mr_signer")));
    out.key("body").object();
    for (const evidence::Field& field : evidence::body_fields(quote.body_kind())) {
        out.key(field.name);
        if (field.integer) {
            out.integer(static_cast<std::int64_t>(*quote.integer(field.name)));
        } else {
            out.string(to_hex(*quote.field(field.name)));
        }
    }
    out.end();
    out.end();
    return std::move(out).text();
}

void establish(Verdict& verdict, const evidence::Quote& quote) {
    verdict.establish("quote", quote_json(quote));
    if (const auto bits = quote.field("td_attributes"))
        verdict.establish("td_attributes", attribute_names(*bits));
}

}  // namespace lumoz::verify
