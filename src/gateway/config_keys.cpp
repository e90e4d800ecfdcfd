// SPDX-License-Identifier: Apache-2.0
#include "gateway/config_keys.hpp"

#include "gateway/engine_routes.hpp"

namespace lumoz::gateway {
namespace {

using Duration = std::chrono::milliseconds;

std::unexpected<Error> refuse(std::string_view key, std::string_view want) {
    return fail(Errc::Usage, "E_CONFIG", "gateway.config",
                "`" + std::string(key) + "` must be " + std::string(want));
}

ConfigKey text(std::string_view name, std::string Config::* member, std::string_view doc) {
    return {std::string(name), "text", std::string(doc),
            [name, member](Config& c, const ConfigValue& v) -> Status {
                const auto* value = std::get_if<std::string>(&v);
                if (value == nullptr) return refuse(name, "a text");
                c.*member = *value;
                return {};
            },
            [member](const Config& c) { return "\"" + c.*member + "\""; }};
}

ConfigKey texts(std::string_view name, std::vector<std::string> Config::* member, std::string_view doc) {
    return {std::string(name), "list of texts", std::string(doc),
            [name, member](Config& c, const ConfigValue& v) -> Status {
                const auto* value = std::get_if<std::vector<std::string>>(&v);
                if (value == nullptr) return refuse(name, "a list of texts");
                c.*member = *value;
                return {};
            },
            [member](const Config& c) {
                std::string out = "[";
                for (const std::string& item : c.*member)
                    out += (out.size() > 1 ? ", \"" : "\"") + item + "\"";
                return out + "]";
            }};
}

ConfigKey flag(std::string_view name, bool Config::* member, std::string_view doc) {
    return {std::string(name), "true or false", std::string(doc),
            [name, member](Config& c, const ConfigValue& v) -> Status {
                const bool* value = std::get_if<bool>(&v);
                if (value == nullptr) return refuse(name, "true or false");
                c.*member = *value;
                return {};
            },
            [member](const Config& c) { return std::string(c.*member ? "true" : "false"); }};
}

ConfigKey number(std::string_view name, std::int64_t Config::* member, std::int64_t low, std::int64_t high,
                 std::string_view doc) {
    return {std::string(name), "number", std::string(doc),
            [=](Config& c, const ConfigValue& v) -> Status {
                const auto* value = std::get_if<std::int64_t>(&v);
                if (value == nullptr || *value < low || *value > high)
                    return refuse(name,
                                  "a number from " + std::to_string(low) + " to " + std::to_string(high));
                c.*member = *value;
                return {};
            },
            [member](const Config& c) { return std::to_string(c.*member); }};
}

ConfigKey size(std::string_view name, std::int64_t Config::* member, std::int64_t low, std::string_view doc) {
    return {std::string(name), "size", std::string(doc),
            [=](Config& c, const ConfigValue& v) -> Status {
                std::int64_t bytes = -1;
                if (const auto* value = std::get_if<std::int64_t>(&v)) bytes = *value;
                if (const auto* value = std::get_if<std::string>(&v)) {
                    const Result<std::int64_t> parsed = parse_size(*value);
                    if (!parsed) return refuse(name, "a size");
                    bytes = *parsed;
                }
                if (bytes < low) return refuse(name, "a size of at least " + std::to_string(low) + " bytes");
                c.*member = bytes;
                return {};
            },
            [member](const Config& c) {
                const std::int64_t bytes = c.*member;
                if (bytes >= (1 << 30) && bytes % (1 << 30) == 0) return std::to_string(bytes >> 30) + "GiB";
                if (bytes >= (1 << 20) && bytes % (1 << 20) == 0) return std::to_string(bytes >> 20) + "MiB";
                return std::to_string(bytes);
            }};
}

ConfigKey duration(std::string_view name, Duration Config::* member, std::string_view doc) {
    return {std::string(name), "duration", std::string(doc),
            [name, member](Config& c, const ConfigValue& v) -> Status {
                const auto* value = std::get_if<std::string>(&v);
                if (value == nullptr) return refuse(name, "a duration like \"30s\"");
                const Result<Duration> parsed = parse_duration(*value);
                if (!parsed || parsed->count() == 0) return refuse(name, "a duration like \"30s\", not zero");
                c.*member = *parsed;
                return {};
            },
            [member](const Config& c) { return "\"" + to_text(c.*member) + "\""; }};
}

/// One of a few words.
template <class Value>
ConfigKey choice(std::string_view name, Value Config::* member,
                 std::vector<std::pair<std::string_view, Value>> words, std::string_view doc) {
    return {std::string(name), "word", std::string(doc),
            [name, member, words](Config& c, const ConfigValue& v) -> Status {
                const auto* value = std::get_if<std::string>(&v);
                std::string want = "one of";
                for (const auto& [word, meaning] : words) {
                    if (value != nullptr && *value == word) {
                        c.*member = meaning;
                        return {};
                    }
                    want += " \"" + std::string(word) + "\"";
                }
                return refuse(name, want);
            },
            [member, words](const Config& c) {
                for (const auto& [word, meaning] : words)
                    if (c.*member == meaning) return "\"" + std::string(word) + "\"";
                return std::string();
            }};
}

/// A URL of its own for one endpoint.
ConfigKey endpoint_url(const EngineRoute& endpoint) {
    const std::string name = "engine.endpoint_urls." + std::string(endpoint.word);
    return {name, "text", "Another server for `" + std::string(endpoint.path()) + "`",
            [name, word = endpoint.word](Config& c, const ConfigValue& v) -> Status {
                const auto* value = std::get_if<std::string>(&v);
                if (value == nullptr) return refuse(name, "a text");
                c.engine_endpoint_urls.insert_or_assign(std::string(word), *value);
                return {};
            },
            [word = endpoint.word](const Config& c) {
                const auto found = c.engine_endpoint_urls.find(word);
                return "\"" + (found == c.engine_endpoint_urls.end() ? "" : found->second) + "\"";
            }};
}

std::vector<ConfigKey> service_keys() {
    return {
        text("state_dir", &Config::state_dir, "Folder of receipts and replay guards; made when absent"),
        duration("drain_timeout", &Config::drain_timeout,
                 "How long running requests may go on after SIGTERM"),
        number("io_threads", &Config::io_threads, 0, 256,
               "Threads that serve connections; 0 is one per core"),
        text("listen.address", &Config::listen, "Plain HTTP listener; port 0 takes a free port"),
        text("listen.tls.address", &Config::tls_listen,
             "TLS 1.3 listener with the attested key; empty is none"),
        texts("listen.tls.names", &Config::tls_names,
              "Names and addresses in the self-signed certificate and in the certificate request"),
        text("listen.tls.chain_file", &Config::tls_chain_file,
             "PEM chain of a public certificate for the attested key, read again when it changes "
             "(docs/keys.md); empty: self-signed"),
        text("listen.tls.request_file", &Config::tls_request_file,
             "Where the certificate request (PKCS #10) is written when `chain_file` is set; empty: "
             "`tls/request.pem` in state_dir"),
        duration("listen.tls.warn_before", &Config::tls_warn_before,
                 "`/ready` and `lumoz_tls_warning` warn when the public certificate runs out within this "
                 "time"),
        duration("keys.lifetime", &Config::keys_lifetime, "From the birth of keys to their `not_after`"),
        duration("keys.rotate_before", &Config::keys_rotate_before,
                 "New keys are made this long before the old ones end; it should be longer than any answer"),
        text("provenance.repo_url", &Config::provenance_repo_url,
             "Repository of what runs, as reports for ACI's verifiers state it (docs/clients/aci.md)"),
        text("provenance.repo_commit", &Config::provenance_repo_commit, "Its commit: 40 or 64 hex digits"),
        text("provenance.image_digest", &Config::provenance_image_digest,
             "Digest of the image that runs: `sha256:` and 64 hex digits"),
        text("provenance.image_provenance", &Config::provenance_image_provenance,
             "Where the attestation of the image's build is"),
    };
}

/// Where the weights and the engine of a model are.
std::vector<ConfigKey> model_place_keys() {
    return {
        text("model.name", &Config::model_name, "The name clients ask for"),
        text("model.path", &Config::model_path,
             "File or folder of the weights: hashed at start, and loaded by the supervised engine"),
        flag("model.optional", &Config::model_optional,
             "Whether the service starts, and is ready, without this model"),
        choice<EngineKind>("engine.kind", &Config::engine_kind,
                           {{"llama-server", EngineKind::LlamaServer}, {"url", EngineKind::Url}},
                           "`llama-server`: started and watched here; `url`: any OpenAI-compatible engine"),
        text("engine.binary", &Config::engine_binary,
             "Path of llama-server; empty: beside lumozd, then in PATH"),
        text("engine.url", &Config::engine_url, "`http://…`, `https://…` or `unix:/path.sock`"),
        texts("engine.urls", &Config::engine_urls,
              "Instead of `url`: several backends of the same model; the least busy one is asked"),
        text("engine.ca_file", &Config::engine_ca_file, "PEM file of the authorities for an https engine"),
        text("engine.spki_sha256", &Config::engine_spki_sha256,
             "Pin of an https engine's key: SHA-256 of its SubjectPublicKeyInfo in hex"),
        texts("engine.endpoints", &Config::engine_endpoints,
              "What the model answers, by the words of `endpoint_urls`; empty: all that the engine offers"),
    };
}

/// How an engine works.
std::vector<ConfigKey> model_work_keys() {
    return {
        number("engine.context", &Config::engine_context, 0, 10'000'000,
               "Context in tokens; 0 is the model's own"),
        number("engine.parallel", &Config::engine_parallel, 1, 1'024,
               "Requests the engine works on at a time"),
        number("engine.threads", &Config::engine_threads, 0, 1'024,
               "Threads of the engine; 0 is its own choice"),
        flag("engine.embeddings", &Config::engine_embeddings,
             "Whether the engine also answers `/v1/embeddings`"),
        texts(
            "engine.speaks", &Config::engine_speaks,
            "Protocols the engine speaks: \"chat.completions\", \"responses\" (OpenAI), \"messages\" "
            "(Anthropic). What is not named is translated (docs/translation.md); `url` engines without this "
            "key: `[\"chat.completions\"]`"),
        flag("engine.tidy_requests", &Config::engine_tidy_requests,
             "Leaves out members that the protocol does not have, and moves sampling numbers into its range, "
             "for engines that refuse them; receipts say so"),
        number(
            "engine.pool", &Config::engine_pool, 0, 100'000,
            "Idle connections kept to a `url` engine, for each I/O thread; 0 is one connection per request"),
        duration("engine.start_timeout", &Config::engine_start_timeout, "How long the engine may load"),
        duration("engine.connect_timeout", &Config::engine_connect_timeout, "Connecting to the engine"),
        duration("engine.first_byte_timeout", &Config::engine_first_byte_timeout,
                 "From the request to the head of the answer"),
        duration("engine.idle_timeout", &Config::engine_idle_timeout, "Between two pieces of an answer"),
        duration("engine.probe_interval", &Config::engine_probe_interval,
                 "Between two health probes of a `url` engine"),
        duration("engine.probe_timeout", &Config::engine_probe_timeout, "One health probe"),
        number("engine.probe_failures", &Config::engine_probe_failures, 1, 1'000,
               "So many failed probes in a row take a backend out; one that succeeds takes it in"),
        flag("engine.allow_shared_prompt_cache", &Config::allow_shared_prompt_cache,
             "Lets credentials share the engine's prompt cache; others can then learn by timing what was "
             "asked"),
        choice<CatchAll>(
            "engine.catch_all", &Config::engine_catch_all,
            {{"auto", CatchAll::Auto}, {"on", CatchAll::On}, {"off", CatchAll::Off}},
            "Whether other paths under `/v1/` go to the engine (docs/endpoints.md); `auto`: only to "
            "a `url` engine"),
    };
}

std::vector<ConfigKey> endpoint_url_keys() {
    std::vector<ConfigKey> out;
    for (const EngineRoute& endpoint : endpoints())
        out.push_back(endpoint_url(endpoint));
    return out;
}

std::vector<ConfigKey> engine_keys() {
    return {
        text("engine.runtime_dir", &Config::engine_runtime_dir,
             "The engines' sockets are made in folders below this, mode 0700; empty: state_dir"),
        duration("engine.total_timeout", &Config::engine_total_timeout, "One answer as a whole"),
    };
}

std::vector<ConfigKey> evidence_keys() {
    return {
        text("tee.guest_agent_socket", &Config::tee_socket,
             "Socket of the guest agent; empty: the usual places, then configfs-tsm"),
        text("tee.configfs_root", &Config::tee_configfs, "Where configfs-tsm is mounted"),
        duration("tee.timeout", &Config::tee_timeout, "One quote"),
        text("collateral.file", &Config::collateral_file,
             "JSON file of the vendor's collateral, stapled to reports and read again when it changes"),
        text("collateral.service", &Config::collateral_service,
             "Instead of `file`: Intel's provisioning certification service or a caching one, "
             "`https://api.trustedservices.intel.com`; plain `http://` only to this machine"),
        text("collateral.ca_file", &Config::collateral_ca_file,
             "PEM file of the authorities for an https service; empty: the system's"),
        text("collateral.spki_sha256", &Config::collateral_spki_sha256,
             "Pin of an https service's key: SHA-256 of its SubjectPublicKeyInfo in hex"),
        text("collateral.cache", &Config::collateral_cache,
             "Folder of checked documents of the service; empty: `collateral` in state_dir"),
        choice<bool>("collateral.update", &Config::collateral_early, {{"standard", false}, {"early", true}},
                     "`standard`: the data set in force; `early`: the newest one"),
        number("collateral.evaluation", &Config::collateral_evaluation, 0, 0xffffffff,
               "One data set by its evaluation number; 0: by `update`"),
        texts(
            "collateral.roots", &Config::collateral_roots,
            "Further roots that the service's documents may have, each SHA-256 of a SubjectPublicKeyInfo in "
            "hex"),
        duration("collateral.refresh", &Config::collateral_refresh,
                 "A document is asked for again after this time, or half of its life if that is sooner"),
        duration(
            "collateral.warn_before", &Config::collateral_warn_before,
            "`/ready` and `lumoz_collateral_warning` warn when the collateral runs out within this time"),
    };
}

std::vector<ConfigKey> auth_keys() {
    return {
        text("auth.token_file", &Config::token_file,
             "Lines of `name sha256:<hex of the token>`; empty: no authentication, receipts are open"),
        text("auth.check_url", &Config::check_url,
             "Service that knows further tokens, asked by `POST URL/v1/check_api_key`; https, or this "
             "machine; "
             "empty: none"),
        text("auth.check_prefix", &Config::check_prefix, "How tokens begin that the service is asked about"),
        text("auth.check_ca_file", &Config::check_ca_file,
             "PEM file of the authorities for the service; empty: the system's"),
        text("auth.check_spki_sha256", &Config::check_spki_sha256,
             "Pin of the service's key: SHA-256 of its SubjectPublicKeyInfo in hex"),
        number("auth.check_retries", &Config::check_retries, 0, 10,
               "Times that a question or a report is sent again after network errors and statuses 5xx"),
        duration("auth.check_backoff", &Config::check_backoff,
                 "Longest wait before the first repetition; it doubles each time, and chance shortens it"),
        duration("auth.check_timeout", &Config::check_timeout, "One question or report"),
        duration("auth.check_cache", &Config::check_cache,
                 "A good token is not asked about again within this time; a refused one within a twelfth"),
        flag("auth.report_usage", &Config::report_usage,
             "Tells the service what each answer to its tokens cost, by `POST URL/v1/usage`"),
        texts("auth.request_hash_from", &Config::request_hash_from,
              "Names of credentials whose `X-Request-Hash` is signed instead of the hash of the bytes "
              "received; the receipt says so"),
        flag("signatures.open", &Config::signatures_open, "Lets any credential, and none, read any receipt"),
    };
}

std::vector<ConfigKey> receipt_keys() {
    return {
        text(
            "receipts.url", &Config::receipts_url,
            "`postgres://user@host/database?sslmode=verify-full&sslrootcert=/ca.pem` or "
            "`postgres://user@/database?host=/run/postgresql`: a database that replicas share; empty: SQLite "
            "in state_dir"),
        text("receipts.password_file", &Config::receipts_password_file,
             "File whose first line is the database's password; the URL must not have one"),
        flag("receipts.allow_plain_database", &Config::allow_plain_database,
             "Lets `receipts.url` name another machine without verified TLS; who is between can then read, "
             "forge and drop what is stored"),
        choice<bool>(
            "receipts.durability", &Config::receipts_relaxed, {{"full", false}, {"relaxed", true}},
            "`full`: no answer is complete before its receipt is on disk; `relaxed`: a crash may lose some"),
        duration("receipts.max_age", &Config::receipts_max_age, "Receipts are kept this long"),
        size("receipts.max_bytes", &Config::receipts_max_bytes, 1 << 20,
             "And up to this size, oldest out first; of all replicas together in a shared database"),
        size("receipts.min_free_bytes", &Config::receipts_min_free_bytes, 0,
             "Below this much free disk nothing new is answered; SQLite only"),
        size("receipts.ballast_bytes", &Config::receipts_ballast_bytes, 0,
             "Reserve that is released so that deleting works on a full disk; SQLite only"),
        flag("receipts.insert_ids", &Config::insert_ids,
             "Puts an `id` into whole JSON answers that have none; the receipt says so"),
    };
}

std::vector<ConfigKey> limit_keys() {
    return {
        size("limits.body_bytes", &Config::max_body_bytes, 1'024, "Largest request body that is JSON"),
        size("limits.image_bytes", &Config::max_image_bytes, 1'024, "Largest multipart body with pictures"),
        size("limits.audio_bytes", &Config::max_audio_bytes, 1'024, "Largest multipart body with sound"),
        number("limits.json_depth", &Config::max_json_depth, 4, 512, "Deepest nesting of a request"),
        size("limits.header_bytes", &Config::max_header_bytes, 1'024, "Largest request head"),
        number("limits.connections", &Config::max_connections, 1, 1'000'000,
               "Open connections, all listeners"),
        number("limits.requests_per_second", &Config::requests_per_second, 0, 1'000'000,
               "Requests per second and client address, burst of two seconds; 0 is no limit"),
        number("limits.requests_per_second_per_credential", &Config::requests_per_credential, 0, 1'000'000,
               "The same by the name of the credential"),
        texts("limits.trusted_proxies", &Config::trusted_proxies,
              "Addresses and prefixes of proxies that say truly who the client is: `10.0.0.0/8`, `::1`"),
        choice<bool>("limits.forwarded_header", &Config::forwarded_rfc7239,
                     {{"x-forwarded-for", false}, {"forwarded", true}},
                     "The header that the trusted proxies write; the other is not looked at"),
        number("limits.ipv6_prefix", &Config::ipv6_prefix, 1, 128,
               "IPv6 clients count as one if their addresses have so many first bits in common"),
        size("limits.inline_proof_bytes", &Config::inline_proof_bytes, 0,
             "Largest answer that `X-Proof: inline` buffers; beyond it the proof is a trailer"),
        duration("limits.header_timeout", &Config::header_timeout, "For the head of a request"),
        duration("limits.body_timeout", &Config::body_timeout,
                 "For the body of a request; of one that is streamed, for each piece"),
        duration("limits.upload_timeout", &Config::upload_timeout, "For a streamed body as a whole"),
        duration("limits.realtime_idle_timeout", &Config::realtime_idle_timeout,
                 "For a WebSocket of `/v1/realtime` without a byte in either direction"),
        duration("limits.idle_timeout", &Config::idle_timeout, "Between two requests on a connection"),
        duration("limits.write_timeout", &Config::write_timeout, "For a client that does not read"),
        texts("replicas.siblings", &Config::siblings,
              "Base URLs of the replicas behind the same balancer: reports list their nodes, and a node "
              "is found by its signing address at each of them"),
        duration("replicas.timeout", &Config::sibling_timeout,
                 "A replica that has not answered by then is left out of the report"),
        text("log.level", &Config::log_level, "`debug`, `info`, `warn` or `error`"),
        flag("metrics.compatible", &Config::compatible_metrics,
             "`/metrics` says the same once more under the names of other services of this kind"),
    };
}

}  // namespace

std::string_view ConfigKey::short_name() const {
    return name == "engine.kind" ? "engine" : std::string_view(name).substr(name.find('.') + 1);
}

std::span<const ConfigKey> config_keys() {
    static const std::vector<ConfigKey> keys = [] {
        std::vector<ConfigKey> all;
        const auto add = [&all](std::vector<ConfigKey> part, bool of_model) {
            for (ConfigKey& key : part) {
                key.of_model = of_model;
                all.push_back(std::move(key));
            }
        };
        add(service_keys(), false);
        add(model_place_keys(), true);
        add(model_work_keys(), true);
        add(engine_keys(), false);
        add(endpoint_url_keys(), true);
        add(evidence_keys(), false);
        add(auth_keys(), false);
        add(receipt_keys(), false);
        add(limit_keys(), false);
        return all;
    }();
    return keys;
}

}  // namespace lumoz::gateway
