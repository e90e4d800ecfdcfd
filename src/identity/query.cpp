// SPDX-License-Identifier: Apache-2.0
#include "identity/query.hpp"

#include "base/hex.hpp"

namespace lumoz::identity {
namespace {

constexpr std::size_t kMaxQuery = std::size_t{8} << 10;
constexpr std::size_t kMaxParameters = 64;

struct Parameter {
    std::string name;
    std::string value;
};

std::unexpected<Error> bad(std::string_view rule, std::string_view message, Errc code = Errc::Malformed) {
    return fail(code, rule, "identity.query", std::string(message));
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

Result<std::string> percent_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+') {
            out += ' ';
        } else if (text[i] != '%') {
            out += text[i];
        } else {
            const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
            const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
            if (low < 0) return bad("E_QUERY", "Malformed percent-encoding in the query");
            out += static_cast<char>(high * 16 + low);
            i += 2;
        }
    }
    return out;
}

Result<std::vector<Parameter>> split(std::string_view query) {
    if (query.size() > kMaxQuery) return bad("E_QUERY", "Query too long");
    std::vector<Parameter> out;
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        const std::string_view pair = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        if (pair.empty()) continue;
        if (out.size() == kMaxParameters) return bad("E_QUERY", "Too many query parameters");
        const std::size_t equals = std::min(pair.find('='), pair.size());
        LUMOZ_TRY(std::string name, percent_decode(pair.substr(0, equals)));
        LUMOZ_TRY(std::string value, percent_decode(pair.substr(std::min(equals + 1, pair.size()))));
        out.push_back({std::move(name), std::move(value)});
    }
    return out;
}

/// The value of a parameter; nothing when it is absent.
Result<std::optional<std::string>> value_of(const std::vector<Parameter>& parameters, std::string_view name) {
    std::optional<std::string> out;
    for (const Parameter& parameter : parameters) {
        if (parameter.name != name) continue;
        if (out) return bad("E_QUERY", "Query parameter given twice");
        out = parameter.value;
    }
    return out;
}

Result<Nonce> parse_nonce(std::string_view text) {
    const auto raw = from_hex(text);
    if (!raw) return bad("E_QUERY_NONCE", "Nonce must be hex-encoded");
    const auto nonce = Nonce::from(*raw);
    if (!nonce) return bad("E_QUERY_NONCE", "Nonce must be 32 bytes");
    return *nonce;
}

Status check_address(std::string_view text, ReportKey key, const PublicIdentity& identity) {
    const auto unknown = [] {
        return bad("E_QUERY_ADDRESS", "Signing address not found on this server", Errc::NotFound);
    };
    if (key == ReportKey::Ed25519) {
        const auto theirs = fixed_from_hex<crypto::Ed25519Public>(text);
        return theirs && *theirs == identity.v1_ed25519 ? Status() : unknown();
    }
    const bool prefixed = text.starts_with("0x") || text.starts_with("0X");
    const auto theirs = fixed_from_hex<EthAddress>(prefixed ? text.substr(2) : text);
    return theirs && *theirs == identity.v1_address ? Status() : unknown();
}

Result<ReportKey> parse_algo(const std::optional<std::string>& text) {
    if (!text || *text == "ecdsa") return ReportKey::Ecdsa;
    if (*text == "ed25519") return ReportKey::Ed25519;
    return bad("E_QUERY_ALGO", "Invalid signing algorithm. Must be 'ed25519' or 'ecdsa'");
}

/// Which bytes the quote is to carry.
Result<evidence::BindingForm> parse_form(const std::vector<Parameter>& parameters,
                                         const PublicIdentity& identity) {
    LUMOZ_TRY(const auto channel, value_of(parameters, "channel"));
    if (channel) return bad("E_QUERY_CHANNEL", "No channel binding is offered by this service");
    LUMOZ_TRY(const auto version, value_of(parameters, "version"));
    if (version && *version != "1" && *version != "2") {
        return bad("E_QUERY_VERSION", "Invalid version. Must be '1' or '2'");
    }
    LUMOZ_TRY(const auto fingerprint, value_of(parameters, "include_tls_fingerprint"));
    const bool tls = (fingerprint && *fingerprint == "true") || (version && *version == "2");
    if (tls && !identity.tls_spki) return bad("E_QUERY_TLS", "This service has no TLS key to bind");
    LUMOZ_TRY(const auto binding, value_of(parameters, "binding"));
    if (!binding) return tls ? evidence::BindingForm::Tls : evidence::BindingForm::Plain;
    if (*binding != "lumoz") return bad("E_QUERY_BINDING", "Invalid binding. Must be 'lumoz'");
    return evidence::BindingForm::Lumoz;
}

}  // namespace

Result<ReportQuery> parse_report_query(std::string_view query, const PublicIdentity& identity) {
    LUMOZ_TRY(const auto parameters, split(query));
    ReportQuery out;
    LUMOZ_TRY(const auto algo, value_of(parameters, "signing_algo"));
    LUMOZ_TRY(out.key, parse_algo(algo));
    LUMOZ_TRY(const auto nonce, value_of(parameters, "nonce"));
    if (nonce) {
        LUMOZ_TRY(out.nonce, parse_nonce(*nonce));
    }
    LUMOZ_TRY(const auto siblings, value_of(parameters, "siblings"));
    if (siblings && *siblings != "none") return bad("E_QUERY_SIBLINGS", "Invalid siblings. Must be 'none'");
    out.siblings = !siblings;
    LUMOZ_TRY(const auto address, value_of(parameters, "signing_address"));
    if (address) {
        LUMOZ_CHECK_OK(check_address(*address, out.key, identity));
    }
    LUMOZ_TRY(out.form, parse_form(parameters, identity));
    return out;
}

Result<std::optional<Nonce>> parse_aci_nonce(std::string_view query) {
    LUMOZ_TRY(const auto parameters, split(query));
    LUMOZ_TRY(const auto nonce, value_of(parameters, "nonce"));
    if (!nonce) return std::nullopt;
    const auto parsed = fixed_from_hex<Nonce>(*nonce);
    if (!parsed || !is_lower_hex(*nonce)) {
        return bad("E_QUERY_NONCE", "nonce must be exactly 64 lowercase hex digits");
    }
    return *parsed;
}

}  // namespace lumoz::identity
