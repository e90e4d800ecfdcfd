// SPDX-License-Identifier: Apache-2.0
// Quotes: structure, verification at a given time with stored collateral, and policy.
#include "verify/tdx.hpp"

#include "app/output/files.hpp"
#include "app/vectors/check.hpp"
#include "app/vectors/suites.hpp"
#include "base/hex.hpp"
#include "verify/policy.hpp"

#include <algorithm>

namespace lumoz::app::vectors {
namespace {

Result<Bytes> named_file(const Case& c, std::string_view name) {
    LUMOZ_TRY(const std::string path, text(c.value, name));
    return read_input((c.folder / path).string());
}

Result<verify::RootPins> root_of(const Case& c) {
    LUMOZ_TRY(const std::string name, text(c.value, "root"));
    LUMOZ_TRY(const json::Value roots, member(c.document, "roots"));
    LUMOZ_TRY(const json::Value root, member(roots, name));
    LUMOZ_TRY(const std::string pin_text, text(root, "spki_sha256"));
    LUMOZ_TRY(const Digest256 pin, fixed_from_hex<Digest256>(pin_text));
    verify::RootPins pins;
    pins.also_accept(pin);
    return pins;
}

/// Verification as the vector asks for it; collateral that cannot be read is a verdict, not trouble.
Result<verify::TdxVerdict> verdict_of(const Case& c) {
    LUMOZ_TRY(const Bytes quote, named_file(c, "quote"));
    LUMOZ_TRY(const Bytes collateral_text, named_file(c, "collateral"));
    LUMOZ_TRY(const verify::RootPins roots, root_of(c));
    LUMOZ_TRY(const std::string now_text, text(c.value, "now"));
    LUMOZ_TRY(const UnixTime now, parse_rfc3339(now_text));
    auto collateral = evidence::Collateral::parse(as_text(collateral_text));
    if (!collateral) {
        verify::TdxVerdict verdict;
        verdict.verdict.fail("tdx.collateral", "the collateral can be read", std::move(collateral).error());
        return verdict;
    }
    return verify::verify_tdx(quote, *collateral, roots, now);
}

std::string error_code(const verify::Verdict& verdict) {
    const auto error = verdict.error();
    return error ? std::string(error->rule) : "accept";
}

Status same_json(std::string_view name, const json::Value& want, std::optional<std::string_view> have) {
    if (!have) return mismatch(std::string(name) + " is not established");
    LUMOZ_TRY(const std::string have_canonical, json::canonical(*have));
    return same(name, json::canonical(want), have_canonical);
}

std::string findings_json(const std::vector<verify::Finding>& findings) {
    json::Writer w;
    w.array();
    for (const verify::Finding& f : findings)
        w.string(f.code);
    w.end();
    return std::move(w).text();
}

Status check_default_policy(const json::Value& want, const verify::VerifiedTdx& tdx) {
    return same_json("policy_default", want,
                     findings_json(verify::evaluate(tdx.quote(), tdx.result(), verify::Policy{})));
}

Status run_verify(const Case& c) {
    LUMOZ_TRY(const json::Value expect, member(c.value, "expect"));
    LUMOZ_TRY(const verify::TdxVerdict have, verdict_of(c));
    if (const auto error = maybe_text(expect, "error")) {
        return same("error", *error, error_code(have.verdict));
    }
    LUMOZ_CHECK_OK(same("result", "accept", error_code(have.verdict)));
    if (!have.tdx) return mismatch("accepted without a verified quote");
    for (const json::Value::Member& m : expect.members()) {
        if (m.name == "result") continue;
        if (m.name == "policy_default") {
            LUMOZ_CHECK_OK(check_default_policy(m.value, *have.tdx));
        } else {
            LUMOZ_CHECK_OK(same_json(m.name, m.value, have.verdict.established(m.name)));
        }
    }
    return {};
}

Status run_policy(const Case& c) {
    LUMOZ_TRY(const json::Value expect, member(c.value, "expect"));
    LUMOZ_TRY(const json::Value want, member(expect, "findings"));
    LUMOZ_TRY(const json::Value policy_value, member(c.value, "policy"));
    const auto policy = verify::Policy::parse(policy_value.raw());
    if (!policy) return unexpected_error(policy.error());
    LUMOZ_TRY(const verify::TdxVerdict have, verdict_of(c));
    if (!have.tdx) return mismatch("the inputs do not verify: " + error_code(have.verdict));
    return same_json("findings", want,
                     findings_json(verify::evaluate(have.tdx->quote(), have.tdx->result(), *policy)));
}

Status same_number(std::string_view name, std::int64_t want, std::uint64_t have) {
    return same(name, std::to_string(want), std::to_string(have));
}

Status check_body(const json::Value& body, const evidence::Quote& quote) {
    for (const json::Value::Member& m : body.members()) {
        if (const auto number_wanted = m.value.as_int()) {
            const auto have = quote.integer(m.name);
            if (!have) return mismatch("body has no number " + m.name);
            LUMOZ_CHECK_OK(same_number(m.name, *number_wanted, *have));
            continue;
        }
        const auto have = quote.field(m.name);
        if (!have) return mismatch("body has no field " + m.name);
        LUMOZ_CHECK_OK(same(m.name, m.value.as_string().value_or(""), to_hex(*have)));
    }
    return {};
}

std::uint64_t qe_number(const evidence::Quote& quote, std::string_view name) {
    const ByteView raw = quote.qe_field(name);
    std::uint64_t value = 0;
    for (std::size_t i = raw.size(); i > 0; --i)
        value = value << 8 | raw[i - 1];
    return value;
}

Status check_fields(const json::Value& fields, const evidence::Quote& quote) {
    const std::map<std::string_view, std::uint64_t> numbers = {
        {"version", quote.version()},
        {"att_key_type", quote.key_type()},
        {"body_type", static_cast<std::uint64_t>(quote.body_kind())},
        {"signed_len", quote.signed_range().size()},
        {"sig_len", quote.parts().signature_section.size},
        {"trailing_bytes", quote.trailing().size()},
        {"cert_type", quote.cert_type()},
        {"cert_data_len", quote.cert_data().size()},
        {"qe_auth_len", quote.qe_auth().size()},
        {"qe_isv_svn", qe_number(quote, "isv_svn")},
        {"qe_isv_prod_id", qe_number(quote, "isv_prod_id")},
    };
    for (const json::Value::Member& m : fields.members()) {
        if (const auto known = numbers.find(m.name); known != numbers.end()) {
            LUMOZ_CHECK_OK(same_number(m.name, m.value.as_int().value_or(-1), known->second));
        } else if (m.name == "tee_type") {
            LUMOZ_CHECK_OK(same(m.name, m.value.as_string().value_or(""), quote.is_tdx() ? "0x81" : "0x0"));
        } else if (m.name == "qe_mr_signer") {
            LUMOZ_CHECK_OK(
                same(m.name, m.value.as_string().value_or(""), to_hex(quote.qe_field("mr_signer"))));
        } else if (m.name == "body") {
            LUMOZ_CHECK_OK(check_body(m.value, quote));
        } else {
            return mismatch("the vector expects an unknown field " + m.name);
        }
    }
    return {};
}

Status run_parse(const Case& c) {
    LUMOZ_TRY(const json::Value expect, member(c.value, "expect"));
    LUMOZ_TRY(const Bytes bytes, named_file(c, "quote"));
    const auto quote = evidence::Quote::parse(bytes);
    if (const auto error = maybe_text(expect, "error")) {
        return same("error", *error, quote ? "accept" : std::string(quote.error().rule));
    }
    if (!quote) return unexpected_error(quote.error());
    LUMOZ_TRY(const json::Value fields, member(expect, "fields"));
    return check_fields(fields, *quote);
}

}  // namespace

void add_tdx(Handlers& handlers) {
    handlers["verify"] = run_verify;
    handlers["policy"] = run_policy;
    handlers["parse"] = run_parse;
}

}  // namespace lumoz::app::vectors
