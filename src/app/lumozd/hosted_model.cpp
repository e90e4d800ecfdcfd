// SPDX-License-Identifier: Apache-2.0
#include "app/lumozd/hosted_model.hpp"

#include "gateway/catch_all.hpp"

namespace lumoz::app {
namespace {

/// An engine that dies this often before it answered once will not come up.
constexpr unsigned kStartAttempts = 3;

}  // namespace

Result<std::unique_ptr<HostedModel>> HostedModel::make(const gateway::Config& shared,
                                                       gateway::ModelConfig model, std::string socket_dir) {
    LUMOZ_TRY(ModelEngines engines, choose_engines(shared, model, std::move(socket_dir)));
    return std::unique_ptr<HostedModel>(new HostedModel(std::move(model), std::move(engines)));
}

gateway::Model HostedModel::entry() const {
    gateway::Model out{.name = config_.model_name,
                       .engine = engines_.main(),
                       .event = weights_,
                       .endpoints = offered_paths(config_),
                       .speaks = config_.engine_speaks,
                       .tidy_requests = config_.engine_tidy_requests,
                       .catch_all = gateway::catch_all_allowed(config_),
                       .optional = config_.model_optional,
                       .loaded_at = loaded_at_,
                       .use = use_};
    for (const ModelEngines::Elsewhere& server : engines_.elsewhere)
        out.elsewhere.push_back({server.path, *server.engine, server.target});
    return out;
}

void HostedModel::start_probing(net::Loop& loop) {
    for (engine::UrlEngine* const server : engines_.by_url())
        server->start_probing(loop);
}

bool HostedModel::probed() const {
    return std::ranges::none_of(engines_.by_url(), [](const auto* server) { return server->starting(); });
}

void HostedModel::step() {
    if (!engines_.supervised) return;
    if (!begun_) begun_ = net::Clock::now();
    engines_.supervised->step();
    was_ready_ = was_ready_ || engines_.supervised->ready();
}

bool HostedModel::coming_up() const {
    return engines_.supervised && begun_ && !was_ready_ && engines_.supervised->restarts() == 0;
}

Status HostedModel::trouble() const {
    if (came_up() || !begun_) return {};
    if (engines_.supervised->restarts() >= kStartAttempts)
        return fail(Errc::Unavailable, "E_ENGINE_START", "app.engine",
                    "the engine of `" + name() + "` ended " + std::to_string(kStartAttempts) +
                        " times while it started");
    if (net::Clock::now() - *begun_ > config_.engine_start_timeout)
        return fail(Errc::Timeout, "E_ENGINE_START", "app.engine",
                    "the engine of `" + name() + "` did not answer in time");
    return {};
}

bool HostedModel::wind_down() {
    if (engines_.supervised && begun_) engines_.supervised->step();
    if (!winding_down_) {
        if (use_->open() != 0) return false;
        winding_down_ = true;
        begin_stop();
        for (engine::UrlEngine* const server : engines_.by_url())
            server->retire();
    }
    if (engines_.supervised) {
        if (!engines_.supervised->stopped()) return false;
        engines_.supervised->end_clients();
    }
    return std::ranges::all_of(engines_.by_url(), [](auto* server) { return server->retired(); });
}

void HostedModel::begin_stop() {
    if (engines_.supervised) engines_.supervised->begin_stop();
}

void HostedModel::stop() {
    if (engines_.supervised) engines_.supervised->stop();
}

}  // namespace lumoz::app
