// SPDX-License-Identifier: Apache-2.0
#include "app/cli/trust.hpp"

#include "app/output/files.hpp"
#include "base/hex.hpp"

namespace lumoz::app {

Result<Trust> read_trust(const TrustOptions& options, const Clock& clock) {
    Trust trust;
    if (!options.policy_file.empty()) {
        LUMOZ_TRY(const std::string text, read_text(options.policy_file));
        auto policy = verify::Policy::parse(text);
        if (!policy) {
            return fail(Errc::Usage, policy.error().rule, "cli.policy",
                        options.policy_file + ": " + policy.error().detail);
        }
        trust.policy = *std::move(policy);
    }
    for (const std::string& spki : options.root_spkis) {
        const auto pin = fixed_from_hex<Digest256>(spki);
        if (!pin) {
            return fail(Errc::Usage, "E_ROOT_SPKI", "cli.root_spki",
                        "--root-spki wants 64 hex digits: the SHA-256 of the root's SubjectPublicKeyInfo");
        }
        trust.roots.also_accept(*pin);
    }
    trust.now = clock.now();
    if (!options.at.empty()) {
        const auto time = parse_rfc3339(options.at);
        if (!time) {
            return fail(Errc::Usage, "E_TIME", "cli.at",
                        "--at wants a time like 2026-01-15T00:00:00Z: " + time.error().detail);
        }
        trust.now = *time;
        trust.at_given = true;
    }
    return trust;
}

}  // namespace lumoz::app
