// SPDX-License-Identifier: Apache-2.0
// Statements: canonical JSON texts whose SHA-256 stands in a quote's report_data. The Lumoz statement binds
// keys, models, configuration, GPU evidence, TLS key and nonce at once; the ACI statement binds keyset and
// nonce (api.md 8.2).
#pragma once

#include "base/json.hpp"
#include "crypto/ed25519.hpp"
#include "crypto/secp256k1.hpp"

namespace lumoz::evidence {

struct ModelIdentity {
    std::string name;
    std::string model_root;  ///< `sha256:` and 64 hex digits (OpenSSF Model Signing)
};

/// The canonical array of models, sorted by name: member `models` of the statement.
[[nodiscard]] std::string model_list_json(std::vector<ModelIdentity> models);

/// `{"config_sha256","gpu_digest","keyset_digest","models","nonce","purpose":"lumoz.report.v1","spki_sha256","v1_keys"}`.
struct LumozStatement {
    Digest256 config_sha256;
    std::optional<Digest256> gpu_digest;
    std::string keyset_digest;  ///< `sha256:` and 64 hex digits
    std::vector<ModelIdentity> models;
    std::optional<Nonce> nonce;
    std::optional<Digest256> spki_sha256;
    crypto::Secp256k1Public v1_ecdsa;  ///< written with the prefix 04
    crypto::Ed25519Public v1_ed25519;

    /// The canonical text. Models are sorted by name.
    [[nodiscard]] std::string text() const;
    /// Reads exactly that form: members as listed, no others, and the text must be its own canonical form.
    /// `E_STATEMENT`.
    static Result<LumozStatement> parse(std::string_view text);
};

/// `{"keyset_digest":"sha256:…","nonce":…,"purpose":"aci.report_data.v1"}`; the nonce is lowercase hex or
/// absent (null).
[[nodiscard]] std::string aci_statement(std::string_view keyset_digest, const std::optional<Nonce>& nonce);

/// True for `sha256:` followed by 64 lowercase hex digits.
[[nodiscard]] bool is_sha256_text(std::string_view text);
[[nodiscard]] std::string sha256_text(const Digest256& digest);

}  // namespace lumoz::evidence
