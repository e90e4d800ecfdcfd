// SPDX-License-Identifier: Apache-2.0
#include "gateway/models.hpp"

#include "base/hex.hpp"
#include "base/json.hpp"
#include "crypto/sha2.hpp"
#include "evidence/statement.hpp"

#include <algorithm>

namespace lumoz::gateway {
namespace {

constexpr std::size_t kMostNames = 16;

/// `a, b and 3 more`: the texts are the operator's own and public.
template <class Items, class NameOf>
std::string list_of(const Items& items, NameOf name_of) {
    std::string out;
    for (std::size_t i = 0; i < std::min(items.size(), kMostNames); ++i)
        out.append(out.empty() ? "" : ", ").append(name_of(items[i]));
    if (items.size() > kMostNames) out += " and " + std::to_string(items.size() - kMostNames) + " more";
    return out;
}

bool is_attested(const Model& model, const identity::PublicIdentity& keys) {
    if (!model.event) return true;
    const std::string root = evidence::sha256_text(model.event->model_root);
    return std::ranges::any_of(keys.facts.models, [&](const evidence::ModelIdentity& known) {
        return known.name == model.name && known.model_root == root;
    });
}

}  // namespace

bool ModelUse::begin() {
    // In this order: whoever retires sees us in `open`, or we see that it retired.
    open_.fetch_add(1);
    if (!retired_.load()) return true;
    end();
    return false;
}

bool ModelLease::take(const Model& model) {
    if (!model.use) return true;
    if (!model.use->begin()) return false;
    use_ = model.use;
    return true;
}

void ModelLease::release() {
    if (use_) use_->end();
    use_.reset();
}

bool Model::offers(std::string_view path) const {
    return endpoints.empty() || std::ranges::find(endpoints, path) != endpoints.end();
}

Model::Route Model::route(std::string_view path) const {
    const auto found = std::ranges::find(elsewhere, path, &EndpointServer::path);
    if (found == elsewhere.end()) return {engine, std::string(path)};
    return {found->engine, found->target.empty() ? std::string(path) : found->target};
}

bool Model::ready() const {
    return engine.ready() &&
           std::ranges::all_of(elsewhere, [](const EndpointServer& e) { return e.engine.ready(); });
}

const Model* ModelTable::find(const std::optional<std::string>& name) const {
    if (!name) return models_.size() == 1 ? &models_.front() : nullptr;
    const auto found = std::ranges::find(models_, *name, &Model::name);
    return found == models_.end() ? nullptr : &*found;
}

bool ModelTable::ready() const {
    return missing(false).empty();
}

std::vector<std::string_view> ModelTable::missing(bool optional) const {
    std::vector<std::string_view> out;
    for (const Model& model : models_)
        if (model.optional == optional && !model.ready()) out.emplace_back(model.name);
    return out;
}

std::expected<const Model*, ApiError> choose_model(const ModelTable& models,
                                                   const std::optional<std::string>& name,
                                                   std::string_view path,
                                                   const identity::PublicIdentity& keys) {
    if (!name && models.all().size() > 1) {
        ApiError error =
            api_error(Failure::BadRequest,
                      "model is needed; this service has " +
                          list_of(models.all(), [](const Model& m) -> const std::string& { return m.name; }));
        error.param = "model";
        return std::unexpected(std::move(error));
    }
    const Model* model = models.find(name);
    if (model == nullptr) return std::unexpected(api_error(Failure::ModelNotFound));
    if (!path.empty() && !model->offers(path)) {
        ApiError error = api_error(
            Failure::EndpointNotOffered,
            "The model does not answer this endpoint; it answers " +
                list_of(model->endpoints, [](const std::string& e) -> const std::string& { return e; }));
        error.param = "model";
        return std::unexpected(std::move(error));
    }
    if (!is_attested(*model, keys)) return std::unexpected(api_error(Failure::ModelNotAttested));
    return model;
}

std::string models_event(const std::vector<evidence::ModelIdentity>& models, UnixTime since) {
    const std::string array = evidence::model_list_json(models);
    json::Writer w;
    w.object();
    w.key("models_sha256").string(to_hex(crypto::sha256(as_bytes(array)).view()));
    w.key("since").integer(since);
    w.key("type").string("lumoz.models");
    w.end();
    return std::move(w).text();
}

std::vector<evidence::ModelIdentity> known_weights(const std::vector<Model>& models) {
    std::vector<evidence::ModelIdentity> out;
    for (const Model& model : models)
        if (model.event) out.push_back({model.name, evidence::sha256_text(model.event->model_root)});
    return out;
}

}  // namespace lumoz::gateway
