// SPDX-License-Identifier: Apache-2.0
// HostedModel: one model with its engines, from its first start to its end. Main thread only.
#pragma once

#include "app/lumozd/engine_choice.hpp"
#include "gateway/models.hpp"

namespace lumoz::app {

class HostedModel {
public:
    /// Makes the engines; starts nothing. Errors of `choose_engines`.
    static Result<std::unique_ptr<HostedModel>> make(const gateway::Config& shared,
                                                     gateway::ModelConfig model, std::string socket_dir);

    [[nodiscard]] const gateway::ModelConfig& config() const { return config_; }
    [[nodiscard]] const std::string& name() const { return config_.model_name; }
    void set_weights(receipt::ModelEvent event) { weights_ = std::move(event); }
    /// `now`: what `/v1/models` says as its time.
    void set_loaded(UnixTime now) { loaded_at_ = now; }

    /// Where this model stands in a table. Valid as long as this lives.
    [[nodiscard]] gateway::Model entry() const;

    /// Probes of URL backends, on this loop.
    void start_probing(net::Loop& loop);
    /// Whether it is known of each URL backend if it is up.
    [[nodiscard]] bool probed() const;
    /// One step of the supervisor; the first one starts the engine.
    void step();
    [[nodiscard]] bool begun() const { return begun_.has_value(); }
    /// Whether an engine was started that has not been ready yet, and has not failed yet.
    [[nodiscard]] bool coming_up() const;
    /// False for an engine of ours that was never ready. Backends by URL are others' business: true.
    [[nodiscard]] bool came_up() const { return !engines_.supervised || was_ready_; }
    /// Why it will not come up: it died too often, or it takes too long.
    [[nodiscard]] Status trouble() const;
    [[nodiscard]] pid_t pid() const { return engines_.supervised ? engines_.supervised->pid() : 0; }

    /// No request is taken from here on.
    void retire() { use_->retire(); }
    /// Once per step after `retire`: stops the engines when the last request has ended. True when everything
    /// of it has stopped.
    [[nodiscard]] bool wind_down();
    /// Asks a supervised engine to end, requests or not.
    void begin_stop();
    /// Waits for that.
    void stop();

private:
    HostedModel(gateway::ModelConfig config, ModelEngines engines)
        : config_(std::move(config)), engines_(std::move(engines)) {}

    gateway::ModelConfig config_;
    ModelEngines engines_;
    std::optional<receipt::ModelEvent> weights_;
    std::shared_ptr<gateway::ModelUse> use_ = std::make_shared<gateway::ModelUse>();
    UnixTime loaded_at_ = 0;
    std::optional<net::TimePoint> begun_;
    bool was_ready_ = false;
    bool winding_down_ = false;
};

}  // namespace lumoz::app
