// SPDX-License-Identifier: Apache-2.0
#include "gateway/router.hpp"

#include "gateway/catch_all.hpp"

#include <array>

namespace lumoz::gateway {
namespace {

struct Entry {
    std::string_view method;
    std::string_view name;  ///< the path; what stands in braces at its end is a parameter
    Page page;
};

constexpr std::array kEntries{
    Entry{"GET", "/", Page::Root},
    Entry{"GET", "/version", Page::Version},
    Entry{"GET", "/health", Page::Health},
    Entry{"GET", "/v1/health", Page::Health},
    Entry{"GET", "/ready", Page::Ready},
    Entry{"GET", "/metrics", Page::Metrics},
    Entry{"GET", "/local-metrics", Page::Metrics},
    Entry{"GET", "/v1/metrics", Page::EngineMetrics},
    Entry{"GET", "/v1/models", Page::Models},
    Entry{"GET", "/v1/models/{model}", Page::ModelEntry},
    Entry{"GET", "/v1/signature/{id}", Page::Signature},
    Entry{"GET", "/v1/aci/receipts/{id}", Page::Receipt},
    Entry{"GET", "/v1/attestation/report", Page::Report},
    Entry{"GET", "/v1/aci/attestation", Page::AciAttestation},
    Entry{"GET", "/.well-known/tinfoil-attestation", Page::TinfoilAttestation},
    Entry{"GET", "/.well-known/tinfoil-certificate", Page::TinfoilCertificate},
    Entry{"GET", "/v1/evidence/{digest}", Page::Evidence},
    Entry{"GET", "/v1/usage", Page::Usage},
    Entry{"POST", "/v1/chat/completions", Page::ChatCompletions},
    Entry{"POST", "/v1/completions", Page::Completions},
    Entry{"POST", "/v1/embeddings", Page::Embeddings},
    Entry{"POST", "/v1/messages", Page::Messages},
    Entry{"POST", "/v1/responses", Page::Responses},
    Entry{"POST", "/v1/rerank", Page::Rerank},
    Entry{"POST", "/v1/score", Page::Score},
    Entry{"POST", "/v1/images/generations", Page::ImagesGenerations},
    Entry{"POST", "/v1/images/edits", Page::ImagesEdits},
    Entry{"POST", "/v1/audio/transcriptions", Page::AudioTranscriptions},
    Entry{"POST", "/v1/audio/speech", Page::AudioSpeech},
    Entry{"POST", "/v1/tokenize", Page::Tokenize},
    Entry{"GET", "/v1/realtime", Page::Realtime},
};
constexpr std::string_view kCatchAllName = "/v1/{path}";

std::optional<int> hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return std::nullopt;
}

/// The parameter of a path of this page, empty where the page has none; nothing for another path.
std::optional<std::string_view> parameter_of(const Entry& entry, std::string_view path) {
    const std::size_t brace = entry.name.find('{');
    if (brace == std::string_view::npos) return path == entry.name ? std::optional("") : std::nullopt;
    if (!path.starts_with(entry.name.substr(0, brace)) || path.size() == brace) return std::nullopt;
    const std::string_view parameter = path.substr(brace);
    if (entry.page != Page::ModelEntry && parameter.contains('/')) return std::nullopt;
    return parameter;
}

}  // namespace

std::string_view method_of(Page page) {
    for (const Entry& entry : kEntries)
        if (entry.page == page) return entry.method;
    return "other";
}

std::string_view page_name(Page page) {
    for (const Entry& entry : kEntries)
        if (entry.page == page) return entry.name;
    return kCatchAllName;
}

bool is_inference(Page page) {
    return page >= Page::ChatCompletions;
}

bool needs_credential(Page page) {
    return is_inference(page) || page == Page::Signature || page == Page::Receipt || page == Page::Usage;
}

std::optional<std::string> percent_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out.push_back(text[i]);
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        const std::optional<int> high = hex_digit(text[i + 1]);
        const std::optional<int> low = hex_digit(text[i + 2]);
        if (!high || !low) return std::nullopt;
        out.push_back(static_cast<char>(*high * 16 + *low));
        i += 2;
    }
    return out;
}

std::optional<std::string> query_value(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        const std::string_view pair = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        const std::size_t equals = std::min(pair.find('='), pair.size());
        if (pair.substr(0, equals) != name) continue;
        return percent_decode(pair.substr(std::min(equals + 1, pair.size())));
    }
    return std::nullopt;
}

std::expected<Route, ApiError> find_route(std::string_view method, std::string_view target) {
    const std::string_view raw_path = target.substr(0, std::min(target.find('?'), target.size()));
    const std::optional<std::string> path = percent_decode(raw_path);
    constexpr std::string_view kForbidden("\\\0", 2);
    if (!path || !path->starts_with('/') || path->find("..") != std::string::npos ||
        path->find_first_of(kForbidden) != std::string::npos)
        return std::unexpected(api_error(Failure::BadRequest, "The path is not acceptable"));
    bool known_path = false;
    for (const Entry& entry : kEntries) {
        const std::optional<std::string_view> parameter = parameter_of(entry, *path);
        if (!parameter) continue;
        known_path = true;
        if (entry.method == method) return Route{entry.page, entry.name, std::string(*parameter)};
    }
    if (!known_path && is_catch_all_path(*path)) {
        if (is_catch_all_method(method)) return Route{Page::CatchAll, kCatchAllName, std::string(raw_path)};
        known_path = true;
    }
    return std::unexpected(api_error(known_path ? Failure::MethodNotAllowed : Failure::NotFound));
}

}  // namespace lumoz::gateway
