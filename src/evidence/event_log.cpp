// SPDX-License-Identifier: Apache-2.0
#include "evidence/event_log.hpp"

#include "crypto/sha2.hpp"
#include "evidence/schema.hpp"

namespace lumoz::evidence {

namespace {

constexpr json::Limits kLogLimits{.max_bytes = std::size_t{8} << 20, .max_depth = 16};
constexpr std::size_t kMostEvents = 16384;
constexpr unsigned kRuntimeImr = 3;
constexpr std::string_view kApplicationMeasured = "boot-mr-done";
constexpr std::string_view kSystemReady = "system-ready";

/// Names of boot events, and the event that ends the phase of each.
struct BootName {
    std::string_view name;
    std::string_view end;
};
constexpr BootName kBootNames[] = {
    {"system-preparing", kApplicationMeasured},
    {"app-id", kApplicationMeasured},
    {"compose-hash", kApplicationMeasured},
    {"init-script-hash", kApplicationMeasured},
    {"gpu-policy-hash", kApplicationMeasured},
    {"gpu-attestation", kApplicationMeasured},
    {"instance-id", kApplicationMeasured},
    {kApplicationMeasured, kApplicationMeasured},
    {"os-image-hash", kSystemReady},
    {"key-provider", kSystemReady},
    {"storage-fs", kSystemReady},
    {kSystemReady, kSystemReady},
};
const Schema kSchema(Errc::Malformed, "E_EVENTLOG_PARSE", "event_log.schema");

/// Optional hex text; nothing when absent, null or empty.
Result<std::optional<Bytes>> optional_hex(const json::Value& event, std::string_view name) {
    LUMOZ_TRY(const std::optional<std::string> text, kSchema.optional_text(event, name));
    if (!text || text->empty()) return std::optional<Bytes>();
    auto raw = from_hex(*text);
    if (!raw) return kSchema.bad(name, "not hex");
    return std::optional<Bytes>(std::move(*raw));
}

/// The log can be read, and is false: refused, not malformed.
std::unexpected<Error> wrong_digest(std::string_view where) {
    return fail(Errc::Refused, "E_EVENT_DIGEST", where, "the digest is not that of the content");
}

std::unexpected<Error> wrong_index(std::string_view why) {
    return fail(Errc::Malformed, "E_EVENTLOG_INDEX", "event_log.imr", std::string(why));
}

/// Fills in the digest of a runtime event, checking what the log says about it.
Status runtime_digest(const json::Value& value, const std::optional<Digest384>& stated, Event& event) {
    int version = 1;
    if (const auto member = value.find("version"); member && !member->is_null()) {
        const auto number = member->as_int();
        if (!number || (*number != 1 && *number != 2)) return kSchema.bad("version", "not 1 or 2");
        version = static_cast<int>(*number);
    }
    LUMOZ_TRY(const std::optional<Bytes> preimage, optional_hex(value, "preimage"));
    event.digest = runtime_event_digest(event.name, event.payload, version);
    if (preimage && !equal(*preimage, as_bytes(runtime_event_preimage(event.name, event.payload))))
        return wrong_digest("event_log.preimage");
    if (stated && *stated != event.digest) return wrong_digest("event_log.digest");
    return {};
}

Result<Event> read_event(const json::Value& value) {
    if (!value.is_object()) return kSchema.bad("event", "not an object");
    Event event;
    LUMOZ_TRY(const json::Value imr, kSchema.member(value, "imr"));
    const auto number = imr.as_int();
    if (!number) return kSchema.bad("imr", "not an integer");
    if (*number < 0 || *number > 3) return wrong_index("imr is not 0 to 3");
    event.imr = static_cast<unsigned>(*number);
    LUMOZ_TRY(const std::int64_t type, kSchema.integer(value, "event_type", 0xffffffff));
    event.type = static_cast<std::uint32_t>(type);
    LUMOZ_TRY(event.name, kSchema.text(value, "event"));
    LUMOZ_TRY(std::optional<Bytes> payload, optional_hex(value, "event_payload"));
    if (payload) event.payload = std::move(*payload);
    LUMOZ_TRY(const std::optional<Bytes> raw, optional_hex(value, "digest"));
    std::optional<Digest384> stated;
    if (raw) {
        const auto digest = Digest384::from(*raw);
        if (!digest) return kSchema.bad("digest", "not 48 bytes");
        stated = *digest;
    }
    if (event.runtime() && event.imr != kRuntimeImr) return wrong_index("a runtime event outside imr 3");
    if (!event.runtime() && event.imr == kRuntimeImr) return wrong_index("imr 3 holds runtime events only");
    if (event.runtime()) {
        LUMOZ_CHECK_OK(runtime_digest(value, stated, event));
    } else {
        if (!stated)
            return fail(Errc::Refused, "E_EVENT_DIGEST", "event_log.boot_digest", "a boot event without one");
        event.digest = *stated;
    }
    return event;
}

}  // namespace

bool BootPhases::counts(std::string_view name) {
    const auto* known = std::ranges::find(kBootNames, name, &BootName::name);
    if (known == std::end(kBootNames)) return true;
    const auto seen = [this](std::string_view what) {
        return std::ranges::find(ended_, what) != ended_.end();
    };
    const bool first = !seen(known->name);
    const bool in_time = !seen(kSystemReady) && !seen(known->end);
    if (first) ended_.push_back(known->name);
    return first && in_time;
}

std::string_view BootPhases::end_of(std::string_view name) {
    const auto* known = std::ranges::find(kBootNames, name, &BootName::name);
    return known == std::end(kBootNames) ? kSystemReady : known->end;
}

const Event* EventLog::boot_event(std::string_view name) const {
    const std::string_view end = BootPhases::end_of(name);
    for (const Event& event : events) {
        if (!event.runtime()) continue;
        if (event.name == name) return &event;
        if (event.name == end || event.name == kSystemReady) return nullptr;
    }
    return nullptr;
}

std::string runtime_event_preimage(std::string_view name, ByteView payload) {
    std::string out = R"({"name":)";
    json::append_quoted(out, name);
    out += R"(,"payload":")";
    append_hex(out, payload);
    out += R"(","type":134217729})";
    return out;
}

Digest384 runtime_event_digest(std::string_view name, ByteView payload, int version) {
    if (version == 2) return crypto::sha384(as_bytes(runtime_event_preimage(name, payload)));
    Bytes text = {0x01, 0x00, 0x00, 0x08, ':'};
    append(text, as_bytes(name));
    text.push_back(':');
    append(text, payload);
    return crypto::sha384(text);
}

Digest384 extend(const Digest384& rtmr, const Digest384& digest) {
    Bytes text = to_bytes(rtmr.view());
    append(text, digest.view());
    return crypto::sha384(text);
}

namespace {

/// The error with the place of its event.
std::unexpected<Error> at(const json::Value& event, std::size_t index, Error error) {
    error.detail =
        "offset " + std::to_string(event.offset()) + ": event " + std::to_string(index) + ": " + error.detail;
    return std::unexpected(std::move(error));
}

}  // namespace

Result<EventLog> parse_event_list(const json::Value& array) {
    if (!array.is_array()) return kSchema.bad("log", "not an array");
    if (array.size() > kMostEvents) return kSchema.bad("log", "too many events");
    EventLog log;
    for (const json::Value& value : array.elements()) {
        auto read = read_event(value);
        if (!read) return at(value, log.events.size(), std::move(read).error());
        Event event = *std::move(read);
        log.rtmr[event.imr] = extend(log.rtmr[event.imr], event.digest);
        ++log.extends[event.imr];
        log.events.push_back(std::move(event));
    }
    return log;
}

Result<EventLog> parse_event_list(std::string_view text) {
    const auto document = json::Document::parse(text, kLogLimits);
    if (!document)
        return fail(Errc::Malformed, "E_EVENTLOG_PARSE", "event_log.json", document.error().detail);
    return parse_event_list(document->root());
}

std::string to_json(std::span<const Event> events) {
    json::Writer out;
    out.array();
    for (const Event& event : events) {
        out.object();
        out.key("imr").integer(event.imr);
        out.key("event_type").integer(event.type);
        out.key("digest").string(to_hex(event.digest.view()));
        out.key("event").string(event.name);
        out.key("event_payload").string(to_hex(event.payload));
        out.end();
    }
    out.end();
    return std::move(out).text();
}

std::vector<unsigned> rtmr_mismatches(const Rtmrs& replay, const Quote& quote) {
    std::vector<unsigned> out;
    for (unsigned i = 0; i < 4; ++i)
        if (replay[i] != quote.rtmr(i)) out.push_back(i);
    return out;
}

}  // namespace lumoz::evidence
