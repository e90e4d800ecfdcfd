// SPDX-License-Identifier: Apache-2.0
// The daemon's part in the life of keys: what a new life says, and where it comes into force.
#include "app/lumozd/daemon.hpp"
#include "app/lumozd/reload.hpp"
#include "base/log.hpp"
#include "gateway/live_config.hpp"

namespace lumoz::app {
namespace {

std::chrono::seconds seconds(std::chrono::milliseconds duration) {
    return std::chrono::duration_cast<std::chrono::seconds>(duration);
}

}  // namespace

Status Daemon::first_keys() {
    if (!config_.tls_listen.empty()) {
        LUMOZ_TRY(front_, TlsFront::open(config_, clock_));
    }
    rotation_.emplace([this] { return plan_life(); }, clock_);
    LUMOZ_CHECK_OK(rotation_->first());
    service_->attested = true;
    show_key_state();
    return {};
}

identity::ServiceFacts Daemon::facts() const {
    identity::ServiceFacts out;
    out.models = coming_ ? coming_->models : models_->statement();
    const auto said = [](const std::string& text) {
        return text.empty() ? std::nullopt : std::optional(text);
    };
    out.provenance = {.repo_url = said(config_.provenance_repo_url),
                      .repo_commit = said(config_.provenance_repo_commit),
                      .image_digest = said(config_.provenance_image_digest),
                      .image_provenance = said(config_.provenance_image_provenance)};
    return out;
}

Result<RotationPlan> Daemon::plan_life() {
    gateway::LifeFacts life{.config = wanted_, .identity = facts()};
    life.identity.lifetime = seconds(wanted_->keys_lifetime).count();
    SharedFace face;
    if (front_) {
        LUMOZ_TRY(face, front_->next(life.identity.lifetime));
        life.tls = face->key;
        life.identity.tls = true;
        life.identity.tls_domain = face->domain;
        life.identity.tls_certificate_pem = face->certificate_pem;
    }
    const auto parts = std::make_shared<gateway::LifeParts>(
        gateway::LifeParts{.tee = {.tee_type = std::string(device_->tee_type()), .info_json = device_info_},
                           .attestor = *attestor_,
                           .collateral = *collateral_,
                           .store = *store_,
                           .clock = clock_});
    return RotationPlan{.make = [parts, life = std::move(life)] { return gateway::begin_life(*parts, life); },
                        .take = [this, face](const SharedEpoch& epoch) { take_life(epoch, face); },
                        .rotate_before = seconds(wanted_->keys_rotate_before)};
}

void Daemon::take_life(const SharedEpoch& epoch, const SharedFace& face) {
    service_->keys.set(epoch);
    if (face) {
        if (threads_) threads_->use_tls(face->context);
        front_->in_force(face);
    }
    set_log_level(epoch->config->log_level);
}

void Daemon::show_key_state() {
    gateway::KeyState state = rotation_->state();
    if (front_ && front_->face()) {
        state.chain_not_after = front_->face()->chain_not_after;
        state.tls_warning = front_->warning(seconds(wanted_->tls_warn_before));
    }
    service_->key_state.set(std::make_shared<const gateway::KeyState>(std::move(state)));
}

void Daemon::reload() {
    const std::optional<gateway::Config> file =
        read_again(*service_, tokens_ ? &*tokens_ : nullptr, config_path_);
    if (front_ && front_->poll(true) && rotation_->idle()) rotation_->ask("certificate");
    if (!file) return;
    gateway::Config live = gateway::with_live_keys(config_, *file);
    live.models = wanted_->models;  // they have their own way (models_->change_to)
    auto now = std::make_shared<const gateway::Config>(std::move(live));
    for (const std::string_view name : gateway::changed_keys(*now, *file))
        log::warn("reload_needs_restart", {{"key", name}});
    const std::vector<std::string_view> changed = gateway::changed_keys(*wanted_, *now);
    for (const std::string_view name : changed)
        log::info("reload_changes", {{"key", name}});
    wanted_ = std::move(now);
    // The statement of the keys in force covers the old configuration, and so their requests keep it.
    if (!changed.empty()) rotation_->ask("configuration");
    if (file->model_tables && config_.model_tables) models_->change_to(*file);
    log::info("reloaded");
}

void Daemon::on_models_changed(const ModelHost::Change& change, std::function<void()> then) {
    coming_ = change;
    gateway::Config now = *wanted_;
    now.models = change.configured;
    wanted_ = std::make_shared<const gateway::Config>(std::move(now));
    // The keys come first: a receipt that names a model has keys whose evidence names it too.
    rotation_->ask("models", [this, then = std::move(then)] {
        coming_.reset();
        then();
    });
}

}  // namespace lumoz::app
