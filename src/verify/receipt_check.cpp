// SPDX-License-Identifier: Apache-2.0
#include "verify/receipt_check.hpp"

#include "crypto/sha2.hpp"
#include "evidence/schema.hpp"
#include "evidence/statement.hpp"

namespace lumoz::verify {

namespace {

constexpr std::size_t kMostEvents = 1024;
constexpr std::string_view kVersion = "aci/1";
const evidence::Schema kSchema(Errc::Malformed, "E_RECEIPT_PARSE", "receipt.members");

std::unexpected<Error> bad(std::string_view rule, std::string_view where, std::string detail = {}) {
    return fail(Errc::Refused, rule, where, std::move(detail));
}

/// RFC 8785 form of an object without one member: members come out sorted by the canonical form of a copy.
std::string canonical_without(const json::Value& root, std::string_view name) {
    json::Writer copy;
    copy.object();
    for (const json::Value::Member& member : root.members())
        if (member.name != name) copy.key(member.name).raw(member.value.raw());
    copy.end();
    return json::canonical(std::move(copy).text()).value_or("");
}

Status take_hash(const json::Value& event, std::optional<std::string>& out) {
    LUMOZ_TRY(out, kSchema.text(event, "body_hash"));
    return {};
}

Status take_completeness(const json::Value& event, AciReceipt& out) {
    LUMOZ_TRY(const json::Value complete, kSchema.member(event, "complete"));
    const auto value = complete.as_bool();
    if (!value) return kSchema.bad("complete", "not true or false");
    // Two events cannot make a cut answer whole.
    out.complete = out.complete && *value;
    LUMOZ_TRY(out.cut_by, kSchema.optional_text(event, "cut_by"));
    return {};
}

/// The members of events that are known here; unknown types are left alone.
Status take_event(const json::Value& event, const std::string& type, AciReceipt& out) {
    if (type == "request.received") return take_hash(event, out.request_hash);
    if (type == "request.forwarded") return take_hash(event, out.forwarded_hash);
    if (type == "response.returned") return take_hash(event, out.response_hash);
    if (type == "lumoz.completeness") return take_completeness(event, out);
    if (type == "lumoz.model") {
        LUMOZ_TRY(out.model_root, kSchema.text(event, "model_root"));
    } else if (type == "lumoz.gpu") {
        LUMOZ_TRY(out.gpu_sha256, kSchema.text(event, "evidence_sha256"));
    } else if (type == "lumoz.config") {
        LUMOZ_TRY(out.config_sha256, kSchema.text(event, "config_sha256"));
    } else if (type == "upstream.verified") {
        LUMOZ_TRY(out.upstream_result, kSchema.text(event, "result"));
    }
    return {};
}

std::size_t count(const AciReceipt& receipt, std::string_view type) {
    return static_cast<std::size_t>(std::ranges::count(receipt.events, type, &ReceiptEvent::type));
}

Status check_events(const AciReceipt& receipt) {
    if (receipt.events.empty() || receipt.events.front().type != "request.received")
        return bad("E_RECEIPT_FIRST_EVENT", "receipt.events.first");
    if (count(receipt, "request.received") != 1)
        return bad("E_RECEIPT_EVENT", "receipt.events.request_received");
    if (count(receipt, "response.returned") != 1)
        return bad("E_RECEIPT_EVENT", "receipt.events.response_returned");
    for (const std::string_view type : {"lumoz.model", "lumoz.gpu", "lumoz.config", "lumoz.completeness"})
        if (count(receipt, type) > 1)
            return bad("E_RECEIPT_EVENT", "receipt.events.twice", std::string(type));
    return {};
}

}  // namespace

Result<AciReceipt> AciReceipt::from(const json::Value& root) {
    if (!root.is_object()) return kSchema.bad("receipt", "not an object");
    AciReceipt out;
    LUMOZ_TRY(const std::string version, kSchema.text(root, "api_version"));
    if (version != kVersion) return fail(Errc::Unsupported, "E_RECEIPT_VERSION", "receipt.api_version");
    LUMOZ_TRY(out.receipt_id, kSchema.text(root, "receipt_id"));
    LUMOZ_TRY(out.chat_id, kSchema.optional_text(root, "chat_id"));
    LUMOZ_TRY(out.model, kSchema.optional_text(root, "model"));
    LUMOZ_TRY(out.keyset_digest, kSchema.text(root, "workload_keyset_digest"));
    LUMOZ_TRY(out.endpoint, kSchema.text(root, "endpoint"));
    LUMOZ_TRY(out.method, kSchema.text(root, "method"));
    LUMOZ_TRY(out.served_at, kSchema.integer(root, "served_at", (std::int64_t{1} << 53) - 1));
    LUMOZ_TRY(out.key_id, kSchema.text(root, "key_id"));
    LUMOZ_TRY(out.signature, kSchema.text(root, "signature"));
    LUMOZ_TRY(const std::vector<json::Value> events, kSchema.array(root, "event_log"));
    if (events.size() > kMostEvents) return kSchema.bad("event_log", "too many events");
    for (const json::Value& event : events) {
        if (!event.is_object()) return kSchema.bad("event_log", "not an object");
        LUMOZ_TRY(std::string type, kSchema.text(event, "type"));
        LUMOZ_CHECK_OK(take_event(event, type, out));
        out.events.push_back({std::move(type), std::string(event.raw())});
    }
    out.signing_input = canonical_without(root, "signature");
    return out;
}

Result<AciReceipt> AciReceipt::parse(std::string_view text) {
    const auto document = json::Document::parse(text);
    if (!document) return fail(Errc::Malformed, "E_RECEIPT_PARSE", "receipt.json", document.error().detail);
    return from(document->root());
}

Status check_receipt(const AciReceipt& receipt, const evidence::Keyset& keyset, const ReceiptBodies& bodies) {
    if (receipt.keyset_digest != keyset.digest()) return bad("E_RECEIPT_KEYSET", "receipt.keyset_digest");
    const auto key = keyset.receipt_key(receipt.key_id);
    if (!key) return bad("E_RECEIPT_KEY", "receipt.key_id");
    const auto signature = fixed_from_hex<crypto::Ed25519Signature>(receipt.signature);
    if (!signature || !crypto::ed25519_verify(*key, as_bytes(receipt.signing_input), *signature))
        return bad("E_RECEIPT_SIGNATURE", "receipt.signature");
    LUMOZ_CHECK_OK(check_events(receipt));
    const auto equals = [](const std::optional<std::string>& stated, ByteView body) {
        return stated == evidence::sha256_text(crypto::sha256(body));
    };
    if (bodies.request && !equals(receipt.request_hash, *bodies.request))
        return bad("E_RECEIPT_REQUEST", "receipt.request_hash");
    if (bodies.response && !equals(receipt.response_hash, *bodies.response))
        return bad("E_RECEIPT_RESPONSE", "receipt.response_hash");
    if (receipt.served_at >= keyset.not_after)
        return bad("E_RECEIPT_TIME", "receipt.served_at", "not before the keyset's not_after");
    return {};
}

}  // namespace lumoz::verify
