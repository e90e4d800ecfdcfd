// SPDX-License-Identifier: Apache-2.0
#include "evidence/keyset.hpp"

#include "crypto/sha2.hpp"
#include "evidence/schema.hpp"
#include "evidence/statement.hpp"

namespace lumoz::evidence {

namespace {

constexpr std::size_t kMostKeys = 256;
const Schema kSchema(Errc::Refused, "E_KEYSET", "keyset.members");

Result<std::vector<KeysetKey>> read_keys(const json::Value& root, std::string_view name) {
    LUMOZ_TRY(const std::vector<json::Value> list, kSchema.array(root, name));
    if (list.size() > kMostKeys) return kSchema.bad(name, "too many keys");
    std::vector<KeysetKey> out;
    for (const json::Value& value : list) {
        if (!value.is_object()) return kSchema.bad(name, "not an object");
        KeysetKey key;
        LUMOZ_TRY(key.key_id, kSchema.text(value, "key_id"));
        LUMOZ_TRY(key.algo, kSchema.text(value, "algo"));
        LUMOZ_TRY(key.public_key, kSchema.text(value, "public_key"));
        if (key.algo == "ed25519" && !fixed_from_hex<crypto::Ed25519Public>(key.public_key))
            return kSchema.bad(name, "an ed25519 key is not 32 bytes of hex");
        for (const KeysetKey& earlier : out)
            if (earlier.key_id == key.key_id) return kSchema.bad(name, "one key_id twice");
        out.push_back(std::move(key));
    }
    return out;
}

void write_keys(json::Writer& out, std::string_view name, const std::vector<KeysetKey>& keys) {
    out.key(name).array();
    for (const KeysetKey& key : keys) {
        out.object();
        out.key("algo").string(key.algo);
        out.key("key_id").string(key.key_id);
        out.key("public_key").string(key.public_key);
        out.end();
    }
    out.end();
}

}  // namespace

Result<Keyset> Keyset::from(const json::Value& root) {
    if (!root.is_object()) return kSchema.bad("keyset", "not an object");
    Keyset out;
    LUMOZ_TRY(const json::Value subject, kSchema.member(root, "subject"));
    if (!subject.is_null()) {
        LUMOZ_TRY(out.subject, kSchema.text(root, "subject"));
    }
    LUMOZ_TRY(out.not_after, kSchema.integer(root, "not_after", (std::int64_t{1} << 53) - 1));
    LUMOZ_TRY(out.receipt_signing_keys, read_keys(root, "receipt_signing_keys"));
    LUMOZ_TRY(out.e2ee_public_keys, read_keys(root, "e2ee_public_keys"));
    LUMOZ_TRY(const std::vector<json::Value> tls, kSchema.array(root, "tls_public_keys"));
    if (tls.size() > kMostKeys) return kSchema.bad("tls_public_keys", "too many keys");
    for (const json::Value& value : tls) {
        if (!value.is_object()) return kSchema.bad("tls_public_keys", "not an object");
        KeysetTlsKey key;
        LUMOZ_TRY(key.spki_sha256, kSchema.hex<Digest256>(value, "spki_sha256"));
        LUMOZ_TRY(key.domain, kSchema.optional_text(value, "domain"));
        out.tls_public_keys.push_back(std::move(key));
    }
    out.parsed_canonical_ = json::canonical(root);
    return out;
}

Result<Keyset> Keyset::parse(std::string_view text) {
    const auto document = json::Document::parse(text);
    if (!document) return fail(Errc::Refused, "E_KEYSET", "keyset.json", document.error().detail);
    return from(document->root());
}

std::string Keyset::canonical() const {
    if (!parsed_canonical_.empty()) return parsed_canonical_;
    // Member names are written in the order of RFC 8785.
    json::Writer out;
    out.object();
    write_keys(out, "e2ee_public_keys", e2ee_public_keys);
    out.key("not_after").integer(not_after);
    write_keys(out, "receipt_signing_keys", receipt_signing_keys);
    out.key("subject");
    if (subject) {
        out.string(*subject);
    } else {
        out.null();
    }
    out.key("tls_public_keys").array();
    for (const KeysetTlsKey& key : tls_public_keys) {
        out.object();
        if (key.domain) out.key("domain").string(*key.domain);
        out.key("spki_sha256").string(to_hex(key.spki_sha256.view()));
        out.end();
    }
    out.end();
    out.end();
    return std::move(out).text();
}

std::string Keyset::digest() const {
    return sha256_text(crypto::sha256(as_bytes(canonical())));
}

std::optional<crypto::Ed25519Public> Keyset::receipt_key(std::string_view key_id) const {
    for (const KeysetKey& key : receipt_signing_keys) {
        if (key.key_id != key_id || key.algo != "ed25519") continue;
        if (const auto raw = fixed_from_hex<crypto::Ed25519Public>(key.public_key)) return *raw;
    }
    return std::nullopt;
}

}  // namespace lumoz::evidence
