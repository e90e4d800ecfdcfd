// SPDX-License-Identifier: Apache-2.0
#include "app/lumozd/from_env.hpp"

#include "base/hex.hpp"
#include "base/json.hpp"
#include "base/trim.hpp"
#include "crypto/sha2.hpp"

#include <charconv>

namespace lumoz::app {
namespace {

enum class Kind : std::uint8_t { Text, Number, Seconds, Milliseconds, Flag };

/// A variable that one key of ours stands for.
struct Row {
    std::string_view name;
    std::string_view key;
    Kind kind;
};
constexpr Row kRows[] = {
    {"MODEL_NAME", "model.name", Kind::Text},
    {"VLLM_IMAGES_URL", "engine.endpoint_urls.images", Kind::Text},
    {"VLLM_IMAGES_EDITS_URL", "engine.endpoint_urls.images_edits", Kind::Text},
    {"VLLM_TRANSCRIPTIONS_URL", "engine.endpoint_urls.transcriptions", Kind::Text},
    {"VLLM_RERANK_URL", "engine.endpoint_urls.rerank", Kind::Text},
    {"VLLM_SCORE_URL", "engine.endpoint_urls.score", Kind::Text},
    {"VLLM_PROXY_MAX_REQUEST_SIZE", "limits.body_bytes", Kind::Number},
    {"VLLM_PROXY_MAX_IMAGE_REQUEST_SIZE", "limits.image_bytes", Kind::Number},
    {"VLLM_PROXY_MAX_AUDIO_REQUEST_SIZE", "limits.audio_bytes", Kind::Number},
    {"VLLM_PROXY_MAX_KEEPALIVE", "engine.pool", Kind::Number},
    {"VLLM_PROXY_TIMEOUT_SECS", "engine.total_timeout", Kind::Seconds},
    {"RATE_LIMIT_PER_SECOND", "limits.requests_per_second", Kind::Number},
    {"CLOUD_API_URL", "auth.check_url", Kind::Text},
    {"CLOUD_API_AUTH_INITIAL_BACKOFF_MS", "auth.check_backoff", Kind::Milliseconds},
    {"CLOUD_API_AUTH_TIMEOUT_SECS", "auth.check_timeout", Kind::Seconds},
    {"STARTUP_CHECK_TIMEOUT_SECS", "engine.connect_timeout", Kind::Seconds},
    {"HEALTH_CHECK_INTERVAL_SECS", "engine.probe_interval", Kind::Seconds},
    {"HEALTH_CHECK_MAX_FAILURES", "engine.probe_failures", Kind::Number},
    {"HEALTH_CHECK_TIMEOUT_SECS", "engine.probe_timeout", Kind::Seconds},
};

/// Variables without a key, and why; one a line.
constexpr std::string_view kAbsent =
    R"(VLLM_PROXY_POOL_IDLE_TIMEOUT_SECS: idle engine connections are closed after 15 s
CHAT_CACHE_EXPIRATION: receipts are kept by receipts.max_age, 30 days, and survive a restart
ATTESTATION_CACHE_TTL: reports without a nonce are kept 300 s; with a nonce they are always fresh
TLS_CERT_PATH: TLS ends inside with a key born in the TEE: listen.tls.chain_file takes a chain for that key
DEV: there is no development switch; a stand-in TEE is a program of its own, and reports show whose it is
GPU_NO_HW_MODE: there is no switch that fakes GPU evidence
RATE_LIMIT_BURST_SIZE: the burst is two seconds of limits.requests_per_second
RATE_LIMIT_NO_TRUST_PROXY: X-Forwarded-For is believed from limits.trusted_proxies only, which is empty
COMPOSE_MANAGER_URL: no compose manager is asked
OPENAI_CHAT_COMPATIBILITY_CHECK: bytes pass through: there is nothing to check
STARTUP_CHECK_RETRIES: engines by URL are probed while the service runs; /ready says when they answer
STARTUP_CHECK_RETRY_DELAY_SECS: as STARTUP_CHECK_RETRIES
OHTTP_ENABLED: OHTTP is not offered by this version
LOG_FORMAT: the log is JSON lines
REDIS_HOST: replicas share receipts by receipts.url, a PostgreSQL database
REDIS_PORT: as REDIS_HOST
REDIS_PASSWORD: as REDIS_HOST; a password stands in receipts.password_file
REDIS_DB: as REDIS_HOST
E2EE_REPLAY_WINDOW_SECONDS: field encryption is not offered by this version
)";

std::unexpected<Error> unreadable(std::string_view name, std::string_view want) {
    return fail(Errc::Usage, "E_FROM_ENV", "app.from_env",
                std::string(name) + " is not " + std::string(want));
}

/// What a key is set to, by section.
class Toml {
public:
    void set(std::string_view key, std::string value) {
        const std::size_t dot = key.rfind('.');
        const std::string section(key.substr(0, dot == std::string_view::npos ? 0 : dot));
        sections_[section].emplace_back(std::string(key.substr(dot == std::string_view::npos ? 0 : dot + 1)),
                                        std::move(value));
    }
    [[nodiscard]] std::string text() const {
        std::string out;
        for (const auto& [section, values] : sections_) {
            if (!section.empty()) out += (out.empty() ? "[" : "\n[") + section + "]\n";
            for (const auto& [key, value] : values)
                out.append(key).append(" = ").append(value).append("\n");
        }
        return out;
    }

private:
    std::map<std::string, std::vector<std::pair<std::string, std::string>>> sections_;
};

std::vector<std::string> comma_list(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
        const std::size_t comma = std::min(text.find(','), text.size());
        const std::string_view item = trimmed(text.substr(0, comma));
        if (!item.empty()) out.emplace_back(item);
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return out;
}

Result<std::string> toml_value(const Row& row, const std::string& value) {
    if (row.kind == Kind::Text) return json::quoted(value);
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size() || number > 100'000'000'000)
        return unreadable(row.name, "a whole number");
    if (row.kind == Kind::Number) return std::to_string(number);
    return "\"" + std::to_string(number) + (row.kind == Kind::Seconds ? "s\"" : "ms\"");
}

/// One URL is `url`, several are `urls`.
void move_engine(const Environment& environment, Toml& toml) {
    std::vector<std::string> urls = comma_list(environment("VLLM_BACKEND_URLS").value_or(""));
    if (urls.empty()) urls = comma_list(environment("VLLM_BASE_URL").value_or(""));
    toml.set("engine.kind", "\"url\"");
    if (urls.size() == 1) toml.set("engine.url", json::quoted(urls.front()));
    if (urls.size() < 2) return;
    std::string list = "[";
    for (const std::string& url : urls)
        list += (list.size() > 1 ? ", " : "") + json::quoted(url);
    toml.set("engine.urls", list + "]");
}

/// Hashes of the deployment tokens; which of them belongs to whom only their holders know.
std::string token_lines(const std::vector<std::string>& tokens) {
    std::string out;
    for (std::size_t i = 0; i < tokens.size(); ++i)
        out += "token-" + std::to_string(i + 1) +
               " sha256:" + to_hex(crypto::sha256(as_bytes(tokens[i])).view()) + "\n";
    return out;
}

Status move_listener(const Environment& environment, Toml& toml) {
    const std::string port = environment("LISTEN_PORT").value_or("8000");
    std::uint16_t number = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (error != std::errc() || end != port.data() + port.size()) return unreadable("LISTEN_PORT", "a port");
    toml.set("listen.address", "\"0.0.0.0:" + std::to_string(number) + "\"");
    return {};
}

/// Attempts count the first one, retries do not.
Status move_attempts(const Environment& environment, Toml& toml) {
    const auto attempts = environment("CLOUD_API_AUTH_MAX_ATTEMPTS");
    if (!attempts) return {};
    const Row row{"CLOUD_API_AUTH_MAX_ATTEMPTS", "auth.check_retries", Kind::Number};
    LUMOZ_TRY(const std::string number, toml_value(row, *attempts));
    const unsigned long long count = std::stoull(number);
    toml.set(row.key, std::to_string(std::min(count == 0 ? 0 : count - 1, 10ULL)));
    return {};
}

}  // namespace

Result<Moved> config_from_env(const Environment& environment, const std::string& token_file) {
    Toml toml;
    Moved out;
    LUMOZ_CHECK_OK(move_listener(environment, toml));
    move_engine(environment, toml);
    for (const Row& row : kRows) {
        const auto value = environment(std::string(row.name));
        if (!value || value->empty()) continue;
        LUMOZ_TRY(std::string written, toml_value(row, *value));
        toml.set(row.key, std::move(written));
    }
    LUMOZ_CHECK_OK(move_attempts(environment, toml));
    out.token_lines = token_lines(comma_list(environment("TOKEN").value_or("")));
    if (!out.token_lines.empty()) toml.set("auth.token_file", json::quoted(token_file));
    if (!environment("VLLM_BASE_URL") && !environment("VLLM_BACKEND_URLS"))
        out.notes.push_back({"VLLM_BASE_URL", "is not set: engine.url is needed"});
    for (std::string_view rest = kAbsent; !rest.empty();) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(line.size() + 1);
        std::string name(line.substr(0, line.find(':')));
        if (environment(name)) out.notes.push_back({name, std::string(line.substr(name.size() + 2))});
    }
    out.toml = toml.text();
    return out;
}

}  // namespace lumoz::app
