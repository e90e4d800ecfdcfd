// SPDX-License-Identifier: Apache-2.0
#include "app/lumozd/collateral_service.hpp"

#include "base/hex.hpp"
#include "base/log.hpp"
#include "collateral/pck_chain.hpp"

namespace lumoz::app {
namespace {

constexpr std::chrono::seconds kFirstWait{10};

Result<collateral::HttpOptions> http_options(const gateway::Config& config) {
    collateral::HttpOptions out{.ca_file = config.collateral_ca_file};
    if (!config.collateral_spki_sha256.empty()) {
        LUMOZ_TRY(out.spki_sha256, fixed_from_hex<Digest256>(config.collateral_spki_sha256));
    }
    return out;
}

Result<collateral::KeeperOptions> keeper_options(const gateway::Config& config) {
    collateral::KeeperOptions out;
    out.refresh = std::chrono::duration_cast<std::chrono::seconds>(config.collateral_refresh);
    for (const std::string& root : config.collateral_roots) {
        LUMOZ_TRY(const Digest256 pin, fixed_from_hex<Digest256>(root));
        out.roots.also_accept(pin);
    }
    return out;
}

/// After a failure the service is not asked more often than it is when all is well.
collateral::RenewerOptions renewer_options(std::chrono::seconds refresh) {
    collateral::RenewerOptions out;
    out.retry_first = std::min(out.retry_first, refresh);
    return out;
}

}  // namespace

ServiceCollateral::ServiceCollateral(std::unique_ptr<collateral::Transport> transport,
                                     collateral::Cache cache, collateral::KeeperOptions keeper,
                                     collateral::RenewerOptions renewer, collateral::DataSet set,
                                     std::function<void()> interrupt, const Clock& clock)
    : clock_(clock),
      set_(set),
      transport_(std::move(transport)),
      client_(*transport_),
      cache_(std::move(cache)),
      keeper_(&client_, &cache_, std::move(keeper)),
      renewer_(keeper_, clock, renewer, std::move(interrupt)) {}

Result<std::unique_ptr<ServiceCollateral>> ServiceCollateral::open(const gateway::Config& config,
                                                                   const Clock& clock) {
    LUMOZ_TRY(const collateral::HttpOptions http, http_options(config));
    LUMOZ_TRY(auto transport, collateral::HttpTransport::open(config.collateral_service, http));
    const std::filesystem::path folder = config.collateral_cache.empty()
                                             ? std::filesystem::path(config.state_dir) / "collateral"
                                             : std::filesystem::path(config.collateral_cache);
    LUMOZ_TRY(collateral::Cache cache, collateral::Cache::open(folder));
    LUMOZ_TRY(collateral::KeeperOptions keeper, keeper_options(config));
    collateral::DataSet set{.early = config.collateral_early};
    if (config.collateral_evaluation > 0)
        set.number = static_cast<std::uint32_t>(config.collateral_evaluation);
    collateral::HttpTransport* const http_transport = transport.get();
    const collateral::RenewerOptions renewer = renewer_options(keeper.refresh);
    return std::make_unique<ServiceCollateral>(
        std::move(transport), std::move(cache), std::move(keeper), renewer, set,
        [http_transport] { http_transport->cancel(); }, clock);
}

void ServiceCollateral::learn(ByteView quote) {
    {
        const std::scoped_lock lock(mutex_);
        if (learned_) return;
    }
    auto found = collateral::find_platform(transport_.get(), quote);
    {
        const std::scoped_lock lock(mutex_);
        if (learned_) return;
        if (!found) {
            log::error("collateral_unknown_platform",
                       {{"rule", found.error().rule}, {"where", found.error().where}});
            unknown_ = std::unexpected(found.error());
            return;
        }
        learned_ = true;
        unknown_ = {};
        pck_chain_ = std::move(found->pck_chain);
    }
    renewer_.start({.platform = found->platform, .set = set_});
    renewer_.wait_for_first(kFirstWait);
}

std::shared_ptr<const identity::StapledCollateral> ServiceCollateral::current() const {
    const auto bundle = renewer_.supplied().bundle;
    if (!bundle || clock_.now() > bundle->not_after) return nullptr;
    const std::scoped_lock lock(mutex_);
    if (stapled_from_ != bundle) {
        evidence::Collateral texts = bundle->texts;
        texts.pck_certificate_chain = pck_chain_;
        stapled_ = std::make_shared<const identity::StapledCollateral>(texts.to_json(), bundle->not_after);
        stapled_from_ = bundle;
    }
    return stapled_;
}

Status ServiceCollateral::status() const {
    const auto bundle = renewer_.supplied().bundle;
    if (!bundle) return fail(Errc::Unavailable, "E_COLLATERAL_NONE", "app.collateral");
    if (clock_.now() > bundle->not_after)
        return fail(Errc::Unavailable, "E_COLLATERAL_EXPIRED", "app.collateral",
                    "out of date since " + to_rfc3339(bundle->not_after));
    return {};
}

Status ServiceCollateral::trouble() const {
    {
        const std::scoped_lock lock(mutex_);
        if (!unknown_) return unknown_;
    }
    return renewer_.supplied().last;
}

identity::CollateralCounters ServiceCollateral::counters() const {
    const collateral::Supplied supplied = renewer_.supplied();
    return {.renewals = supplied.renewals, .failures = supplied.failures};
}

}  // namespace lumoz::app
