// SPDX-License-Identifier: Apache-2.0
#include "receipt/receipt.hpp"

#include "base/hex.hpp"
#include "base/json.hpp"
#include "crypto/random.hpp"

namespace lumoz::receipt {
namespace {

constexpr std::string_view kSignatureMember = ",\"signature\":\"";
constexpr std::string_view kDigestMember = ",\"workload_keyset_digest\":\"";

void append_sha256(std::string& out, ByteView hash) {
    out += "\"sha256:";
    append_hex(out, hash);
    out += '"';
}

void append_text_or_null(std::string& out, const std::optional<std::string>& text) {
    if (text) {
        json::append_quoted(out, *text);
    } else {
        out += "null";
    }
}

bool is_response_id_char(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == ':' || c == '-';
}

}  // namespace

std::string_view to_text(CutBy cut) {
    switch (cut) {
        case CutBy::Client:
            return "client";
        case CutBy::Engine:
            return "engine";
        case CutBy::Deadline:
            return "deadline";
        case CutBy::Shutdown:
            return "shutdown";
    }
    std::unreachable();
}

std::string& EventLog::next() {
    if (json_.size() > 1) json_ += ',';
    return json_;
}

EventLog& EventLog::body_event(std::string_view type, ByteView hash) {
    std::string& out = next();
    out += "{\"body_hash\":";
    append_sha256(out, hash);
    out += ",\"type\":\"";
    out += type;
    out += "\"}";
    return *this;
}

EventLog& EventLog::request_received(const RequestHash& body) {
    return body_event("request.received", body.view());
}
EventLog& EventLog::request_forwarded(const ForwardedHash& body) {
    return body_event("request.forwarded", body.view());
}
EventLog& EventLog::response_returned(const ResponseHash& body) {
    return body_event("response.returned", body.view());
}

EventLog& EventLog::model(const ModelEvent& event) {
    std::string& out = next();
    out += "{\"method\":";
    json::append_quoted(out, event.method);
    out += ",\"model_root\":";
    append_sha256(out, event.model_root.view());
    out += ",\"publisher_key\":";
    if (event.publisher_key) {
        append_sha256(out, event.publisher_key->view());
    } else {
        out += "null";
    }
    out += ",\"type\":\"lumoz.model\"}";
    return *this;
}

EventLog& EventLog::gpu(const Digest256& evidence) {
    std::string& out = next();
    out += "{\"evidence_sha256\":\"";
    append_hex(out, evidence.view());
    out += "\",\"type\":\"lumoz.gpu\"}";
    return *this;
}

EventLog& EventLog::config(const Digest256& config) {
    std::string& out = next();
    out += "{\"config_sha256\":\"";
    append_hex(out, config.view());
    out += "\",\"type\":\"lumoz.config\"}";
    return *this;
}

EventLog& EventLog::upstream_verified(const UpstreamEvent& event) {
    std::string& out = next();
    out += '{';
    if (event.model_id) {
        out += "\"model_id\":";
        json::append_quoted(out, *event.model_id);
        out += ',';
    }
    if (!event.verified && event.reason) {
        out += "\"reason\":";
        json::append_quoted(out, *event.reason);
        out += ',';
    }
    out += event.required ? "\"required\":true" : "\"required\":false";
    out += event.verified ? ",\"result\":\"verified\"" : ",\"result\":\"failed\"";
    if (event.verified && event.session_id) {
        out += ",\"session_id\":";
        json::append_quoted(out, *event.session_id);
    }
    out += ",\"type\":\"upstream.verified\"}";
    return *this;
}

EventLog& EventLog::completeness(const Completeness& event) {
    std::string& out = next();
    out += "{\"bytes\":";
    out += std::to_string(event.bytes);
    out += event.cut_by ? ",\"complete\":false" : ",\"complete\":true";
    if (event.cut_by) {
        out += ",\"cut_by\":\"";
        out += to_text(*event.cut_by);
        out += '"';
    }
    out += ",\"type\":\"lumoz.completeness\"}";
    return *this;
}

EventLog& EventLog::other(std::string_view canonical_json) {
    next() += canonical_json;
    return *this;
}

EventLog events_of(const ReceiptFields& fields) {
    EventLog log;
    log.request_received(fields.request);
    if (fields.model_event) log.model(*fields.model_event);
    if (fields.gpu_digest) log.gpu(*fields.gpu_digest);
    if (fields.config_sha256) log.config(*fields.config_sha256);
    if (fields.forwarded) log.request_forwarded(*fields.forwarded);
    if (fields.upstream) log.upstream_verified(*fields.upstream);
    for (const std::string& event : fields.other_events)
        log.other(event);
    if (fields.completeness) log.completeness(*fields.completeness);
    log.response_returned(fields.response);
    return log;
}

std::string unsigned_receipt(const Head& head, const EventLog& events) {
    std::string out;
    out.reserve(1536);
    out += R"({"api_version":"aci/1","chat_id":)";
    append_text_or_null(out, head.chat_id);
    out += ",\"endpoint\":";
    json::append_quoted(out, head.endpoint);
    out += ",\"event_log\":";
    out += events.text();
    out += ",\"key_id\":";
    json::append_quoted(out, head.key_id);
    out += ",\"method\":";
    json::append_quoted(out, head.method);
    out += ",\"model\":";
    append_text_or_null(out, head.model);
    out += ",\"receipt_id\":";
    json::append_quoted(out, head.receipt_id);
    out += ",\"served_at\":";
    out += std::to_string(head.served_at);
    out += kDigestMember;
    out += head.keyset_digest;
    out += "\"}";
    return out;
}

std::string signed_receipt(std::string_view unsigned_json, ByteView signature) {
    // `signature` sorts between `served_at` and the last member, whose value holds no quotation mark.
    const std::size_t at = std::min(unsigned_json.rfind(kDigestMember), unsigned_json.size());
    std::string out;
    out.reserve(unsigned_json.size() + kSignatureMember.size() + 2 * signature.size() + 1);
    out += unsigned_json.substr(0, at);
    out += kSignatureMember;
    append_hex(out, signature);
    out += '"';
    out += unsigned_json.substr(at);
    return out;
}

std::string receipt_id(const FixedBytes<struct ReceiptIdTag, 12>& random) {
    std::string id(kReceiptIdPrefix);
    append_hex(id, random.view());
    return id;
}

std::string new_receipt_id() {
    return receipt_id(crypto::random_fixed<FixedBytes<struct ReceiptIdTag, 12>>());
}

bool is_receipt_id(std::string_view text) {
    return text.size() == kReceiptIdSize && text.starts_with(kReceiptIdPrefix) &&
           is_lower_hex(text.substr(kReceiptIdPrefix.size()));
}

bool is_response_id(std::string_view text) {
    return !text.empty() && text.size() <= 128 && std::ranges::all_of(text, is_response_id_char);
}

}  // namespace lumoz::receipt
