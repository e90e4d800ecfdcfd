// SPDX-License-Identifier: Apache-2.0
// The ACI receipt of one exchange (specs/api.md 8.3): written directly in the member order of RFC 8785, so
// that the bytes made here are the bytes that are signed; nothing is parsed or sorted on the way.
// Events: specs/standards.md 5.3, design decisions 11 and 12.
#pragma once

#include "base/time.hpp"
#include "receipt/text.hpp"

#include <optional>

namespace lumoz::receipt {

/// Who ended an answer before its end.
enum class CutBy : std::uint8_t { Client, Engine, Deadline, Shutdown };
[[nodiscard]] std::string_view to_text(CutBy cut);

/// Event `lumoz.model`.
struct ModelEvent {
    Digest256 model_root;                    ///< OpenSSF model-signing root
    std::string method = "files";            ///< how the root was made
    std::optional<Digest256> publisher_key;  ///< SHA-256 of the SPKI whose bundle was verified before loading
};
/// Event `upstream.verified` of aggregators.
struct UpstreamEvent {
    bool verified = false;
    bool required = false;
    std::optional<std::string> model_id;
    std::optional<std::string> session_id;  ///< verified only
    std::optional<std::string> reason;      ///< failed only
};
/// Event `lumoz.completeness`. `cut_by` is absent exactly when the answer is complete.
struct Completeness {
    std::optional<CutBy> cut_by;
    std::uint64_t bytes = 0;  ///< body bytes handed to the socket; below 2^53
};

/// The array `event_log`, event by event, in the order of the calls.
class EventLog {
public:
    EventLog() { json_.reserve(512); }
    EventLog& request_received(const RequestHash& body);
    EventLog& model(const ModelEvent& event);
    EventLog& gpu(const Digest256& evidence);
    EventLog& config(const Digest256& config);
    EventLog& request_forwarded(const ForwardedHash& body);
    EventLog& upstream_verified(const UpstreamEvent& event);
    EventLog& completeness(const Completeness& event);
    EventLog& response_returned(const ResponseHash& body);
    /// Any other event. Requires: a JSON object in canonical form with a member `type`.
    EventLog& other(std::string_view canonical_json);

    /// The canonical array.
    [[nodiscard]] std::string text() const { return json_ + "]"; }

private:
    std::string& next();
    EventLog& body_event(std::string_view type, ByteView hash);
    std::string json_ = "[";
};

/// Everything of a receipt but its events.
struct Head {
    std::string receipt_id;              ///< `rcpt-` + 24 lowercase hex
    std::optional<std::string> chat_id;  ///< the engine's id of the answer
    std::optional<std::string> model;    ///< null when the model is unknown here
    std::string keyset_digest;           ///< `sha256:` + 64 hex
    std::string endpoint;                ///< path without query
    std::string method;
    UnixTime served_at = 0;
    std::string key_id;  ///< names the signing key in the keyset
};

/// One exchange as the gateway knows it. Absent members give no event.
struct ReceiptFields {
    std::string receipt_id;
    std::optional<std::string> chat_id;
    std::optional<std::string> model;
    std::string endpoint;
    std::string method = "POST";
    UnixTime served_at = 0;
    RequestHash request;
    std::optional<ForwardedHash> forwarded;  ///< absent: a refusal
    ResponseHash response;                   ///< of the error body for a refusal
    std::optional<ModelEvent> model_event;
    std::optional<Digest256> gpu_digest;
    std::optional<Digest256> config_sha256;
    std::optional<UpstreamEvent> upstream;
    std::vector<std::string> other_events;  ///< canonical JSON objects
    std::optional<Completeness> completeness;

    /// A cut answer has a receipt but no v1 signature: that text cannot say it (decision 11).
    [[nodiscard]] bool complete() const { return !completeness || !completeness->cut_by; }
};

/// The events in the order that this service writes (decision 12).
[[nodiscard]] EventLog events_of(const ReceiptFields& fields);

/// The canonical bytes that the receipt key signs. Requires: texts are UTF-8, times and sizes below 2^53.
[[nodiscard]] std::string unsigned_receipt(const Head& head, const EventLog& events);
/// The receipt with its signature, canonical too. `unsigned_json` comes from unsigned_receipt.
[[nodiscard]] std::string signed_receipt(std::string_view unsigned_json, ByteView signature);

inline constexpr std::string_view kReceiptIdPrefix = "rcpt-";
inline constexpr std::size_t kReceiptIdSize = 29;
/// `rcpt-` and the hex of 12 random bytes.
[[nodiscard]] std::string receipt_id(const FixedBytes<struct ReceiptIdTag, 12>& random);
/// A new id from the kernel's randomness.
[[nodiscard]] std::string new_receipt_id();
/// Exactly `rcpt-` and 24 lowercase hex digits.
[[nodiscard]] bool is_receipt_id(std::string_view text);
/// An engine's id that may go into a receipt: 1 to 128 bytes of `A-Z a-z 0-9 . _ : -` (decision 14).
[[nodiscard]] bool is_response_id(std::string_view text);

}  // namespace lumoz::receipt
