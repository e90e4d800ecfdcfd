// SPDX-License-Identifier: Apache-2.0
// The models that the service answers for, and what answers for them.
#pragma once

#include "engine/engine.hpp"
#include "gateway/error_table.hpp"
#include "gateway/key_epoch.hpp"
#include "receipt/receipt.hpp"

#include <atomic>
#include <expected>

namespace lumoz::gateway {

/// How many requests a model has in hand, and whether it takes more. Shared by tables that name the same
/// model.
class ModelUse {
public:
    /// False when the model takes no more requests. Each success is ended by one `end`.
    [[nodiscard]] bool begin();
    void end() { open_.fetch_sub(1); }
    /// From here on `begin` fails.
    void retire() { retired_ = true; }
    [[nodiscard]] std::int64_t open() const { return open_.load(); }

private:
    std::atomic<std::int64_t> open_{0};
    std::atomic<bool> retired_{false};
};

/// Another server that answers one endpoint of a model.
struct EndpointServer {
    std::string path;  ///< what clients ask for, as `/v1/rerank`
    engine::Engine& engine;
    std::string target;  ///< its own path for it; empty: the same
};

struct Model {
    std::string name;  ///< what clients ask for
    engine::Engine& engine;
    std::optional<receipt::ModelEvent> event;  ///< absent: the weights are not known here
    std::vector<std::string> endpoints = {};   ///< paths that it answers; empty: all
    std::vector<EndpointServer> elsewhere = {};
    /// Protocols of its engine (`engine.speaks`).
    std::vector<std::string> speaks = {"chat.completions", "messages", "responses"};
    bool tidy_requests = false;  ///< `engine.tidy_requests`
    bool catch_all = false;      ///< its engine is asked for paths that no page has (catch_all.hpp)
    bool optional = false;       ///< the service is ready without it
    UnixTime loaded_at = 0;      ///< 0: with the keys
    std::shared_ptr<ModelUse> use = {};

    [[nodiscard]] bool offers(std::string_view path) const;
    /// What answers this path; `target` is what to ask it for.
    struct Route {
        engine::Engine& engine;
        std::string target;
    };
    [[nodiscard]] Route route(std::string_view path) const;
    /// Whether the engine answers, and all servers of single endpoints.
    [[nodiscard]] bool ready() const;
};

class ModelTable {
public:
    /// `change_event`: the canonical event `lumoz.models` of receipts, empty for the models of the start.
    explicit ModelTable(std::vector<Model> models, std::string change_event = {})
        : models_(std::move(models)), change_event_(std::move(change_event)) {}
    /// Without a name: the only model. Null when there is none of this name, or more than one without.
    [[nodiscard]] const Model* find(const std::optional<std::string>& name) const;
    [[nodiscard]] const std::vector<Model>& all() const { return models_; }
    [[nodiscard]] const std::string& change_event() const { return change_event_; }
    /// Whether every model answers that the service is not ready without.
    [[nodiscard]] bool ready() const;
    /// The names of those that do not answer, optional ones or the others.
    [[nodiscard]] std::vector<std::string_view> missing(bool optional) const;

private:
    std::vector<Model> models_;
    std::string change_event_;
};

/// The model that answers a request for `path` (empty: for one that no list names), or why there is none: 404
/// `model_not_found`; 400 without a name where there are several; 404 `endpoint_not_offered`; 503
/// `model_not_attested` when the evidence of `keys` does not name its weights. The model is valid as long as
/// the table.
[[nodiscard]] std::expected<const Model*, ApiError> choose_model(const ModelTable& models,
                                                                 const std::optional<std::string>& name,
                                                                 std::string_view path,
                                                                 const identity::PublicIdentity& keys);

/// Holds a model while a request runs.
class ModelLease {
public:
    ModelLease() = default;
    ~ModelLease() { release(); }
    ModelLease(const ModelLease&) = delete;
    ModelLease& operator=(const ModelLease&) = delete;
    /// False when the model takes no more requests.
    [[nodiscard]] bool take(const Model& model);
    void release();

private:
    std::shared_ptr<ModelUse> use_;
};

/// `{"models_sha256":hex,"since":N,"type":"lumoz.models"}`: the models in force, and since when. The digest
/// is that of the canonical array `models` of the Lumoz statement.
[[nodiscard]] std::string models_event(const std::vector<evidence::ModelIdentity>& models, UnixTime since);
/// Names and roots of the models whose weights are known.
[[nodiscard]] std::vector<evidence::ModelIdentity> known_weights(const std::vector<Model>& models);

}  // namespace lumoz::gateway
