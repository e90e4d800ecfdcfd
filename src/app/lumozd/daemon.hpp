// SPDX-License-Identifier: Apache-2.0
// One life of the service, in the order of its start: device, keys, model, engine, evidence, listeners; and
// its end. Everything here runs on the main thread.
#pragma once

#include "app/lumozd/engine_choice.hpp"
#include "app/lumozd/io_threads.hpp"
#include "gateway/token_file.hpp"
#include "identity/service_keys.hpp"
#include "store/sqlite_store.hpp"

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
    Status hash_model();
    Status make_keys();
    Status open_store();
    /// A file that somebody else renews, or a service that is asked.
    Status open_collateral();
    Status start_engine();
    Status store_evidence();
    Status open_listeners();
    bool drain();
    /// Reports of usage that are on their way have a moment more.
    void wait_for_reports();
    /// The next signal within `wait`, or 0.
    static int next_signal(std::chrono::milliseconds wait);
    void keep_house();

    gateway::Config config_;
    std::string config_path_;
    SystemClock clock_;
    Digest256 config_sha256_;

    // In the order of dependence: destroyed from the last to the first, after ~Daemon has stopped the
    // threads.
    std::unique_ptr<tee::Device> device_;
    std::string device_info_ = "{}";
    std::optional<identity::ServiceKeys> keys_;
    std::optional<receipt::ModelEvent> model_;
    std::optional<identity::PublicIdentity> identity_;
    std::shared_ptr<const net::TlsContext> tls_;
    std::optional<receipt::Signer> signer_;
    std::unique_ptr<identity::CollateralSource> collateral_;
    ChosenEngine engine_;
    std::unique_ptr<store::SqliteStore> store_;
    std::optional<identity::Attestor> attestor_;
    std::optional<identity::Reports> reports_;
    std::unique_ptr<gateway::Service> service_;
    std::unique_ptr<IoThreads> threads_;
    std::optional<gateway::TokenFile> tokens_;  ///< absent without `auth.token_file`
    net::TimePoint next_poll_{};
};

}  // namespace lumoz::app
