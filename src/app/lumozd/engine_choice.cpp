// SPDX-License-Identifier: Apache-2.0
#include "app/lumozd/engine_choice.hpp"

#include "base/hex.hpp"

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

net::ClientOptions client_options(const gateway::Config& config) {
    net::ClientOptions options;
    options.connect_timeout = config.engine_connect_timeout;
    options.head_timeout = config.engine_first_byte_timeout;
    options.read_timeout = config.engine_idle_timeout;
    return options;
}

Result<std::shared_ptr<const net::TlsContext>> tls_of(const gateway::Config& config) {
    if (!config.engine_spki_sha256.empty()) {
        LUMOZ_TRY(const Digest256 pin, fixed_from_hex<Digest256>(config.engine_spki_sha256));
        LUMOZ_TRY(net::TlsContext context, net::TlsContext::client_with_pin(pin));
        return std::make_shared<const net::TlsContext>(std::move(context));
    }
    LUMOZ_TRY(net::TlsContext context, net::TlsContext::client_with_ca(config.engine_ca_file));
    return std::make_shared<const net::TlsContext>(std::move(context));
}

Result<ChosenEngine> choose_url(const gateway::Config& config) {
    LUMOZ_TRY(net::Url url, net::parse_url(config.engine_url));
    engine::UrlEngineOptions options{
        .url = std::move(url), .client = client_options(config), .bearer_token = {}};
    options.client.pool_size = static_cast<std::size_t>(config.engine_pool);
    if (options.url.scheme == net::Url::Scheme::Https) {
        LUMOZ_TRY(options.client.tls, tls_of(config));
    }
    ChosenEngine chosen;
    chosen.url = std::make_unique<engine::UrlEngine>(std::move(options));
    return chosen;
}

}  // namespace

Result<ChosenEngine> choose_engine(const gateway::Config& config) {
    if (config.engine_kind == gateway::EngineKind::Url) return choose_url(config);
    LUMOZ_TRY(std::string binary, find_binary(config.engine_binary));
    std::error_code ignored;
    const fs::path run_dir =
        config.engine_runtime_dir.empty() ? fs::path(config.state_dir) : fs::path(config.engine_runtime_dir);
    if (fs::create_directories(run_dir, ignored)) fs::permissions(run_dir, fs::perms::owner_all, ignored);
    engine::SupervisedOptions options;
    options.binary = std::move(binary);
    options.model_path = fs::absolute(config.model_path, ignored).string();
    options.alias = config.model_name;
    options.run_dir = fs::absolute(run_dir, ignored).string();
    options.context_size = static_cast<unsigned>(config.engine_context);
    options.threads = static_cast<unsigned>(config.engine_threads);
    options.parallel = static_cast<unsigned>(config.engine_parallel);
    options.embeddings = config.engine_embeddings;
    options.allow_shared_prompt_cache = config.allow_shared_prompt_cache;
    options.start_timeout = config.engine_start_timeout;
    options.client = client_options(config);
    ChosenEngine chosen;
    LUMOZ_TRY(chosen.supervised, engine::SupervisedEngine::create(std::move(options)));
    return chosen;
}

}  // namespace lumoz::app
