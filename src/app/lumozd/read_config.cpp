// SPDX-License-Identifier: Apache-2.0
#include "app/lumozd/read_config.hpp"

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>

#include <fstream>

namespace lumoz::app {
namespace {

using gateway::ConfigValues;

constexpr std::size_t kMaxFile = std::size_t{1} << 20;
constexpr int kMaxDepth = 4;

std::unexpected<Error> refuse(std::string detail) {
    return fail(Errc::Usage, "E_CONFIG", "app.config", std::move(detail));
}

std::string place(const toml::node& node) {
    return "line " + std::to_string(node.source().begin.line);
}

Result<gateway::ConfigValue> value_of(const toml::node& node, const std::string& name) {
    if (const auto* text = node.as_string()) return gateway::ConfigValue(text->get());
    if (const auto* number = node.as_integer()) return gateway::ConfigValue(number->get());
    if (const auto* flag = node.as_boolean()) return gateway::ConfigValue(flag->get());
    if (const auto* list = node.as_array()) {
        std::vector<std::string> texts;
        for (const toml::node& item : *list) {
            const auto* text = item.as_string();
            if (text == nullptr) return refuse(place(node) + ": `" + name + "` must be a list of texts");
            texts.push_back(text->get());
        }
        return gateway::ConfigValue(std::move(texts));
    }
    return refuse(place(node) + ": `" + name + "` has a kind of value that no key has");
}

Status flatten(const toml::table& table, const std::string& prefix, int depth, ConfigValues& out);

/// `[[models]]`: `models[0].name` and so on.
Status flatten_tables(const toml::array& list, const std::string& name, int depth, ConfigValues& out) {
    std::size_t index = 0;
    for (const toml::node& item : list) {
        const std::string element = name + "[" + std::to_string(index++) + "]";
        if (item.as_table()->empty()) return refuse(place(item) + ": `" + element + "` says nothing");
        LUMOZ_CHECK_OK(flatten(*item.as_table(), element + ".", depth + 1, out));
    }
    return {};
}

Status flatten(const toml::table& table, const std::string& prefix, int depth, ConfigValues& out) {
    if (depth > kMaxDepth) return refuse("tables are nested too deep");
    for (const auto& [key, node] : table) {
        const std::string name = prefix + std::string(key.str());
        if (const toml::table* inner = node.as_table()) {
            LUMOZ_CHECK_OK(flatten(*inner, name + ".", depth + 1, out));
            continue;
        }
        if (const toml::array* list = node.as_array(); list != nullptr && list->is_array_of_tables()) {
            LUMOZ_CHECK_OK(flatten_tables(*list, name, depth, out));
            continue;
        }
        LUMOZ_TRY(auto value, value_of(node, name));
        out.emplace(name, std::move(value));
    }
    return {};
}

}  // namespace

Result<ConfigValues> read_toml(std::string_view text) {
    const toml::parse_result parsed = toml::parse(text);
    if (!parsed) {
        const toml::source_position at = parsed.error().source().begin;
        return refuse("line " + std::to_string(at.line) + ", column " + std::to_string(at.column) + ": " +
                      std::string(parsed.error().description()));
    }
    ConfigValues values;
    LUMOZ_CHECK_OK(flatten(parsed.table(), "", 0, values));
    return values;
}

Result<gateway::Config> read_config(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) return refuse("cannot open " + path);
    std::string text(kMaxFile + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (text.size() > kMaxFile) return refuse(path + " is larger than 1 MiB");
    LUMOZ_TRY(const ConfigValues values, read_toml(text));
    return gateway::make_config(values);
}

}  // namespace lumoz::app
