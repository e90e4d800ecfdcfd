// SPDX-License-Identifier: Apache-2.0
// Configuration of the service: the struct, its defaults, and the one table of keys from which reading,
// validation, error texts and the reference page are made. Reading TOML is the program's business (app/).
#pragma once

#include "base/bytes.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace lumoz::gateway {

enum class EngineKind : std::uint8_t { LlamaServer, Url };
/// Whether paths that we do not know go to the engine. `Auto`: to engines by URL only.
enum class CatchAll : std::uint8_t { Auto, On, Off };

/// One model: the keys of `[model]` and `[engine]`, or an element of `[[models]]`, where what it does not say
/// is as `[engine]` says.
struct ModelConfig {
    std::string model_name = "default";
    std::string model_path;
    bool model_optional = false;

    EngineKind engine_kind = EngineKind::LlamaServer;
    std::string engine_binary;
    std::string engine_url;
    std::vector<std::string> engine_urls;
    std::vector<std::string> engine_endpoints;
    /// Words of `gateway/engine_routes.hpp` to URLs; empty texts are none.
    std::map<std::string, std::string, std::less<>> engine_endpoint_urls;
    std::vector<std::string> engine_speaks = {"chat.completions", "messages", "responses"};
    bool engine_tidy_requests = false;
    std::string engine_ca_file;
    std::string engine_spki_sha256;
    std::int64_t engine_pool = 64;
    std::int64_t engine_context = 4'096;
    std::int64_t engine_parallel = 1;
    std::int64_t engine_threads = 0;
    bool engine_embeddings = true;
    std::chrono::milliseconds engine_start_timeout{300'000};
    std::chrono::milliseconds engine_connect_timeout{5'000};
    std::chrono::milliseconds engine_first_byte_timeout{300'000};
    std::chrono::milliseconds engine_idle_timeout{120'000};
    std::chrono::milliseconds engine_probe_interval{5'000};
    std::chrono::milliseconds engine_probe_timeout{3'000};
    std::int64_t engine_probe_failures = 3;
    bool allow_shared_prompt_cache = false;
    CatchAll engine_catch_all = CatchAll::Auto;

    bool operator==(const ModelConfig&) const = default;
    /// The URLs of the backends: `url`, else `urls`.
    [[nodiscard]] std::vector<std::string> backend_urls() const;
};

struct Config : ModelConfig {
    std::string state_dir = "lumoz-state";
    std::chrono::milliseconds drain_timeout{30'000};
    std::int64_t io_threads = 0;

    std::string listen = "127.0.0.1:8080";
    std::string tls_listen;
    std::vector<std::string> tls_names = {"localhost"};
    std::string tls_chain_file;
    std::string tls_request_file;
    std::chrono::milliseconds tls_warn_before{std::chrono::hours(24 * 14)};

    std::chrono::milliseconds keys_lifetime{std::chrono::hours(24 * 7)};
    std::chrono::milliseconds keys_rotate_before{std::chrono::hours(24)};
    std::string provenance_repo_url;
    std::string provenance_repo_commit;
    std::string provenance_image_digest;
    std::string provenance_image_provenance;

    std::string engine_runtime_dir;
    std::chrono::milliseconds engine_total_timeout{3'600'000};

    /// What the service answers for, one or more: the elements of `[[models]]`, or the one model of `[model]`
    /// and `[engine]`. Names differ.
    std::vector<ModelConfig> models = {};
    bool model_tables = false;  ///< `models` came from `[[models]]`

    std::string tee_socket;
    std::string tee_configfs = "/sys/kernel/config/tsm/report";
    std::chrono::milliseconds tee_timeout{30'000};
    std::string collateral_file;
    std::string collateral_service;
    std::string collateral_ca_file;
    std::string collateral_spki_sha256;
    std::string collateral_cache;
    bool collateral_early = false;
    std::int64_t collateral_evaluation = 0;
    std::vector<std::string> collateral_roots;
    std::chrono::milliseconds collateral_refresh{std::chrono::hours(24)};
    std::chrono::milliseconds collateral_warn_before{std::chrono::hours(24 * 7)};

    std::string token_file;
    bool signatures_open = false;
    std::string check_url;
    std::string check_prefix = "sk-";
    std::string check_ca_file;
    std::string check_spki_sha256;
    std::int64_t check_retries = 3;
    std::chrono::milliseconds check_backoff{100};
    std::chrono::milliseconds check_timeout{5'000};
    std::chrono::milliseconds check_cache{60'000};
    bool report_usage = true;
    std::vector<std::string> request_hash_from;

    std::string receipts_url;  ///< `postgres://…`; empty: SQLite in state_dir
    std::string receipts_password_file;
    bool allow_plain_database = false;
    bool receipts_relaxed = false;
    std::chrono::milliseconds receipts_max_age{std::chrono::hours(24 * 30)};
    std::int64_t receipts_max_bytes = std::int64_t{10} << 30;
    std::int64_t receipts_min_free_bytes = std::int64_t{64} << 20;
    std::int64_t receipts_ballast_bytes = std::int64_t{16} << 20;
    bool insert_ids = false;

    std::int64_t max_body_bytes = std::int64_t{10} << 20;
    std::int64_t max_image_bytes = std::int64_t{50} << 20;
    std::int64_t max_audio_bytes = std::int64_t{100} << 20;
    std::int64_t max_json_depth = 64;
    std::int64_t max_header_bytes = 32'768;
    std::int64_t max_connections = 16'384;
    std::int64_t requests_per_second = 0;
    std::int64_t requests_per_credential = 0;
    std::vector<std::string> trusted_proxies;
    bool forwarded_rfc7239 = false;
    std::int64_t ipv6_prefix = 64;
    std::int64_t inline_proof_bytes = std::int64_t{8} << 20;
    std::chrono::milliseconds header_timeout{30'000};
    std::chrono::milliseconds body_timeout{60'000};
    std::chrono::milliseconds upload_timeout{600'000};
    std::chrono::milliseconds realtime_idle_timeout{300'000};
    std::chrono::milliseconds idle_timeout{75'000};
    std::chrono::milliseconds write_timeout{60'000};

    std::vector<std::string> siblings;
    std::chrono::milliseconds sibling_timeout{5'000};

    std::string log_level = "info";
    bool compatible_metrics = true;
};

using ConfigValue = std::variant<std::string, std::int64_t, bool, std::vector<std::string>>;

/// What a configuration file says: dotted key (`listen.tls.address`) to value. The second element of
/// `[[models]]` gives keys like `models[1].name`.
using ConfigValues = std::map<std::string, ConfigValue, std::less<>>;

/// Applies and validates all values. Errors are `E_CONFIG`; an unknown key is named together with the nearest
/// known one.
Result<Config> make_config(const ConfigValues& values);

/// Markdown reference of all keys with type, default and meaning.
[[nodiscard]] std::string config_reference();

/// Every key with the value in force, as one canonical JSON object: what `config_sha256` in evidence covers.
/// With `[[models]]`, the keys of a model stand in the elements of member `models` instead, in the order of
/// their names. Tokens and keys are in files of their own and not in it.
[[nodiscard]] std::string effective_config_json(const Config& config);

/// "250ms", "30s", "5m", "2h", "30d". `E_CONFIG`.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);
[[nodiscard]] std::string to_text(std::chrono::milliseconds duration);
/// 10485760, "10MiB", "64KiB", "10GiB". `E_CONFIG`.
Result<std::int64_t> parse_size(std::string_view text);

/// Whether anybody needs a credential.
[[nodiscard]] inline bool authentication_on(const Config& config) {
    return !config.token_file.empty() || !config.check_url.empty();
}

struct HostPort {
    std::string host;
    std::uint16_t port = 0;
};
/// `127.0.0.1:8080`, `[::1]:0`. `E_CONFIG`.
Result<HostPort> parse_host_port(std::string_view text);

}  // namespace lumoz::gateway
