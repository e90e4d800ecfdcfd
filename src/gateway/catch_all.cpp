// SPDX-License-Identifier: Apache-2.0
#include "gateway/catch_all.hpp"

#include <algorithm>
#include <array>

namespace lumoz::gateway {
namespace {

constexpr std::string_view kPrefix = "/v1/";
constexpr std::size_t kMaxPath = 1'024;

/// First segments that are ours: an engine must not answer for evidence, receipts or state of the service.
constexpr std::array<std::string_view, 13> kOurs{"aci",       "admin",   "attestation", "e2ee",  "evidence",
                                                 "health",    "keyset",  "models",      "ohttp", "realtime",
                                                 "signature", "metrics", "usage"};
/// First segments behind which engines keep things of one client that another one could ask for by name.
constexpr std::array<std::string_view, 11> kStateful{
    "assistants", "batches", "containers", "conversations", "files",        "fine_tuning",
    "responses",  "evals",   "threads",    "uploads",       "vector_stores"};
/// Segments anywhere that control an engine or show what others ask of it.
constexpr std::array<std::string_view, 9> kControl{
    "control", "cors-proxy", "load_lora_adapter",   "lora-adapters", "props",
    "slots",   "tools",      "unload_lora_adapter", "stream"};

template <std::size_t N>
bool holds(const std::array<std::string_view, N>& list, std::string_view name) {
    return std::ranges::find(list, name) != list.end();
}

/// Stored answers and the like lie below pages of ours.
constexpr std::array<std::string_view, 3> kBelowOurs{"/v1/chat/completions/", "/v1/completions/",
                                                     "/v1/messages/batches"};

/// A segment as servers compare it: without path parameters, in small letters.
std::string plain(std::string_view segment) {
    std::string out(segment.substr(0, std::min(segment.find(';'), segment.size())));
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

bool is_denied(std::string_view name, std::size_t index) {
    if (name.empty() || name == "." || holds(kControl, name)) return true;
    return index == 0 && (holds(kOurs, name) || holds(kStateful, name) || name.starts_with("stream"));
}

}  // namespace

bool is_catch_all_path(std::string_view path) {
    if (!path.starts_with(kPrefix) || path.size() > kMaxPath) return false;
    const bool plain_text =
        std::ranges::all_of(path, [](char c) { return c > ' ' && c <= '~' && c != '%' && c != '\\'; });
    if (!plain_text) return false;
    std::string_view rest = path.substr(kPrefix.size());
    std::string compared = "/v1";
    for (std::size_t index = 0;; ++index) {
        const std::size_t end = std::min(rest.find('/'), rest.size());
        const std::string name = plain(rest.substr(0, end));
        if (is_denied(name, index)) return false;
        compared.append("/").append(name);
        if (end == rest.size()) break;
        rest.remove_prefix(end + 1);
    }
    return std::ranges::none_of(kBelowOurs,
                                [&](std::string_view below) { return compared.starts_with(below); });
}

bool is_catch_all_method(std::string_view method) {
    constexpr std::array<std::string_view, 5> kMethods{"GET", "POST", "PUT", "PATCH", "DELETE"};
    return holds(kMethods, method);
}

bool catch_all_allowed(const ModelConfig& model) {
    if (model.engine_catch_all == CatchAll::Auto) return model.engine_kind == EngineKind::Url;
    return model.engine_catch_all == CatchAll::On;
}

}  // namespace lumoz::gateway
