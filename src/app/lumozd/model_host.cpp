// SPDX-License-Identifier: Apache-2.0
#include "app/lumozd/model_host.hpp"

#include "base/log.hpp"

#include <algorithm>

namespace lumoz::app {
namespace {

/// Loading takes disk and memory bandwidth: so many engines start at a time.
constexpr std::ptrdiff_t kStartsAtOnce = 4;

std::string joined(const std::vector<std::string>& names) {
    std::string out;
    for (const std::string& name : names)
        out.append(out.empty() ? "" : ", ").append(name);
    return out;
}

void step_all(const std::vector<std::unique_ptr<HostedModel>>& models) {
    for (const auto& model : models) {
        const auto busy = std::ranges::count_if(models, [](const auto& m) { return m->coming_up(); });
        if (model->begun() || busy < kStartsAtOnce) model->step();
    }
}

/// Waits for models that the service needs; an error when one of them will not come up.
Result<bool> all_up(const std::vector<std::unique_ptr<HostedModel>>& models) {
    bool up = true;
    for (const auto& model : models) {
        if (model->config().model_optional || model->came_up()) continue;
        LUMOZ_CHECK_OK(model->trouble());
        up = false;
    }
    return up;
}

void log_left_out(const std::string& name, const Error& error) {
    log::warn("model_left_out", {{"model", name}, {"rule", error.rule}, {"detail", error.detail}});
}

}  // namespace

std::string ModelHost::next_socket_dir(bool several) {
    return several ? "engine-" + std::to_string(socket_dirs_++) : "engine";
}

Status ModelHost::add(Models& to, const gateway::Config& config, const gateway::ModelConfig& model) {
    auto made = HostedModel::make(config, model, next_socket_dir(config.model_tables));
    if (made) {
        to.push_back(std::move(*made));
        return {};
    }
    if (!model.model_optional) return std::unexpected(std::move(made).error());
    log_left_out(model.model_name, made.error());
    return {};
}

Result<std::unique_ptr<ModelHost>> ModelHost::make(const gateway::Config& config, const Clock& clock) {
    std::unique_ptr<ModelHost> host(new ModelHost(config, clock));
    for (const gateway::ModelConfig& model : config.models) {
        LUMOZ_CHECK_OK(host->add(host->models_, config, model));
    }
    return host;
}

void ModelHost::begin_hashing() {
    std::set<std::string> paths;
    for (const auto& model : models_) {
        const std::string& path = model->config().model_path;
        if (!path.empty()) paths.insert(path);
        if (path.empty())
            log::warn("model_unknown", {{"model", model->name()},
                                        {"detail", "no path: evidence and receipts name no weights"}});
    }
    job_ = std::make_unique<WeightsJob>(std::move(paths));
}

Result<bool> ModelHost::take_weights(Models& models, std::unique_ptr<WeightsJob>& job) {
    if (!job) return true;
    job->log_progress();
    if (!job->done()) return false;
    for (auto model = models.begin(); model != models.end();) {
        const std::string& path = (*model)->config().model_path;
        if (path.empty()) {
            ++model;
            continue;
        }
        Result<receipt::ModelEvent> weights = job->result(path);
        if (weights) {
            (*model)->set_weights(std::move(*weights));
            ++model;
            continue;
        }
        if (!(*model)->config().model_optional) return std::unexpected(std::move(weights).error());
        log_left_out((*model)->name(), weights.error());
        model = models.erase(model);
    }
    job.reset();
    return true;
}

Result<bool> ModelHost::hashed() {
    return take_weights(models_, job_);
}

void ModelHost::step() {
    step_all(models_);
    step_pending();
    step_leaving();
}

Result<bool> ModelHost::came_up() {
    return all_up(models_);
}

std::vector<evidence::ModelIdentity> ModelHost::statement() const {
    std::vector<gateway::Model> entries;
    for (const auto& model : models_)
        entries.push_back(model->entry());
    return gateway::known_weights(entries);
}

void ModelHost::serve(gateway::Service& service, net::Loop& probe_loop) {
    service_ = &service;
    probe_loop_ = &probe_loop;
    std::vector<gateway::Model> entries;
    for (const auto& model : models_) {
        model->set_loaded(clock_.now());
        model->start_probing(probe_loop);
        entries.push_back(model->entry());
    }
    service.models.set(std::make_shared<const gateway::ModelTable>(std::move(entries)));
}

void ModelHost::change_to(const gateway::Config& config) {
    if (pending_ && pending_->announced) {
        later_ = config;
        return;
    }
    if (pending_) drop_pending({Errc::Closed, "E_STOPPED", "app.models", "the configuration changed again"});
    Pending pending{.configured = config.models};
    std::set<std::string> paths;
    std::vector<gateway::ModelConfig> wanted;
    for (const gateway::ModelConfig& model : config.models) {
        const bool here = std::ranges::any_of(models_, [&](const auto& m) { return m->config() == model; });
        if (!here) wanted.push_back(model);
    }
    if (wanted.empty() && config.models.size() == models_.size()) return;
    for (const gateway::ModelConfig& model : wanted) {
        if (const Status added = add(pending.incoming, config_, model); !added) {
            log::error("models_refused", {{"rule", added.error().rule}, {"detail", added.error().detail}});
            for (auto& made : pending.incoming)
                leave(std::move(made));
            return;
        }
        if (!model.model_path.empty()) paths.insert(model.model_path);
    }
    for (const auto& model : pending.incoming)
        model->start_probing(*probe_loop_);
    pending.job = std::make_unique<WeightsJob>(std::move(paths));
    log::info("models_changing", {{"new", static_cast<std::int64_t>(pending.incoming.size())}});
    pending_ = std::move(pending);
}

/// True when everything that comes is known and up.
Result<bool> ModelHost::prepare_pending() {
    LUMOZ_TRY(const bool known, take_weights(pending_->incoming, pending_->job));
    if (!known) return false;
    step_all(pending_->incoming);
    if (!std::ranges::all_of(pending_->incoming, [](const auto& model) { return model->probed(); }))
        return false;
    return all_up(pending_->incoming);
}

void ModelHost::step_pending() {
    if (!pending_) return;
    if (pending_->announced) {
        step_all(pending_->incoming);
        return;
    }
    const Result<bool> prepared = prepare_pending();
    if (!prepared) {
        drop_pending(prepared.error());
        return;
    }
    if (*prepared) announce_pending();
}

void ModelHost::drop_pending(const Error& why) {
    log::error("models_refused", {{"rule", why.rule}, {"detail", why.detail}});
    for (auto& model : pending_->incoming)
        leave(std::move(model));
    pending_.reset();
}

void ModelHost::leave(std::unique_ptr<HostedModel> model) {
    model->retire();
    leaving_.push_back(std::move(model));
}

std::vector<HostedModel*> ModelHost::next_models() const {
    std::vector<HostedModel*> out;
    for (const gateway::ModelConfig& wanted : pending_->configured) {
        // A new one stands before the old one of the same name. Optional ones may have been left out.
        HostedModel* found = nullptr;
        for (const Models* list : {&models_, &pending_->incoming})
            for (const auto& model : *list)
                if (model->name() == wanted.model_name) found = model.get();
        if (found != nullptr) out.push_back(found);
    }
    return out;
}

void ModelHost::announce_pending() {
    pending_->announced = true;
    std::vector<gateway::Model> entries;
    for (const HostedModel* model : next_models())
        entries.push_back(model->entry());
    const Change change{.models = gateway::known_weights(entries), .configured = pending_->configured};
    on_change_(change, [this] { apply_pending(); });
}

void ModelHost::apply_pending() {
    if (!pending_) return;  // the service ends
    const UnixTime since = clock_.now();
    std::vector<std::string> loaded;
    for (const auto& model : pending_->incoming) {
        model->set_loaded(since);
        loaded.push_back(model->name());
    }
    const std::vector<HostedModel*> next = next_models();
    std::vector<gateway::Model> entries;
    for (const HostedModel* model : next)
        entries.push_back(model->entry());
    std::string event = gateway::models_event(gateway::known_weights(entries), since);
    old_tables_.emplace_back(service_->models.get());
    service_->models.set(std::make_shared<const gateway::ModelTable>(std::move(entries), std::move(event)));
    const std::vector<std::string> unloaded = take_over(next);
    log::info("models_changed",
              {{"loaded", joined(loaded)}, {"unloaded", joined(unloaded)}, {"since", since}});
    if (const std::optional<gateway::Config> later = std::exchange(later_, std::nullopt)) change_to(*later);
}

std::vector<std::string> ModelHost::take_over(const std::vector<HostedModel*>& next) {
    Models all;
    std::ranges::move(pending_->incoming, std::back_inserter(all));
    std::ranges::move(models_, std::back_inserter(all));
    pending_.reset();
    models_.clear();
    for (const HostedModel* wanted : next) {
        const auto found = std::ranges::find(all, wanted, [](const auto& model) { return model.get(); });
        models_.push_back(std::move(*found));
        all.erase(found);
    }
    std::vector<std::string> unloaded;
    for (auto& model : all) {
        unloaded.push_back(model->name());
        leave(std::move(model));
    }
    return unloaded;
}

void ModelHost::step_leaving() {
    std::erase_if(old_tables_, [](const auto& table) { return table.expired(); });
    std::vector<bool> ended;
    for (const auto& model : leaving_)
        ended.push_back(model->wind_down());
    // A table that a request began with may still name any of them.
    if (!old_tables_.empty()) return;
    for (std::size_t i = leaving_.size(); i-- > 0;) {
        if (!ended[i]) continue;
        log::info("model_ended", {{"model", leaving_[i]->name()}});
        leaving_.erase(leaving_.begin() + static_cast<std::ptrdiff_t>(i));
    }
}

void ModelHost::stop() {
    if (pending_) drop_pending({Errc::Closed, "E_STOPPED", "app.models", "the service ends"});
    for (const Models* list : {&models_, &leaving_})
        for (const auto& model : *list)
            model->begin_stop();
    for (const Models* list : {&models_, &leaving_})
        for (const auto& model : *list)
            model->stop();
}

}  // namespace lumoz::app
