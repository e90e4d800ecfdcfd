// SPDX-License-Identifier: Apache-2.0
// Suites that are put to a running service: the query of the attestation routes, and the error table.
#include "app/vectors/check.hpp"
#include "app/vectors/live.hpp"
#include "app/vectors/suites.hpp"
#include "base/hex.hpp"
#include "crypto/secp256k1.hpp"
#include "evidence/report_data.hpp"
#include "evidence/tdx_quote.hpp"

#include <algorithm>

namespace lumoz::app::vectors {
namespace {

constexpr json::Limits kLimits{.max_bytes = std::size_t{16} << 20, .max_depth = 64};

/// `status` is a number, or a list of which one must match.
Status check_status(const json::Value& value, int have) {
    LUMOZ_TRY(const json::Value want, member(value, "status"));
    if (want.is_array()) {
        const auto allowed = want.elements();
        if (std::ranges::any_of(allowed, [&](const json::Value& v) { return v.as_int() == have; })) return {};
    } else if (want.as_int() == have) {
        return {};
    }
    return mismatch("status: want " + std::string(want.raw()) + ", have " + std::to_string(have));
}

Status check_envelope(const json::Value& error) {
    for (const std::string_view name : {"message", "type"}) {
        const auto found = error.find(name);
        if (!found || !found->is_string()) return mismatch("error." + std::string(name) + " is not a text");
    }
    for (const std::string_view name : {"param", "code"}) {
        const auto found = error.find(name);
        if (!found || !(found->is_string() || found->is_null())) {
            return mismatch("error." + std::string(name) + " is neither text nor null");
        }
    }
    return {};
}

Status check_error(const net::Response& response, const std::optional<std::string>& type,
                   const std::optional<std::string>& message) {
    const std::string_view content_type = response.head.headers.get("Content-Type");
    LUMOZ_CHECK_OK(same("content type", "application/json", content_type.substr(0, content_type.find(';'))));
    const auto document = json::Document::parse(as_text(response.body), kLimits);
    if (!document) return mismatch("the error body is not JSON");
    LUMOZ_TRY(const json::Value error, member(document->root(), "error"));
    LUMOZ_CHECK_OK(check_envelope(error));
    if (type) {
        LUMOZ_TRY(const std::string have, text(error, "type"));
        LUMOZ_CHECK_OK(same("error.type", *type, have));
    }
    if (message) {
        LUMOZ_TRY(const std::string have, text(error, "message"));
        LUMOZ_CHECK_OK(same("error.message", *message, have));
    }
    return {};
}

Status run_http_error(const Case& c, Live& live) {
    LUMOZ_TRY(const std::string method, text(c.value, "method"));
    LUMOZ_TRY(std::string target, text(c.value, "path"));
    LUMOZ_TRY(target, live.fill_in(std::move(target)));
    net::Headers headers{{"Content-Type", "application/json"}};
    LUMOZ_TRY(const json::Value header_values, member(c.value, "headers"));
    for (const json::Value::Member& m : header_values.members()) {
        LUMOZ_TRY(const std::string value, live.fill_in(m.value.as_string().value_or("")));
        headers.add(m.name, value);
    }
    const std::string body = maybe_text(c.value, "body").value_or("");
    LUMOZ_TRY(const net::Response response, live.request(method, target, headers, as_bytes(body)));
    LUMOZ_CHECK_OK(check_status(c.value, response.head.status));
    return response.head.status >= 400
               ? check_error(response, maybe_text(c.value, "error_type"), std::nullopt)
               : Status{};
}

/// Value of one parameter of a query, if it is there.
std::optional<std::string> parameter(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        const std::string_view pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(pair.size() + 1, query.size()));
        if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) {
            return std::string(pair.substr(name.size() + 1));
        }
    }
    return std::nullopt;
}

/// What every good report of these cases must have: the key that was asked for and the nonce, bound in the
/// quote.
Status check_report(std::string_view query, std::string_view body) {
    const auto document = json::Document::parse(body, kLimits);
    if (!document) return mismatch("the report is not JSON");
    const json::Value report = document->root();
    const std::string algo = parameter(query, "signing_algo").value_or("ecdsa");
    LUMOZ_TRY(const std::string have_algo, text(report, "signing_algo"));
    LUMOZ_CHECK_OK(same("signing_algo", algo, have_algo));
    LUMOZ_TRY(const std::string nonce_text, text(report, "request_nonce"));
    LUMOZ_CHECK_OK(same("request_nonce", parameter(query, "nonce").value_or(nonce_text), nonce_text));
    LUMOZ_TRY(const Nonce nonce, fixed_from_hex<Nonce>(nonce_text));
    LUMOZ_TRY(const std::string address_text, text(report, "signing_address"));
    Bytes address;
    if (algo == "ecdsa") {
        LUMOZ_TRY(const EthAddress parsed, crypto::parse_address(address_text));
        address = to_bytes(parsed.view());
    } else {
        LUMOZ_TRY(address, from_hex(address_text));
        if (address.size() != 32) return mismatch("signing_address: want 64 hex digits");
    }
    if (report.find("tls_cert_fingerprint"))
        return mismatch("tls_cert_fingerprint is there, and was not asked for");
    LUMOZ_TRY(const Bytes quote_bytes, hex(report, "intel_quote"));
    LUMOZ_TRY(const evidence::Quote quote, evidence::Quote::parse(quote_bytes));
    return same("report_data", to_hex(evidence::plain_report_data(address, nonce).view()),
                to_hex(quote.report_data().view()));
}

Status run_attestation_query(const Case& c, Live& live) {
    LUMOZ_TRY(const std::string path, text(c.document, "path"));
    LUMOZ_TRY(std::string query, text(c.value, "query"));
    LUMOZ_TRY(query, live.fill_in(std::move(query)));
    LUMOZ_TRY(const net::Response response,
              live.request("GET", query.empty() ? path : path + "?" + query, {}, {}));
    LUMOZ_CHECK_OK(check_status(c.value, response.head.status));
    if (response.head.status != 200) {
        return check_error(response, std::nullopt, maybe_text(c.value, "error_message"));
    }
    return check_report(query, as_text(response.body));
}

std::string percent_encoded(std::string_view value) {
    std::string out;
    for (const char c : value) {
        const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (plain) {
            out += c;
        } else {
            out += "%" + to_hex(as_bytes(std::string_view(&c, 1)));
        }
    }
    return out;
}

Status run_aci_query(const Case& c, Live& live) {
    LUMOZ_TRY(const std::string nonce, text(c.value, "nonce"));
    LUMOZ_TRY(const net::Response response,
              live.request("GET", "/v1/aci/attestation?nonce=" + percent_encoded(nonce), {}, {}));
    LUMOZ_CHECK_OK(check_status(c.value, response.head.status));
    if (response.head.status != 200) return check_error(response, "invalid_request_error", std::nullopt);
    LUMOZ_CHECK_OK(same("X-ACI-Version", "aci/1", response.head.headers.get("X-ACI-Version")));
    const auto document = json::Document::parse(as_text(response.body), kLimits);
    if (!document) return mismatch("the attestation is not JSON");
    LUMOZ_TRY(const std::string digest, text(document->root(), "workload_keyset_digest"));
    return same("X-ACI-Keyset-Digest", digest, response.head.headers.get("X-ACI-Keyset-Digest"));
}

/// `serve…`, or a status and an error type, each followed by words.
Status run_constraint(const Case& c, Live& live) {
    LUMOZ_TRY(const json::Value provider, member(c.value, "provider"));
    LUMOZ_TRY(const std::string expect, text(c.value, "expect"));
    LUMOZ_TRY(const std::string authorization, live.fill_in("Bearer {token}"));
    const std::string body =
        R"({"messages":[{"role":"user","content":"Say one word."}],"max_tokens":4,"provider":)" +
        std::string(provider.raw()) + "}";
    const net::Headers headers{{"Content-Type", "application/json"}, {"Authorization", authorization}};
    LUMOZ_TRY(const net::Response response,
              live.request("POST", "/v1/chat/completions", headers, as_bytes(body)));
    if (response.head.headers.get("X-Receipt-Id").empty()) return mismatch("the answer names no receipt");
    if (expect.starts_with("serve")) return same("status", "200", std::to_string(response.head.status));
    const std::string_view words(expect);
    LUMOZ_CHECK_OK(same("status", words.substr(0, 3), std::to_string(response.head.status)));
    const std::string_view rest = words.substr(std::min<std::size_t>(4, words.size()));
    const std::string_view type = rest.substr(0, rest.find(' '));
    return check_error(response, std::string(type), std::nullopt);
}

}  // namespace

void add_service(Handlers& handlers, Live& live) {
    handlers["http_errors"] = [&live](const Case& c) { return run_http_error(c, live); };
    handlers["attestation_query"] = [&live](const Case& c) { return run_attestation_query(c, live); };
    handlers["aci_serving_constraints"] = [&live](const Case& c) { return run_constraint(c, live); };
    handlers["aci_attestation_query"] = [&live](const Case& c) { return run_aci_query(c, live); };
}

}  // namespace lumoz::app::vectors
