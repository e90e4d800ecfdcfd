// SPDX-License-Identifier: Apache-2.0
#include "app/lumozd/collateral_feed.hpp"

#include "base/hex.hpp"
#include "base/log.hpp"

namespace lumoz::app {
namespace {

void log_attempt(const Result<verify::CheckedCollateral>& done) {
    if (done) {
        log::info("collateral_fetched",
                  {{"fmspc", done->fmspc}, {"valid_until", to_rfc3339(done->not_after)}});
    } else {
        log::warn("collateral_not_fetched", {{"rule", done.error().rule}, {"detail", done.error().detail}});
    }
}

}  // namespace

Result<std::unique_ptr<collateral::Feeder>> make_feeder(const gateway::Config& config, tee::Device& device,
                                                        const Clock& clock) {
    auto service = collateral::CollateralService::open(
        {.url = config.collateral_service, .ca_file = config.collateral_ca_file});
    if (!service)
        return fail(
            Errc::Usage, "E_CONFIG", "app.collateral",
            "collateral.service: " + std::string(service.error().rule) + " " + service.error().detail);
    LUMOZ_TRY(const tee::Evidence evidence, device.quote({}));
    collateral::FeederOptions options;
    LUMOZ_TRY(options.platform, collateral::platform_of(evidence.quote));
    options.edition.early = config.collateral_early;
    for (const std::string& root : config.collateral_roots) {
        LUMOZ_TRY(const Digest256 pin, fixed_from_hex<Digest256>(root));
        options.roots.also_accept(pin);
    }
    const std::filesystem::path folder = config.collateral_cache.empty()
                                             ? std::filesystem::path(config.state_dir) / "collateral"
                                             : std::filesystem::path(config.collateral_cache);
    return std::make_unique<collateral::Feeder>(*std::move(service), collateral::CollateralCache(folder),
                                                std::move(options), clock, log_attempt);
}

}  // namespace lumoz::app
