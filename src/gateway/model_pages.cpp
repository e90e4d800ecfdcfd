// SPDX-License-Identifier: Apache-2.0
#include "gateway/model_pages.hpp"

#include "base/json.hpp"
#include "evidence/statement.hpp"

namespace lumoz::gateway {
namespace {

/// `ready`; `degraded`: the model answers, but some endpoint with a server of its own does not; `loading`;
/// `down`.
std::string_view status_of(const Model& model) {
    if (model.ready()) return "ready";
    if (model.engine.ready()) return "degraded";
    return model.engine.starting() ? "loading" : "down";
}

void write_model(json::Writer& w, const Model& model, UnixTime born_at) {
    w.object();
    w.key("id").string(model.name);
    w.key("object").string("model");
    w.key("created").integer(model.loaded_at == 0 ? born_at : model.loaded_at);
    w.key("owned_by").string("lumoz");
    if (model.event) w.key("model_root").string(evidence::sha256_text(model.event->model_root));
    w.key("status").string(status_of(model));
    if (!model.endpoints.empty()) {
        w.key("endpoints").array();
        for (const std::string& endpoint : model.endpoints)
            w.string(endpoint);
        w.end();
    }
    w.end();
}

std::string list_json(const Call& call) {
    json::Writer w;
    w.object();
    w.key("object").string("list");
    w.key("data").array();
    for (const Model& model : call.models->all())
        write_model(w, model, call.keys->identity.born_at);
    w.end();
    w.end();
    return std::move(w).text();
}

/// Lines of one metric; its HELP and TYPE come with the first.
class Family {
public:
    Family(std::string& out, std::string_view name, std::string_view type, std::string_view help)
        : out_(out), name_(name) {
        write_type(head_, name, type, help);
    }
    void line(const std::string& labels, std::uint64_t value) {
        out_.append(std::exchange(head_, {}));
        write_value(out_, name_, labels, value);
    }

private:
    std::string& out_;
    std::string_view name_;
    std::string head_;  ///< not yet written
};

struct BackendMetric {
    std::string_view name, type, help;
    std::uint64_t engine::BackendState::* member;
};
constexpr std::array kBackendMetrics{
    BackendMetric{"lumoz_backend_open_requests", "gauge", "Requests that a backend has in hand.",
                  &engine::BackendState::open},
    BackendMetric{"lumoz_backend_requests_total", "counter", "Requests that a backend took.",
                  &engine::BackendState::taken},
    BackendMetric{"lumoz_backend_failed_total", "counter",
                  "Requests that a backend took and gave no answer to.", &engine::BackendState::failed},
    BackendMetric{"lumoz_backend_passed_over_total", "counter",
                  "Times that a backend could not be reached and another one was asked.",
                  &engine::BackendState::passed_over},
};

}  // namespace

net::Task<void> answer_models_page(Call& call) {
    if (call.route->page == Page::Models) {
        co_await respond_json(call, 200, list_json(call));
        co_return;
    }
    const Model* model = call.models->find(call.route->parameter);
    if (model == nullptr) {
        ApiError error = api_error(Failure::ModelNotFound);
        co_await respond_error(call, std::move(error));
        co_return;
    }
    json::Writer w;
    write_model(w, *model, call.keys->identity.born_at);
    co_await respond_json(call, 200, std::move(w).text());
}

void write_model_metrics(std::string& out, const ModelTable& models) {
    Family ready(out, "lumoz_model_ready", "gauge", "1 when everything that answers for the model is up.");
    for (const Model& model : models.all())
        ready.line(label("model", model.name), model.ready() ? 1 : 0);
    Family open(out, "lumoz_model_open_requests", "gauge", "Requests that the model has in hand.");
    for (const Model& model : models.all())
        if (model.use) open.line(label("model", model.name), static_cast<std::uint64_t>(model.use->open()));
    const auto each_backend = [&models](const auto& write) {
        for (const Model& model : models.all()) {
            std::size_t number = 0;
            for (const engine::BackendState& state : model.engine.backends())
                write(label("model", model.name) + "," + label("backend", std::to_string(number++)), state);
        }
    };
    Family up(out, "lumoz_backend_ready", "gauge", "1 when a backend of several passes its health probe.");
    each_backend([&](const std::string& labels, const engine::BackendState& state) {
        up.line(labels, state.ready ? 1 : 0);
    });
    for (const BackendMetric& metric : kBackendMetrics) {
        Family family(out, metric.name, metric.type, metric.help);
        each_backend([&](const std::string& labels, const engine::BackendState& state) {
            family.line(labels, state.*metric.member);
        });
    }
}

}  // namespace lumoz::gateway
