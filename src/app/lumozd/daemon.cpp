// SPDX-License-Identifier: Apache-2.0
#include "app/lumozd/daemon.hpp"

#include "app/lumozd/collateral_service.hpp"
#include "app/lumozd/reload.hpp"
#include "app/lumozd/sd_notify.hpp"
#include "app/lumozd/store_choice.hpp"
#include "base/log.hpp"
#include "gateway/live_config.hpp"
#include "identity/collateral_file.hpp"

#include <csignal>
#include <ctime>

namespace lumoz::app {
namespace {

constexpr std::chrono::milliseconds kStep{100};
constexpr std::chrono::seconds kHousekeeping{1};
constexpr std::chrono::seconds kReportGrace{5};

Status stopped() {
    return fail(Errc::Closed, "E_STOPPED", "app.daemon", "stopped by a signal");
}

}  // namespace

Daemon::Daemon(gateway::Config config, std::string config_path)
    : config_(std::move(config)),
      config_path_(std::move(config_path)),
      wanted_(std::make_shared<const gateway::Config>(config_)) {}

Daemon::~Daemon() {
    // Callbacks of the store and the attestor post to the loops: those must be there until both have ended.
    if (threads_) threads_->stop();
    rotation_.reset();
    attestor_.reset();
    store_.reset();
}

Status Daemon::check() {
    LUMOZ_CHECK_OK(open_device());
    if (!config_.check_url.empty()) {
        LUMOZ_TRY(const auto tls, gateway::cloud_tls(config_));
    }
    if (config_.token_file.empty()) return {};
    LUMOZ_TRY(const gateway::TokenTable table, gateway::TokenTable::load(config_.token_file));
    log::info("tokens", {{"credentials", static_cast<std::int64_t>(table.size())}});
    return {};
}

Status Daemon::start() {
    LUMOZ_CHECK_OK(open_device());
    LUMOZ_TRY(models_, ModelHost::make(config_, clock_));
    LUMOZ_CHECK_OK(hash_models());
    LUMOZ_CHECK_OK(open_store());
    LUMOZ_CHECK_OK(open_collateral());
    LUMOZ_CHECK_OK(start_engines());
    make_service();
    LUMOZ_CHECK_OK(first_keys());
    return open_listeners();
}

Status Daemon::open_device() {
    tee::OpenOptions options;
    options.guest_agent_socket = config_.tee_socket;
    options.configfs_root = config_.tee_configfs;
    options.time_limit = config_.tee_timeout;
    LUMOZ_TRY(device_, tee::open(options));
    LUMOZ_TRY(tee::GuestInfo info, device_->info());
    device_info_ = std::move(info.info_json);
    log::info("tee", {{"kind", device_->kind()}, {"type", device_->tee_type()}});
    if (!device_->no_event_log().empty()) log::warn("no_event_log", {{"detail", device_->no_event_log()}});
    return {};
}

Status Daemon::hash_models() {
    models_->begin_hashing();
    for (;;) {
        LUMOZ_TRY(const bool known, models_->hashed());
        if (known) return {};
        const int signal = next_signal(kStep / 5);
        if (signal == SIGTERM || signal == SIGINT) return stopped();
    }
}

Status Daemon::open_store() {
    std::error_code error;
    std::filesystem::create_directories(config_.state_dir, error);
    if (error) return fail(Errc::Io, "E_STORE_IO", "app.state_dir", "cannot make " + config_.state_dir);
    LUMOZ_TRY(store_, app::open_store(config_, clock_));
    if (config_.receipts_relaxed)
        log::warn("durability_relaxed", {{"detail", "a crash can lose receipts of answers that were given"}});
    return {};
}

Status Daemon::open_collateral() {
    if (!config_.collateral_service.empty()) {
        LUMOZ_TRY(collateral_, ServiceCollateral::open(config_, clock_));
        return {};
    }
    collateral_ = std::make_unique<identity::CollateralFile>(config_.collateral_file, clock_);
    if (const Status polled = collateral_->poll(); !polled)
        log::warn("collateral_refused", {{"rule", polled.error().rule}, {"detail", polled.error().detail}});
    return {};
}

Status Daemon::start_engines() {
    for (;;) {
        models_->step();
        LUMOZ_TRY(const bool up, models_->came_up());
        if (up) return {};
        const int signal = next_signal(kStep / 2);
        if (signal == SIGTERM || signal == SIGINT) return stopped();
    }
}

void Daemon::make_service() {
    attestor_.emplace(*device_);
    service_.reset(new gateway::Service{.config = config_,
                                        .attestor = *attestor_,
                                        .collateral = *collateral_,
                                        .store = *store_,
                                        .clock = clock_,
                                        .version = LUMOZ_VERSION});
}

Status Daemon::open_credentials() {
    if (!config_.check_url.empty()) {
        LUMOZ_TRY(service_->check_tls, gateway::cloud_tls(config_));
        // Without a file there is a table all the same: one without names.
        service_->credentials.set(std::make_shared<const gateway::TokenTable>());
    }
    if (config_.token_file.empty()) return {};
    tokens_.emplace(config_.token_file);
    return load_tokens(*service_, *tokens_);
}

Status Daemon::open_listeners() {
    if (!config_.siblings.empty()) {
        LUMOZ_TRY(siblings_, gateway::Siblings::make(config_.siblings, config_.sibling_timeout));
        service_->siblings = siblings_.get();
    }
    LUMOZ_CHECK_OK(open_credentials());
    if (!gateway::authentication_on(config_))
        log::warn("authentication_off",
                  {{"detail", "no auth.token_file: anybody may ask and read receipts"}});
    LUMOZ_TRY(threads_, IoThreads::listen(*service_, front_ ? front_->face()->context : nullptr));
    models_->serve(*service_, threads_->first_loop());
    models_->on_change([this](const ModelHost::Change& change, std::function<void()> then) {
        on_models_changed(change, std::move(then));
    });
    threads_->run();
    for (const std::string& address : threads_->addresses())
        log::info("listening", {{"address", address}});
    sd_notify("READY=1");
    return {};
}

int Daemon::next_signal(std::chrono::milliseconds wait) {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1})
        sigaddset(&set, signal);
    const timespec limit{.tv_sec = wait.count() / 1'000, .tv_nsec = (wait.count() % 1'000) * 1'000'000};
    const int signal = sigtimedwait(&set, nullptr, &limit);
    return signal > 0 ? signal : 0;
}

void Daemon::keep_house() {
    models_->step();
    rotation_->step();
    show_key_state();
    const net::TimePoint now = net::Clock::now();
    if (now < next_poll_) return;
    next_poll_ = now + kHousekeeping;
    if (front_ && front_->poll() && rotation_->idle()) rotation_->ask("certificate");
    const Status before = collateral_->trouble();
    const Status polled = collateral_->poll();
    if (!polled && before) log::warn("collateral_refused", {{"rule", polled.error().rule}});
    if (tokens_) poll_tokens(*service_, *tokens_);
}

bool Daemon::serve() {
    while (true) {
        const int signal = next_signal(kStep);
        if (signal == SIGHUP) reload();
        if (signal == SIGUSR1) rotation_->ask("signal");
        if (signal == SIGTERM || signal == SIGINT) break;
        keep_house();
    }
    return drain();
}

bool Daemon::drain() {
    log::info("draining");
    sd_notify("STOPPING=1");
    service_->draining = true;
    threads_->begin_drain(wanted_->drain_timeout);
    const net::TimePoint limit = net::Clock::now() + wanted_->drain_timeout + std::chrono::seconds(15);
    while (!threads_->drained() && net::Clock::now() < limit) {
        // A second signal ends the patience.
        if (const int signal = next_signal(kStep / 2); signal == SIGTERM || signal == SIGINT) break;
        keep_house();
    }
    const bool clean = threads_->drained() && !threads_->cut_any();
    wait_for_reports();
    threads_->stop();
    models_->stop();
    log::info("stopped", {{"clean", clean}});
    return clean;
}

void Daemon::wait_for_reports() {
    const net::TimePoint limit = net::Clock::now() + kReportGrace;
    while (threads_->reports_pending() != 0 && net::Clock::now() < limit)
        if (const int signal = next_signal(kStep / 2); signal == SIGTERM || signal == SIGINT) break;
    if (const std::uint64_t left = threads_->reports_pending(); left != 0)
        log::warn("usage_not_reported",
                  {{"outcome", "shutdown"}, {"reports", static_cast<std::int64_t>(left)}});
}

}  // namespace lumoz::app
