// SPDX-License-Identifier: Apache-2.0
#include "gateway/router.hpp"

#include "gateway/catch_all.hpp"

#include <array>

namespace lumoz::gateway {
namespace {

struct Entry {
    std::string_view method;
    std::string_view path;  ///< ends with `/` where a parameter follows
    Page page;
    std::string_view name;
};

constexpr std::array kEntries{
    Entry{"GET", "/", Page::Root, "/"},
    Entry{"GET", "/version", Page::Version, "/version"},
    Entry{"GET", "/health", Page::Health, "/health"},
    Entry{"GET", "/v1/health", Page::Health, "/v1/health"},
    Entry{"GET", "/ready", Page::Ready, "/ready"},
    Entry{"GET", "/metrics", Page::Metrics, "/metrics"},
    Entry{"GET", "/local-metrics", Page::Metrics, "/local-metrics"},
    Entry{"GET", "/v1/metrics", Page::EngineMetrics, "/v1/metrics"},
    Entry{"GET", "/v1/models", Page::Models, "/v1/models"},
    Entry{"GET", "/v1/models/", Page::ModelEntry, "/v1/models/{model}"},
    Entry{"GET", "/v1/signature/", Page::Signature, "/v1/signature/{id}"},
    Entry{"GET", "/v1/aci/receipts/", Page::Receipt, "/v1/aci/receipts/{id}"},
    Entry{"GET", "/v1/attestation/report", Page::Report, "/v1/attestation/report"},
    Entry{"GET", "/v1/aci/attestation", Page::AciAttestation, "/v1/aci/attestation"},
    Entry{"GET", "/.well-known/tinfoil-attestation", Page::TinfoilAttestation,
          "/.well-known/tinfoil-attestation"},
    Entry{"GET", "/.well-known/tinfoil-certificate", Page::TinfoilCertificate,
          "/.well-known/tinfoil-certificate"},
    Entry{"GET", "/v1/evidence/", Page::Evidence, "/v1/evidence/{digest}"},
    Entry{"GET", "/v1/usage", Page::Usage, "/v1/usage"},
    Entry{"POST", "/v1/chat/completions", Page::ChatCompletions, "/v1/chat/completions"},
    Entry{"POST", "/v1/completions", Page::Completions, "/v1/completions"},
    Entry{"POST", "/v1/embeddings", Page::Embeddings, "/v1/embeddings"},
    Entry{"POST", "/v1/messages", Page::Messages, "/v1/messages"},
    Entry{"POST", "/v1/responses", Page::Responses, "/v1/responses"},
    Entry{"POST", "/v1/rerank", Page::Rerank, "/v1/rerank"},
    Entry{"POST", "/v1/score", Page::Score, "/v1/score"},
    Entry{"POST", "/v1/images/generations", Page::ImagesGenerations, "/v1/images/generations"},
    Entry{"POST", "/v1/images/edits", Page::ImagesEdits, "/v1/images/edits"},
    Entry{"POST", "/v1/audio/transcriptions", Page::AudioTranscriptions, "/v1/audio/transcriptions"},
    Entry{"POST", "/v1/audio/speech", Page::AudioSpeech, "/v1/audio/speech"},
    Entry{"POST", "/v1/tokenize", Page::Tokenize, "/v1/tokenize"},
    Entry{"GET", "/v1/realtime", Page::Realtime, "/v1/realtime"},
};
constexpr std::string_view kCatchAllName = "/v1/{path}";

std::optional<int> hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return std::nullopt;
}

bool has_parameter(const Entry& entry) {
    return entry.path.size() > 1 && entry.path.ends_with('/');
}

bool matches(const Entry& entry, std::string_view path) {
    if (!has_parameter(entry)) return path == entry.path;
    if (!path.starts_with(entry.path) || path.size() == entry.path.size()) return false;
    return entry.page == Page::ModelEntry || path.find('/', entry.path.size()) == std::string_view::npos;
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
        if (!matches(entry, *path)) continue;
        known_path = true;
        if (entry.method != method) continue;
        std::string parameter = has_parameter(entry) ? path->substr(entry.path.size()) : std::string();
        return Route{entry.page, entry.name, std::move(parameter)};
    }
    if (!known_path && is_catch_all_path(*path)) {
        if (is_catch_all_method(method)) return Route{Page::CatchAll, kCatchAllName, std::string(raw_path)};
        known_path = true;
    }
    return std::unexpected(api_error(known_path ? Failure::MethodNotAllowed : Failure::NotFound));
}

}  // namespace lumoz::gateway
