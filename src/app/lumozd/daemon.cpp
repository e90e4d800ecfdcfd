// SPDX-License-Identifier: Apache-2.0
#include "app/lumozd/daemon.hpp"

#include "app/lumozd/collateral_service.hpp"
#include "app/lumozd/reload.hpp"
#include "app/lumozd/sd_notify.hpp"
#include "base/log.hpp"
#include "engine/model_identity.hpp"
#include "evidence/statement.hpp"
#include "identity/collateral_file.hpp"
#include "identity/config_digest.hpp"

#include <csignal>
#include <ctime>

namespace lumoz::app {
namespace {

constexpr std::chrono::milliseconds kStep{100};
constexpr std::chrono::seconds kHousekeeping{1};
constexpr std::chrono::seconds kReportGrace{5};
constexpr UnixTime kClockSkew = 300;
/// An engine that dies this often before it answered once will not come up.
constexpr unsigned kStartAttempts = 3;

Status stopped() {
    return fail(Errc::Closed, "E_STOPPED", "app.daemon", "stopped by a signal");
}

std::optional<std::string> first_domain(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        const bool address =
            name.find(':') != std::string::npos || name.find_first_not_of("0123456789.") == std::string::npos;
        if (!address) return name;
    }
    return std::nullopt;
}

void log_progress(std::uint64_t done, std::uint64_t all) {
    log::info("model_hash",
              {{"done", static_cast<std::int64_t>(done)}, {"of", static_cast<std::int64_t>(all)}});
}

/// Calls `log_progress` at most once a second.
std::function<void(std::uint64_t, std::uint64_t)> slow_progress() {
    return [last = std::chrono::steady_clock::now()](std::uint64_t done, std::uint64_t all) mutable {
        const auto now = std::chrono::steady_clock::now();
        if (now - last < std::chrono::seconds(1)) return;
        last = now;
        log_progress(done, all);
    };
}

}  // namespace

Daemon::Daemon(gateway::Config config, std::string config_path)
    : config_(std::move(config)), config_path_(std::move(config_path)) {}

Daemon::~Daemon() {
    // Callbacks of the store and the attestor post to the loops: those must be there until both have ended.
    if (threads_) threads_->stop();
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
    LUMOZ_TRY(config_sha256_, identity::config_sha256(gateway::effective_config_json(config_)));
    LUMOZ_CHECK_OK(open_device());
    LUMOZ_TRY(engine_, choose_engine(config_));
    LUMOZ_CHECK_OK(hash_model());
    LUMOZ_CHECK_OK(make_keys());
    LUMOZ_CHECK_OK(open_store());
    LUMOZ_CHECK_OK(open_collateral());
    LUMOZ_CHECK_OK(start_engine());
    LUMOZ_CHECK_OK(store_evidence());
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

Status Daemon::hash_model() {
    if (config_.model_path.empty()) {
        log::warn("model_unknown",
                  {{"detail", "model.path is empty: evidence and receipts name no weights"}});
        return {};
    }
    engine::ModelRootOptions options;
    options.progress = slow_progress();
    LUMOZ_TRY(const engine::ModelIdentity identity, engine::model_identity(config_.model_path, options));
    model_ = receipt::ModelEvent{.model_root = identity.root, .method = identity.method, .publisher_key = {}};
    log::info("model",
              {{"root", identity.model_root()}, {"bytes", static_cast<std::int64_t>(identity.bytes)}});
    return {};
}

Status Daemon::make_keys() {
    LUMOZ_TRY(identity::ServiceKeys keys, identity::ServiceKeys::generate(clock_));
    keys_.emplace(std::move(keys));
    identity::ServiceFacts facts;
    facts.config_sha256 = config_sha256_;
    if (model_) facts.models.push_back({config_.model_name, evidence::sha256_text(model_->model_root)});
    if (!config_.tls_listen.empty()) {
        const UnixTime born = keys_->born_at;
        facts.tls = true;
        facts.tls_domain = first_domain(config_.tls_names);
        facts.tls_certificate_pem = net::make_self_signed(
            keys_->tls_p256, config_.tls_names, born - kClockSkew, born + identity::kKeysetLifetime);
        std::string pem = keys_->tls_p256.private_pem_for_tls();
        Result<net::TlsContext> context = net::TlsContext::server(pem, facts.tls_certificate_pem);
        wipe(std::span(reinterpret_cast<std::uint8_t*>(pem.data()), pem.size()));
        if (!context) return std::unexpected(context.error());
        tls_ = std::make_shared<const net::TlsContext>(std::move(*context));
    }
    identity_ = identity::describe(*keys_, std::move(facts));
    signer_.emplace(receipt::SigningKeys{.v1_ecdsa = keys_->v1_secp256k1,
                                         .v1_ed25519 = keys_->v1_ed25519,
                                         .aci_receipt = keys_->aci_receipt_ed25519},
                    std::string(identity::kReceiptKeyId), identity_->keyset_digest);
    log::info("keys", {{"keyset_digest", identity_->keyset_digest}, {"not_after", identity_->not_after}});
    return {};
}

Status Daemon::open_store() {
    store::SqliteOptions options;
    options.directory = std::filesystem::path(config_.state_dir) / "receipts";
    options.durability = config_.receipts_relaxed ? store::Durability::Relaxed : store::Durability::Full;
    options.max_age = std::chrono::duration_cast<std::chrono::seconds>(config_.receipts_max_age);
    options.max_bytes = static_cast<std::uint64_t>(config_.receipts_max_bytes);
    options.min_free_bytes = static_cast<std::uint64_t>(config_.receipts_min_free_bytes);
    options.ballast_bytes = static_cast<std::uint64_t>(config_.receipts_ballast_bytes);
    std::error_code error;
    std::filesystem::create_directories(config_.state_dir, error);
    if (error) return fail(Errc::Io, "E_STORE_IO", "app.state_dir", "cannot make " + config_.state_dir);
    LUMOZ_TRY(store_, store::SqliteStore::open(options, clock_));
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

Status Daemon::start_engine() {
    if (!engine_.supervised) return {};
    const net::TimePoint limit = net::Clock::now() + config_.engine_start_timeout;
    while (!engine_.supervised->ready()) {
        engine_.supervised->step();
        if (net::Clock::now() > limit)
            return fail(Errc::Timeout, "E_ENGINE_START", "app.engine", "the engine did not answer in time");
        if (engine_.supervised->restarts() >= kStartAttempts)
            return fail(Errc::Unavailable, "E_ENGINE_START", "app.engine",
                        "the engine ended " + std::to_string(kStartAttempts) + " times while it started");
        const int signal = next_signal(kStep / 2);
        if (signal == SIGTERM || signal == SIGINT) return stopped();
    }
    log::info("engine",
              {{"kind", engine_.supervised->kind()}, {"pid", std::int64_t{engine_.supervised->pid()}}});
    return {};
}

Status Daemon::store_evidence() {
    attestor_.emplace(*device_);
    identity::TeeFacts facts{.tee_type = std::string(device_->tee_type()), .info_json = device_info_};
    reports_.emplace(*identity_, std::move(facts), *attestor_, *collateral_, clock_);
    LUMOZ_TRY(std::string evidence, reports_->birth_evidence());
    store::KeysetEvidence keyset{.keyset_digest = identity_->keyset_digest,
                                 .made_at = identity_->born_at,
                                 .not_after = identity_->not_after,
                                 .signers = signer_->addresses(),
                                 .evidence = std::move(evidence)};
    LUMOZ_CHECK_OK(store_->put_keyset(std::move(keyset)));
    return {};
}

Status Daemon::open_listeners() {
    service_.reset(new gateway::Service{.config = config_,
                                        .attestor = *attestor_,
                                        .collateral = *collateral_,
                                        .store = *store_,
                                        .clock = clock_,
                                        .version = LUMOZ_VERSION});
    service_->keys.set(std::make_shared<const gateway::KeyEpoch>(*identity_, *signer_, *reports_));
    service_->models.set(std::make_shared<const gateway::ModelTable>(
        std::vector<gateway::Model>{{.name = config_.model_name, .engine = engine_.get(), .event = model_}}));
    service_->attested = true;
    if (!config_.check_url.empty()) {
        LUMOZ_TRY(service_->check_tls, gateway::cloud_tls(config_));
        // Without a file there is a table all the same: one without names.
        service_->credentials.set(std::make_shared<const gateway::TokenTable>());
    }
    if (!config_.token_file.empty()) {
        tokens_.emplace(config_.token_file);
        LUMOZ_CHECK_OK(load_tokens(*service_, *tokens_));
    }
    if (!gateway::authentication_on(config_))
        log::warn("authentication_off",
                  {{"detail", "no auth.token_file: anybody may ask and read receipts"}});
    LUMOZ_TRY(threads_, IoThreads::listen(*service_, tls_));
    if (engine_.url) threads_->first_loop().spawn(engine_.url->probe_forever(threads_->first_loop()));
    threads_->run();
    for (const std::string& address : threads_->addresses())
        log::info("listening", {{"address", address}});
    sd_notify("READY=1");
    return {};
}

int Daemon::next_signal(std::chrono::milliseconds wait) {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP})
        sigaddset(&set, signal);
    const timespec limit{.tv_sec = wait.count() / 1'000, .tv_nsec = (wait.count() % 1'000) * 1'000'000};
    const int signal = sigtimedwait(&set, nullptr, &limit);
    return signal > 0 ? signal : 0;
}

void Daemon::keep_house() {
    if (engine_.supervised) engine_.supervised->step();
    const net::TimePoint now = net::Clock::now();
    if (now < next_poll_) return;
    next_poll_ = now + kHousekeeping;
    const Status before = collateral_->trouble();
    const Status polled = collateral_->poll();
    if (!polled && before) log::warn("collateral_refused", {{"rule", polled.error().rule}});
    if (tokens_) poll_tokens(*service_, *tokens_);
}

bool Daemon::serve() {
    while (true) {
        const int signal = next_signal(kStep);
        if (signal == SIGHUP) reload(*service_, tokens_ ? &*tokens_ : nullptr, config_path_);
        if (signal == SIGTERM || signal == SIGINT) break;
        keep_house();
    }
    return drain();
}

bool Daemon::drain() {
    log::info("draining");
    sd_notify("STOPPING=1");
    service_->draining = true;
    threads_->begin_drain(config_.drain_timeout);
    const net::TimePoint limit = net::Clock::now() + config_.drain_timeout + std::chrono::seconds(15);
    while (!threads_->drained() && net::Clock::now() < limit) {
        // A second signal ends the patience.
        if (const int signal = next_signal(kStep / 2); signal == SIGTERM || signal == SIGINT) break;
        keep_house();
    }
    const bool clean = threads_->drained() && !threads_->cut_any();
    wait_for_reports();
    threads_->stop();
    if (engine_.supervised) engine_.supervised->stop();
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
