// SPDX-License-Identifier: Apache-2.0
// One life of the service, in the order of its start: device, keys, model, engine, evidence, listeners; and
// its end. Everything here runs on the main thread.
#pragma once

#include "app/lumozd/io_threads.hpp"
#include "app/lumozd/key_rotation.hpp"
#include "app/lumozd/model_host.hpp"
#include "app/lumozd/tls_front.hpp"
#include "gateway/key_life.hpp"
#include "gateway/token_file.hpp"
#include "store/store.hpp"

namespace lumoz::app {

class Daemon {
public:
    Daemon(gateway::Config config, std::string config_path);
    ~Daemon();
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    /// Looks at configuration and TEE only; starts nothing.
    Status check();
    /// Everything up to open listeners. Ends with `E_STOPPED` when a signal asked for it meanwhile.
    Status start();
    /// Works until SIGTERM or SIGINT, then drains. True after a clean drain.
    bool serve();

private:
    Status open_device();
    Status hash_models();
    Status open_store();
    /// A file that somebody else renews, or a service that is asked.
    Status open_collateral();
    Status start_engines();
    void make_service();
    Status first_keys();
    /// What evidence says about the service now, but for keys and configuration.
    [[nodiscard]] identity::ServiceFacts facts() const;
    /// How the next life begins: all that it says is taken now.
    Result<RotationPlan> plan_life();
    void take_life(const SharedEpoch& epoch, const SharedFace& face);
    void show_key_state();
    void reload();
    /// The token file and the service that knows further tokens.
    Status open_credentials();
    Status open_listeners();
    /// The models change while the service runs: asks for keys whose evidence says so, then lets them come.
    void on_models_changed(const ModelHost::Change& change, std::function<void()> then);
    bool drain();
    /// Reports of usage that are on their way have a moment more.
    void wait_for_reports();
    /// The next signal within `wait`, or 0.
    static int next_signal(std::chrono::milliseconds wait);
    void keep_house();

    gateway::Config config_;
    std::string config_path_;
    SystemClock clock_;
    std::shared_ptr<const gateway::Config> wanted_;  ///< for the next life: `config_` with live keys anew

    // In the order of dependence: destroyed from the last to the first, after ~Daemon has stopped the
    // threads.
    std::unique_ptr<tee::Device> device_;
    std::string device_info_ = "{}";
    std::unique_ptr<TlsFront> front_;  ///< null: no TLS listener
    std::unique_ptr<identity::CollateralSource> collateral_;
    std::unique_ptr<ModelHost> models_;
    std::optional<ModelHost::Change> coming_;  ///< models that the next life names, not yet in force
    std::unique_ptr<store::ReceiptStore> store_;
    std::optional<identity::Attestor> attestor_;
    std::unique_ptr<gateway::Siblings> siblings_;
    std::unique_ptr<gateway::Service> service_;
    std::optional<KeyRotation> rotation_;
    std::unique_ptr<IoThreads> threads_;
    std::optional<gateway::TokenFile> tokens_;  ///< absent without `auth.token_file`
    net::TimePoint next_poll_{};
};

}  // namespace lumoz::app
