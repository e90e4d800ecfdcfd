// SPDX-License-Identifier: Apache-2.0
// The collateral of this machine from a service (`[collateral] service`), kept fresh by a thread of its own.
#pragma once

#include "collateral/renewer.hpp"
#include "gateway/config.hpp"
#include "identity/collateral_source.hpp"

namespace lumoz::app {

/// Stapled while every document in it is valid, and not a second longer.
class ServiceCollateral final : public identity::CollateralSource {
public:
    /// `E_COLLATERAL_URL`, `E_TLS_CA`, `E_COLLATERAL_CACHE`. `clock` must outlive it.
    static Result<std::unique_ptr<ServiceCollateral>> open(const gateway::Config& config, const Clock& clock);
    /// For tests and `open`: with a transport of the caller's.
    ServiceCollateral(std::unique_ptr<collateral::Transport> transport, collateral::Cache cache,
                      collateral::KeeperOptions keeper, collateral::RenewerOptions renewer,
                      collateral::DataSet set, std::function<void()> interrupt, const Clock& clock);

    /// The first quote decides; then waits up to ten seconds for the documents.
    void learn(ByteView quote) override;
    /// Nothing to do: the thread looks after it.
    Status poll() override { return {}; }
    [[nodiscard]] std::shared_ptr<const identity::StapledCollateral> current() const override;
    /// `E_COLLATERAL_NONE` when there never was any, `E_COLLATERAL_EXPIRED`.
    [[nodiscard]] Status status() const override;
    [[nodiscard]] Status trouble() const override;
    [[nodiscard]] identity::CollateralCounters counters() const override;

private:
    const Clock& clock_;
    collateral::DataSet set_;
    // In the order of dependence.
    std::unique_ptr<collateral::Transport> transport_;
    collateral::Client client_;
    collateral::Cache cache_;
    collateral::Keeper keeper_;
    collateral::Renewer renewer_;
    mutable std::mutex mutex_;
    bool learned_ = false;
    std::string pck_chain_;  ///< of a quote that has none; empty otherwise
    Status unknown_;         ///< why the quote did not tell whose collateral is wanted
    mutable std::shared_ptr<const collateral::Bundle> stapled_from_;
    mutable std::shared_ptr<const identity::StapledCollateral> stapled_;
};

}  // namespace lumoz::app
