// SPDX-License-Identifier: Apache-2.0
#include "evidence/statement.hpp"

#include "evidence/schema.hpp"

namespace lumoz::evidence {

namespace {

constexpr std::string_view kPurpose = "lumoz.report.v1";
constexpr std::size_t kMembers = 8;
constexpr std::size_t kMostModels = 256;
const Schema kSchema(Errc::Refused, "E_STATEMENT", "statement.members");

template <class Fixed>
void write_hex(json::Writer& out, std::string_view name, const std::optional<Fixed>& value) {
    out.key(name);
    if (value) {
        out.string(to_hex(value->view()));
    } else {
        out.null();
    }
}

template <class Fixed>
Result<std::optional<Fixed>> read_hex(const json::Value& root, std::string_view name) {
    LUMOZ_TRY(const json::Value value, kSchema.member(root, name));
    if (value.is_null()) return std::optional<Fixed>();
    LUMOZ_TRY(const Fixed read, kSchema.hex<Fixed>(root, name));
    return std::optional<Fixed>(read);
}

Result<std::vector<ModelIdentity>> read_models(const json::Value& root) {
    LUMOZ_TRY(const std::vector<json::Value> list, kSchema.array(root, "models"));
    if (list.size() > kMostModels) return kSchema.bad("models", "too many");
    std::vector<ModelIdentity> out;
    for (const json::Value& value : list) {
        if (value.size() != 2) return kSchema.bad("models", "not {model_root, name}");
        ModelIdentity model;
        LUMOZ_TRY(model.name, kSchema.text(value, "name"));
        LUMOZ_TRY(model.model_root, kSchema.text(value, "model_root"));
        if (!is_sha256_text(model.model_root))
            return kSchema.bad("model_root", "not sha256: and 64 hex digits");
        if (!out.empty() && out.back().name >= model.name) return kSchema.bad("models", "not sorted by name");
        out.push_back(std::move(model));
    }
    return out;
}

Status read_v1_keys(const json::Value& root, LumozStatement& out) {
    using Prefixed = FixedBytes<struct PrefixedPointTag, 65>;
    LUMOZ_TRY(const json::Value keys, kSchema.object(root, "v1_keys"));
    if (keys.size() != 2) return kSchema.bad("v1_keys", "not {ecdsa, ed25519}");
    LUMOZ_TRY(const Prefixed point, kSchema.hex<Prefixed>(keys, "ecdsa"));
    if (point.bytes[0] != 0x04) return kSchema.bad("ecdsa", "not an uncompressed point");
    out.v1_ecdsa = fixed_prefix<crypto::Secp256k1Public>(point.view().subspan(1));
    LUMOZ_TRY(out.v1_ed25519, kSchema.hex<crypto::Ed25519Public>(keys, "ed25519"));
    return {};
}

Result<LumozStatement> read(const json::Value& root) {
    if (root.size() != kMembers) return kSchema.bad("statement", "not the eight members");
    LumozStatement out;
    LUMOZ_TRY(const std::string purpose, kSchema.text(root, "purpose"));
    if (purpose != kPurpose) return kSchema.bad("purpose", "another");
    LUMOZ_TRY(out.config_sha256, kSchema.hex<Digest256>(root, "config_sha256"));
    LUMOZ_TRY(out.gpu_digest, read_hex<Digest256>(root, "gpu_digest"));
    LUMOZ_TRY(out.keyset_digest, kSchema.text(root, "keyset_digest"));
    if (!is_sha256_text(out.keyset_digest))
        return kSchema.bad("keyset_digest", "not sha256: and 64 hex digits");
    LUMOZ_TRY(out.models, read_models(root));
    LUMOZ_TRY(out.nonce, read_hex<Nonce>(root, "nonce"));
    LUMOZ_TRY(out.spki_sha256, read_hex<Digest256>(root, "spki_sha256"));
    LUMOZ_CHECK_OK(read_v1_keys(root, out));
    return out;
}

}  // namespace

std::string model_list_json(std::vector<ModelIdentity> models) {
    std::ranges::sort(models, {}, &ModelIdentity::name);
    json::Writer out;
    out.array();
    for (const ModelIdentity& model : models) {
        out.object();
        out.key("model_root").string(model.model_root);
        out.key("name").string(model.name);
        out.end();
    }
    out.end();
    return std::move(out).text();
}

std::string LumozStatement::text() const {
    json::Writer out;
    out.object();
    out.key("config_sha256").string(to_hex(config_sha256.view()));
    write_hex(out, "gpu_digest", gpu_digest);
    out.key("keyset_digest").string(keyset_digest);
    out.key("models").raw(model_list_json(models));
    write_hex(out, "nonce", nonce);
    out.key("purpose").string(kPurpose);
    write_hex(out, "spki_sha256", spki_sha256);
    out.key("v1_keys").object();
    out.key("ecdsa").string("04" + to_hex(v1_ecdsa.view()));
    out.key("ed25519").string(to_hex(v1_ed25519.view()));
    out.end();
    out.end();
    return std::move(out).text();
}

Result<LumozStatement> LumozStatement::parse(std::string_view text) {
    const auto document = json::Document::parse(text);
    if (!document) return fail(Errc::Refused, "E_STATEMENT", "statement.json", document.error().detail);
    LUMOZ_TRY(LumozStatement out, read(document->root()));
    // Hex case, member order, white space: there is one text per statement.
    if (out.text() != text) return kSchema.bad("statement", "not in canonical form");
    return out;
}

std::string aci_statement(std::string_view keyset_digest, const std::optional<Nonce>& nonce) {
    json::Writer out;
    out.object();
    out.key("keyset_digest").string(keyset_digest);
    write_hex(out, "nonce", nonce);
    out.key("purpose").string("aci.report_data.v1");
    out.end();
    return std::move(out).text();
}

bool is_sha256_text(std::string_view text) {
    constexpr std::string_view kPrefix = "sha256:";
    return text.size() == kPrefix.size() + 64 && text.starts_with(kPrefix) &&
           is_lower_hex(text.substr(kPrefix.size()));
}

std::string sha256_text(const Digest256& digest) {
    std::string out = "sha256:";
    append_hex(out, digest.view());
    return out;
}

}  // namespace lumoz::evidence
