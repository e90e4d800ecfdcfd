// SPDX-License-Identifier: Apache-2.0
#include "app/lumozd/engine_choice.hpp"

#include "base/hex.hpp"
#include "gateway/engine_routes.hpp"

#include <cstdlib>
#include <filesystem>
#include <unistd.h>

namespace lumoz::app {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> refuse(std::string detail) {
    return fail(Errc::Usage, "E_CONFIG", "app.engine", std::move(detail));
}

bool is_program(const fs::path& path) {
    std::error_code ignored;
    return fs::is_regular_file(path, ignored) && ::access(path.c_str(), X_OK) == 0;
}

/// `engine.binary`, else llama-server beside this program, else in PATH.
Result<std::string> find_binary(const std::string& configured) {
    std::error_code ignored;
    if (!configured.empty()) {
        const fs::path path = fs::absolute(configured, ignored);
        if (!is_program(path)) return refuse("engine.binary: " + configured + " is not a program");
        return path.string();
    }
    const fs::path beside = fs::read_symlink("/proc/self/exe", ignored).parent_path() / "llama-server";
    if (is_program(beside)) return beside.string();
    const char* path = std::getenv("PATH");
    std::string_view rest = path == nullptr ? std::string_view() : std::string_view(path);
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(':'), rest.size());
        const fs::path candidate = fs::path(rest.substr(0, end)) / "llama-server";
        if (candidate.is_absolute() && is_program(candidate)) return candidate.string();
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return refuse("no llama-server: engine.binary is empty, and there is none beside lumozd (" +
                  beside.string() + ") or in PATH");
}

net::ClientOptions client_options(const gateway::ModelConfig& model) {
    net::ClientOptions options;
    options.connect_timeout = model.engine_connect_timeout;
    options.head_timeout = model.engine_first_byte_timeout;
    options.read_timeout = model.engine_idle_timeout;
    return options;
}

Result<std::shared_ptr<const net::TlsContext>> tls_of(const gateway::ModelConfig& model) {
    if (!model.engine_spki_sha256.empty()) {
        LUMOZ_TRY(const Digest256 pin, fixed_from_hex<Digest256>(model.engine_spki_sha256));
        LUMOZ_TRY(net::TlsContext context, net::TlsContext::client_with_pin(pin));
        return std::make_shared<const net::TlsContext>(std::move(context));
    }
    LUMOZ_TRY(net::TlsContext context, net::TlsContext::client_with_ca(model.engine_ca_file));
    return std::make_shared<const net::TlsContext>(std::move(context));
}

/// `tls` is made for the first https URL and then shared.
Result<std::unique_ptr<engine::UrlEngine>> make_url_engine(net::Url url, const gateway::ModelConfig& model,
                                                           std::shared_ptr<const net::TlsContext>& tls) {
    engine::UrlEngineOptions options{.url = std::move(url),
                                     .client = client_options(model),
                                     .bearer_token = {},
                                     .probe_interval = model.engine_probe_interval,
                                     .probe_timeout = model.engine_probe_timeout,
                                     .probe_failures = static_cast<int>(model.engine_probe_failures)};
    options.client.pool_size = static_cast<std::size_t>(model.engine_pool);
    if (options.url.scheme == net::Url::Scheme::Https) {
        if (!tls) {
            LUMOZ_TRY(tls, tls_of(model));
        }
        options.client.tls = tls;
    }
    return std::make_unique<engine::UrlEngine>(std::move(options));
}

Status choose_urls(const gateway::ModelConfig& model, ModelEngines& chosen) {
    std::shared_ptr<const net::TlsContext> tls;
    std::vector<engine::Engine*> backends;
    for (const std::string& text : model.backend_urls()) {
        LUMOZ_TRY(net::Url url, net::parse_url(text));
        LUMOZ_TRY(auto made, make_url_engine(std::move(url), model, tls));
        backends.push_back(made.get());
        chosen.urls.push_back(std::move(made));
    }
    if (backends.size() > 1)
        chosen.group =
            std::make_unique<engine::EngineGroup>(std::move(backends), model.engine_probe_interval);
    for (const auto& [word, text] : model.engine_endpoint_urls) {
        const gateway::EngineRoute* endpoint = gateway::endpoint_of_word(word);
        if (text.empty() || endpoint == nullptr) continue;
        LUMOZ_TRY(net::Url url, net::parse_url(text));
        // Its path is that of the endpoint, not a prefix before `/health`.
        std::string target = std::exchange(url.prefix, {});
        LUMOZ_TRY(auto made, make_url_engine(std::move(url), model, tls));
        chosen.elsewhere.push_back({std::string(endpoint->path()), std::move(target), std::move(made)});
    }
    return {};
}

}  // namespace

engine::Engine& ModelEngines::main() const {
    if (supervised) return *supervised;
    if (group) return *group;
    return *urls.front();
}

std::vector<engine::UrlEngine*> ModelEngines::by_url() const {
    std::vector<engine::UrlEngine*> out;
    for (const auto& backend : urls)
        out.push_back(backend.get());
    for (const Elsewhere& server : elsewhere)
        out.push_back(server.engine.get());
    return out;
}

Result<ModelEngines> choose_engines(const gateway::Config& shared, const gateway::ModelConfig& model,
                                    std::string socket_dir) {
    ModelEngines chosen;
    LUMOZ_CHECK_OK(choose_urls(model, chosen));
    if (model.engine_kind == gateway::EngineKind::Url) return chosen;
    LUMOZ_TRY(std::string binary, find_binary(model.engine_binary));
    std::error_code ignored;
    const fs::path run_dir =
        shared.engine_runtime_dir.empty() ? fs::path(shared.state_dir) : fs::path(shared.engine_runtime_dir);
    if (fs::create_directories(run_dir, ignored)) fs::permissions(run_dir, fs::perms::owner_all, ignored);
    engine::SupervisedOptions options;
    options.binary = std::move(binary);
    options.model_path = fs::absolute(model.model_path, ignored).string();
    options.alias = model.model_name;
    options.run_dir = fs::absolute(run_dir, ignored).string();
    options.socket_dir = std::move(socket_dir);
    options.context_size = static_cast<unsigned>(model.engine_context);
    options.threads = static_cast<unsigned>(model.engine_threads);
    options.parallel = static_cast<unsigned>(model.engine_parallel);
    options.embeddings = model.engine_embeddings;
    options.allow_shared_prompt_cache = model.allow_shared_prompt_cache;
    options.start_timeout = model.engine_start_timeout;
    options.client = client_options(model);
    LUMOZ_TRY(chosen.supervised, engine::SupervisedEngine::create(std::move(options)));
    return chosen;
}

std::vector<std::string> offered_paths(const gateway::ModelConfig& model) {
    std::vector<std::string> out;
    if (model.engine_endpoints.empty() && model.engine_kind == gateway::EngineKind::Url) return out;
    for (const gateway::EngineRoute& endpoint : gateway::endpoints()) {
        const auto url = model.engine_endpoint_urls.find(endpoint.word);
        const bool elsewhere = url != model.engine_endpoint_urls.end() && !url->second.empty();
        bool offered =
            std::ranges::find(model.engine_endpoints, endpoint.word) != model.engine_endpoints.end();
        if (model.engine_endpoints.empty())
            offered = elsewhere ||
                      (endpoint.llama_server && (model.engine_embeddings || endpoint.word != "embeddings"));
        if (offered) out.emplace_back(endpoint.path());
    }
    return out;
}

}  // namespace lumoz::app
