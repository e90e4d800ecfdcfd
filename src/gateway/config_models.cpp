// SPDX-License-Identifier: Apache-2.0
#include "gateway/config_models.hpp"

#include "base/hex.hpp"
#include "base/nearest.hpp"
#include "gateway/config_keys.hpp"
#include "gateway/engine_routes.hpp"

#include <algorithm>
#include <charconv>
#include <set>

namespace lumoz::gateway {
namespace {

constexpr std::string_view kPrefix = "models[";
constexpr std::size_t kMostModels = 64;
constexpr std::size_t kMostBackends = 64;

std::unexpected<Error> refuse(std::string detail) {
    return fail(Errc::Usage, "E_CONFIG", "gateway.config", std::move(detail));
}

/// `models[12].name` in parts.
struct TableKey {
    std::size_t index = 0;
    std::string_view name;
};
std::optional<TableKey> split(std::string_view key) {
    if (!key.starts_with(kPrefix)) return std::nullopt;
    key.remove_prefix(kPrefix.size());
    TableKey out;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), out.index);
    key.remove_prefix(static_cast<std::size_t>(end - key.data()));
    if (error != std::errc() || !key.starts_with("].")) return std::nullopt;
    out.name = key.substr(2);
    return out;
}

const ConfigKey* find_key(std::string_view short_name) {
    for (const ConfigKey& key : config_keys())
        if (key.of_model && key.short_name() == short_name) return &key;
    return nullptr;
}

/// Names keys as the configuration does: `engine.url` of the one model, `models[1].url` of an element.
struct Place {
    std::string table;  ///< `models[1]`; empty: the one model
    [[nodiscard]] std::string key(std::string_view name) const {
        if (table.empty()) return std::string(name);
        for (const ConfigKey& known : config_keys())
            if (known.name == name) return table + "." + std::string(known.short_name());
        return table + "." + std::string(name);
    }
};

Status set_one(const Place& place, std::string_view name, const ConfigValue& value, ModelConfig& model) {
    const ConfigKey* key = find_key(name);
    if (key == nullptr) {
        std::vector<std::string_view> known;
        for (const ConfigKey& k : config_keys())
            if (k.of_model) known.push_back(k.short_name());
        const std::string_view nearest =
            nearest_name(name, known, [](std::string_view word) { return word; });
        return refuse("unknown key `" + place.table + "." + std::string(name) + "`; did you mean `" +
                      place.table + "." + std::string(nearest) + "`?");
    }
    Config holder;
    static_cast<ModelConfig&>(holder) = model;
    if (Status set = key->set(holder, value); !set) {
        Error error = std::move(set).error();
        const std::string flat = "`" + std::string(key->name) + "`";
        if (const std::size_t at = error.detail.find(flat); at != std::string::npos)
            error.detail.replace(at, flat.size(), "`" + place.key(key->name) + "`");
        return std::unexpected(std::move(error));
    }
    model = static_cast<const ModelConfig&>(holder);
    return {};
}

Status check_endpoints(const ModelConfig& m, const Place& place) {
    for (const std::string& word : m.engine_endpoints) {
        if (endpoint_of_word(word) != nullptr) continue;
        const std::string_view nearest =
            nearest_name(word, endpoints(), [](const EngineRoute& e) { return e.word; });
        return refuse(place.key("engine.endpoints") + ": `" + word.substr(0, 64) +
                      "` is no endpoint; did you mean `" + std::string(nearest) + "`?");
    }
    for (const auto& [word, url] : m.engine_endpoint_urls) {
        const bool answered = m.engine_endpoints.empty() ||
                              std::ranges::find(m.engine_endpoints, word) != m.engine_endpoints.end();
        if (!url.empty() && !answered)
            return refuse(place.key("engine.endpoint_urls." + word) + " says nothing: `" + word +
                          "` is not in " + place.key("engine.endpoints"));
    }
    return {};
}

Status check_speaks(const ModelConfig& m, const Place& place) {
    const std::string key = place.key("engine.speaks");
    bool translatable = false;
    for (const std::string& protocol : m.engine_speaks) {
        if (protocol != "chat.completions" && protocol != "messages" && protocol != "responses")
            return refuse(key + " may name \"chat.completions\", \"messages\" and \"responses\"");
        translatable = translatable || protocol != "responses";
    }
    if (!translatable) return refuse(key + " must name \"chat.completions\" or \"messages\"");
    return {};
}

/// llama-server is known to speak all; of another engine only its operator knows.
void speak_by_kind(ModelConfig& m, const ConfigValues& values, const Place& place) {
    const bool said = values.contains("engine.speaks") || values.contains(place.key("engine.speaks"));
    if (m.engine_kind == EngineKind::Url && !said) m.engine_speaks = {"chat.completions"};
}

Status check_model(const ModelConfig& m, const Place& place) {
    if (m.model_name.empty() || m.model_name.size() > 256)
        return refuse(place.key("model.name") + " must have 1 to 256 bytes");
    const std::string kind = place.key("engine.kind");
    if (!m.engine_url.empty() && !m.engine_urls.empty())
        return refuse(place.key("engine.url") + " and " + place.key("engine.urls") + " exclude each other");
    const std::vector<std::string> urls = m.backend_urls();
    if (m.engine_kind == EngineKind::Url && urls.empty())
        return refuse(place.key("engine.url") + " is needed when " + kind + " is \"url\"");
    if (urls.size() > kMostBackends)
        return refuse(place.key("engine.urls") + " has more than " + std::to_string(kMostBackends) +
                      " elements");
    for (std::size_t i = 0; i < urls.size(); ++i) {
        if (std::find(urls.begin(), urls.begin() + static_cast<std::ptrdiff_t>(i), urls[i]) !=
            urls.begin() + static_cast<std::ptrdiff_t>(i))
            return refuse(place.key("engine.urls") + " has an element twice");
    }
    if (m.engine_kind == EngineKind::LlamaServer && m.model_path.empty())
        return refuse(place.key("model.path") + " is needed when " + kind + " is \"llama-server\"");
    if (m.engine_kind == EngineKind::LlamaServer && !urls.empty())
        return refuse(place.key("engine.url") + " needs " + kind + " = \"url\"");
    if (!m.engine_spki_sha256.empty() && !fixed_from_hex<Digest256>(m.engine_spki_sha256))
        return refuse(place.key("engine.spki_sha256") + " must be 64 hex digits");
    LUMOZ_CHECK_OK(check_speaks(m, place));
    return check_endpoints(m, place);
}

/// Keys of one model that stand outside its table.
Status check_no_flat_keys(const ConfigValues& values) {
    for (const auto& [name, value] : values) {
        const bool one = name.starts_with("model.") || name.starts_with("engine.endpoint") ||
                         name == "engine.kind" || name == "engine.url" || name == "engine.urls";
        if (one)
            return refuse("`" + name + "` and [[models]] exclude each other: say it in the model's table");
    }
    return {};
}

}  // namespace

std::vector<std::string> ModelConfig::backend_urls() const {
    return engine_url.empty() ? engine_urls : std::vector<std::string>{engine_url};
}

bool is_of_model_table(std::string_view key) {
    return split(key).has_value();
}

Status read_models(const ConfigValues& values, Config& config) {
    std::map<std::size_t, ModelConfig> tables;
    const ModelConfig& shared = config;
    for (const auto& [name, value] : values) {
        const std::optional<TableKey> key = split(name);
        if (!key) continue;
        const Place place{"models[" + std::to_string(key->index) + "]"};
        ModelConfig& model = tables.try_emplace(key->index, shared).first->second;
        LUMOZ_CHECK_OK(set_one(place, key->name, value, model));
    }
    if (tables.empty()) {
        speak_by_kind(config, values, Place{});
        config.models = {shared};
        return check_model(shared, Place{});
    }
    config.model_tables = true;
    LUMOZ_CHECK_OK(check_no_flat_keys(values));
    if (tables.size() > kMostModels)
        return refuse("[[models]] has more than " + std::to_string(kMostModels) + " elements");
    std::set<std::string_view> names;
    for (auto& [index, model] : tables) {
        const Place place{"models[" + std::to_string(index) + "]"};
        speak_by_kind(model, values, place);
        if (!values.contains(place.key("model.name"))) return refuse(place.key("model.name") + " is needed");
        LUMOZ_CHECK_OK(check_model(model, place));
        if (!names.insert(model.model_name).second)
            return refuse(place.key("model.name") + " is the name of another model");
    }
    for (auto& [index, model] : tables)
        config.models.push_back(std::move(model));
    return {};
}

void write_models(json::Writer& out, const std::vector<ModelConfig>& models) {
    std::map<std::string_view, const ModelConfig*> by_name;
    for (const ModelConfig& model : models)
        by_name.emplace(model.model_name, &model);
    std::map<std::string_view, const ConfigKey*> keys;
    for (const ConfigKey& key : config_keys())
        if (key.of_model) keys.emplace(key.short_name(), &key);
    out.array();
    for (const auto& [name, model] : by_name) {
        Config holder;
        static_cast<ModelConfig&>(holder) = *model;
        out.object();
        for (const auto& [key_name, key] : keys)
            out.key(key_name).string(key->show(holder));
        out.end();
    }
    out.end();
}

std::string models_reference() {
    std::string out =
        "\n## `[[models]]`\n\n"
        "Several models: one table each, instead of `[model]`. What a table does not say is as `[engine]` "
        "says. "
        "`name` is needed.\n\n| Key | As |\n|---|---|\n";
    for (const ConfigKey& key : config_keys())
        if (key.of_model) out += "| `" + std::string(key.short_name()) + "` | `" + key.name + "` |\n";
    return out;
}

}  // namespace lumoz::gateway
