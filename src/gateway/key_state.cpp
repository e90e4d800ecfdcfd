// SPDX-License-Identifier: Apache-2.0
#include "gateway/key_state.hpp"

#include "gateway/service.hpp"

namespace lumoz::gateway {

std::string keys_warning(const Service& service) {
    const std::shared_ptr<const KeyState> state = service.key_state.get();
    if (!state || state->trouble.empty()) return {};
    const UnixTime left = service.keys.get()->identity.not_after - service.clock.now();
    return "not renewed: " + state->trouble + "; they end in " + std::to_string(left) + " s";
}

std::string tls_warning(const Service& service) {
    const std::shared_ptr<const KeyState> state = service.key_state.get();
    return state ? state->tls_warning : std::string();
}

void write_key_metrics(const Service& service, std::string& out) {
    write_metric(out, "lumoz_keyset_not_after_seconds", "gauge", "When the keys expire.",
                 static_cast<double>(service.keys.get()->identity.not_after));
    const std::shared_ptr<const KeyState> state = service.key_state.get();
    const KeyState shown = state ? *state : KeyState();
    write_metric(out, "lumoz_key_rotations_total", "counter", "New keys since the start.",
                 static_cast<double>(shown.rotations));
    write_metric(out, "lumoz_key_rotations_failed_total", "counter", "Attempts that gave no new keys.",
                 static_cast<double>(shown.failures));
    write_metric(out, "lumoz_key_lives", "gauge",
                 "Sets of keys in memory; older ones end with their requests.",
                 static_cast<double>(shown.lives));
    if (shown.chain_not_after)
        write_metric(out, "lumoz_tls_chain_not_after_seconds", "gauge",
                     "When the imported certificate in use expires.",
                     static_cast<double>(*shown.chain_not_after));
    write_metric(out, "lumoz_tls_warning", "gauge", "1 when /ready has a warning about the certificate.",
                 shown.tls_warning.empty() ? 0 : 1);
}

}  // namespace lumoz::gateway
