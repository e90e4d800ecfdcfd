// SPDX-License-Identifier: Apache-2.0
#include "gateway/config.hpp"

#include "base/hex.hpp"
#include "base/json.hpp"
#include "base/nearest.hpp"
#include "gateway/config_keys.hpp"
#include "gateway/config_models.hpp"
#include "gateway/ip_address.hpp"
#include "net/client.hpp"
#include "store/pg_target.hpp"

#include <charconv>

namespace lumoz::gateway {
namespace {

constexpr std::string_view kWhere = "gateway.config";

std::unexpected<Error> refuse(std::string detail) {
    return fail(Errc::Usage, "E_CONFIG", kWhere, std::move(detail));
}

std::string_view nearest_key(std::string_view name) {
    return nearest_name(name, config_keys(), [](const ConfigKey& key) { return std::string_view(key.name); });
}

Status validate_check(const Config& c) {
    if (c.check_url.empty()) return {};
    const Result<net::Url> url = net::parse_url(c.check_url);
    if (!url) return refuse("auth.check_url is no URL: " + url.error().detail);
    if (url->scheme != net::Url::Scheme::Https && !url->is_loopback())
        return refuse("auth.check_url must be https: tokens go there");
    if (!c.check_spki_sha256.empty() && !fixed_from_hex<Digest256>(c.check_spki_sha256))
        return refuse("auth.check_spki_sha256 must be 64 hex digits");
    return {};
}

/// What a verifier compares must be in the one form that it knows.
Status validate_provenance(const Config& c) {
    const std::string& commit = c.provenance_repo_commit;
    if (!commit.empty() && (!is_lower_hex(commit) || (commit.size() != 40 && commit.size() != 64)))
        return refuse("provenance.repo_commit must be 40 or 64 lowercase hex digits");
    if (c.provenance_repo_url.empty() != commit.empty())
        return refuse("provenance.repo_url and provenance.repo_commit belong together");
    const std::string_view digest = c.provenance_image_digest;
    if (!digest.empty() &&
        (!digest.starts_with("sha256:") || digest.size() != 71 || !is_lower_hex(digest.substr(7))))
        return refuse("provenance.image_digest must be `sha256:` and 64 lowercase hex digits");
    if (!c.provenance_image_provenance.empty() && digest.empty())
        return refuse("provenance.image_provenance says nothing without provenance.image_digest");
    return {};
}

Status validate(const Config& c) {
    LUMOZ_CHECK_OK(parse_host_port(c.listen));
    if (!c.tls_listen.empty()) {
        LUMOZ_CHECK_OK(parse_host_port(c.tls_listen));
    }
    if (!c.tls_listen.empty() && c.tls_names.empty())
        return refuse("listen.tls.names must not be empty when listen.tls.address is set");
    if (!c.tls_chain_file.empty() && c.tls_listen.empty())
        return refuse("listen.tls.chain_file needs listen.tls.address");
    if (c.keys_lifetime < std::chrono::seconds(1) || c.keys_lifetime > std::chrono::hours(24 * 90))
        return refuse("keys.lifetime must be 1s to 90d");
    if (c.keys_rotate_before >= c.keys_lifetime)
        return refuse("keys.rotate_before must be shorter than keys.lifetime");
    if (!c.collateral_file.empty() && !c.collateral_service.empty())
        return refuse("collateral.file and collateral.service exclude each other");
    if (!c.collateral_spki_sha256.empty() && !fixed_from_hex<Digest256>(c.collateral_spki_sha256))
        return refuse("collateral.spki_sha256 must be 64 hex digits");
    for (const std::string& root : c.collateral_roots)
        if (!fixed_from_hex<Digest256>(root)) return refuse("collateral.roots must be 64 hex digits each");
    if (c.receipts_url.empty() && (!c.receipts_password_file.empty() || c.allow_plain_database))
        return refuse("receipts.password_file and receipts.allow_plain_database need receipts.url");
    if (!c.receipts_url.empty()) {
        const auto target =
            store::read_pg_target(c.receipts_url, c.receipts_password_file, c.allow_plain_database);
        if (!target) return refuse(target.error().detail);
    }
    if (c.signatures_open && !authentication_on(c))
        return refuse("signatures.open says nothing without auth.token_file: receipts are open then");
    for (const std::string& proxy : c.trusted_proxies) {
        if (const auto prefix = parse_prefix(proxy); !prefix)
            return refuse("limits.trusted_proxies: " + prefix.error().detail);
    }
    if (!c.request_hash_from.empty() && c.token_file.empty())
        return refuse("auth.request_hash_from names credentials of auth.token_file, which is not set");
    LUMOZ_CHECK_OK(validate_provenance(c));
    return validate_check(c);
}

}  // namespace

Result<Config> make_config(const ConfigValues& values) {
    Config config;
    for (const auto& [name, value] : values) {
        if (is_of_model_table(name)) continue;
        const ConfigKey* found = nullptr;
        for (const ConfigKey& key : config_keys())
            if (key.name == name) found = &key;
        if (found == nullptr)
            return refuse("unknown key `" + name + "`; did you mean `" + std::string(nearest_key(name)) +
                          "`?");
        LUMOZ_CHECK_OK(found->set(config, value));
    }
    LUMOZ_CHECK_OK(read_models(values, config));
    LUMOZ_CHECK_OK(validate(config));
    return config;
}

std::string config_reference() {
    std::string out =
        "# Configuration reference\n\n"
        "`lumozd --config FILE` reads one TOML file. Every key has a default; unknown keys are errors. "
        "Durations\n"
        "are texts like `250ms`, `30s`, `5m`, `2h`, `30d`; sizes are numbers of bytes or texts like "
        "`10MiB`.\n"
        "This page is written by `lumozd --print-config-reference`.\n";
    std::string section = "-";
    const Config defaults;
    for (const ConfigKey& key : config_keys()) {
        const std::size_t dot = key.name.rfind('.');
        const std::string here = key.name.substr(0, dot == std::string::npos ? 0 : dot);
        if (here != section) {
            section = here;
            out += "\n## " + (here.empty() ? std::string("Top level") : "`[" + here + "]`") +
                   "\n\n| Key | Type | Default | Meaning |\n|---|---|---|---|\n";
        }
        out += "| `" + key.name.substr(dot + 1) + "` | " + std::string(key.type) + " | `" +
               key.show(defaults) + "` | " + key.doc + " |\n";
    }
    return out + models_reference();
}

std::string effective_config_json(const Config& config) {
    std::map<std::string_view, const ConfigKey*> by_name;
    for (const ConfigKey& key : config_keys())
        if (!key.of_model || !config.model_tables) by_name.emplace(key.name, &key);
    if (config.model_tables) by_name.emplace("models", nullptr);
    json::Writer w;
    w.object();
    for (const auto& [name, key] : by_name) {
        w.key(name);
        if (key != nullptr) {
            w.string(key->show(config));
        } else {
            write_models(w, config.models);
        }
    }
    w.end();
    return std::move(w).text();
}

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
    std::int64_t scale = 0;
    if (unit == "ms") scale = 1;
    if (unit == "s") scale = 1'000;
    if (unit == "m") scale = 60'000;
    if (unit == "h") scale = 3'600'000;
    if (unit == "d") scale = 86'400'000;
    if (error != std::errc() || scale == 0 || number < 0 || number > 100'000'000)
        return refuse("`" + std::string(text) + "` is no duration; want a number and ms, s, m, h or d");
    return std::chrono::milliseconds(number * scale);
}

std::string to_text(std::chrono::milliseconds duration) {
    const std::int64_t ms = duration.count();
    for (const auto& [scale, unit] : {std::pair{std::int64_t{86'400'000}, "d"},
                                      {std::int64_t{3'600'000}, "h"},
                                      {std::int64_t{60'000}, "m"},
                                      {std::int64_t{1'000}, "s"}})
        if (ms != 0 && ms % scale == 0) return std::to_string(ms / scale) + unit;
    return std::to_string(ms) + "ms";
}

Result<std::int64_t> parse_size(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
    int shift = -1;
    if (unit.empty()) shift = 0;
    if (unit == "KiB") shift = 10;
    if (unit == "MiB") shift = 20;
    if (unit == "GiB") shift = 30;
    if (error != std::errc() || shift < 0 || number < 0 || number > (std::int64_t{1} << 32))
        return refuse("`" + std::string(text) + "` is no size; want bytes, or a number and KiB, MiB or GiB");
    return number << shift;
}

Result<HostPort> parse_host_port(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0)
        return refuse("`" + std::string(text) + "` is no address; want HOST:PORT");
    std::string_view host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const std::string_view port = text.substr(colon + 1);
    unsigned number = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (error != std::errc() || end != port.data() + port.size() || number > 65'535)
        return refuse("`" + std::string(text) + "` has no port from 0 to 65535");
    return HostPort{std::string(host), static_cast<std::uint16_t>(number)};
}

}  // namespace lumoz::gateway
