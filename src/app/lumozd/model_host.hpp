// SPDX-License-Identifier: Apache-2.0
// ModelHost: all models of the service with their engines, and changes of them while the service runs
// (docs/models.md). Main thread only; the threads of requests see the tables that it makes.
#pragma once

#include "app/lumozd/hosted_model.hpp"
#include "app/lumozd/weights_job.hpp"
#include "gateway/service.hpp"

namespace lumoz::app {

class ModelHost {
public:
    /// Makes the engines of the configured models; starts nothing. An optional model whose engine cannot be
    /// made is left out, with a line in the log. Errors of `choose_engines`.
    static Result<std::unique_ptr<ModelHost>> make(const gateway::Config& config, const Clock& clock);

    /// Begins to hash all weights.
    void begin_hashing();
    /// True when all weights are known. Optional models whose weights cannot be read are left out; another
    /// one's error is the answer.
    Result<bool> hashed();
    /// One step of all engines. At most four start at a time.
    void step();
    /// True when every model that is not optional has come up once; `E_ENGINE_START` when one will not.
    Result<bool> came_up();

    /// What the statement of evidence says: names and roots of the models in force.
    [[nodiscard]] std::vector<evidence::ModelIdentity> statement() const;
    /// Gives the service its first table and the URL backends their probes.
    void serve(gateway::Service& service, net::Loop& probe_loop);

    /// A change of the table that waits for its evidence.
    struct Change {
        std::vector<evidence::ModelIdentity> models;  ///< of the new table, for the statement
        std::vector<gateway::ModelConfig>
            configured;  ///< as the file says, for the digest of the configuration
    };
    /// What has to happen before a new table is in force: from then on receipts name its models, so the
    /// evidence of the keys must. `then`, to be called on the main thread once it does, brings the table into
    /// force.
    using OnChange = std::function<void(const Change&, std::function<void()> then)>;
    void on_change(OnChange call) { on_change_ = std::move(call); }

    /// Makes the models those of `config`: new and changed ones are hashed and started, then all change at
    /// once. Returns at once; `step` works on it. A change that is under way is given up; one that waits for
    /// its evidence comes into force first.
    void change_to(const gateway::Config& config);
    /// Ends all engines, in parallel.
    void stop();

private:
    using Models = std::vector<std::unique_ptr<HostedModel>>;
    /// A change under way.
    struct Pending {
        std::vector<gateway::ModelConfig> configured = {};  ///< of the table to come
        Models incoming = {};
        std::unique_ptr<WeightsJob> job = {};  ///< until the weights are known
        bool announced = false;                ///< waits for its evidence, and cannot be given up
    };

    ModelHost(const gateway::Config& config, const Clock& clock) : config_(config), clock_(clock) {}
    [[nodiscard]] std::string next_socket_dir(bool several);
    Status add(Models& to, const gateway::Config& config, const gateway::ModelConfig& model);
    Result<bool> take_weights(Models& models, std::unique_ptr<WeightsJob>& job);
    void step_pending();
    Result<bool> prepare_pending();
    /// The models of the table to come, in its order.
    [[nodiscard]] std::vector<HostedModel*> next_models() const;
    /// The coming table is ready: asks for its evidence.
    void announce_pending();
    /// Its evidence is in force.
    void apply_pending();
    /// `next` become the models in force; the names of those that are not any more.
    std::vector<std::string> take_over(const std::vector<HostedModel*>& next);
    void drop_pending(const Error& why);
    void step_leaving();
    void leave(std::unique_ptr<HostedModel> model);

    const gateway::Config& config_;
    const Clock& clock_;
    OnChange on_change_;
    gateway::Service* service_ = nullptr;  ///< once it serves
    net::Loop* probe_loop_ = nullptr;
    unsigned socket_dirs_ = 0;
    std::unique_ptr<WeightsJob> job_;  ///< of the start
    Models models_;                    ///< in force, in the order of the configuration
    std::optional<Pending> pending_;
    std::optional<gateway::Config> later_;  ///< what to change to when `pending_` is in force
    Models leaving_;  ///< take no requests; until their last one has ended and nobody can see them
    std::vector<std::weak_ptr<const gateway::ModelTable>> old_tables_;
};

}  // namespace lumoz::app
