// SPDX-License-Identifier: Apache-2.0
#include "identity/config_digest.hpp"

#include "base/json.hpp"
#include "crypto/sha2.hpp"

namespace lumoz::identity {

Result<Digest256> config_sha256(std::string_view effective_json) {
    const auto document = json::Document::parse(effective_json);
    if (!document) {
        return fail(Errc::Malformed, "E_CONFIG_JSON", "identity.config.json", document.error().detail);
    }
    if (!document->root().is_object()) {
        return fail(Errc::Malformed, "E_CONFIG_JSON", "identity.config.json", "not an object");
    }
    return crypto::sha256(as_bytes(json::canonical(document->root())));
}

}  // namespace lumoz::identity
