// SPDX-License-Identifier: Apache-2.0
// Which page a request asks for. Paths are matched as a whole, against a list; what is left under `/v1/` may
// be the catch-all's (catch_all.hpp, design decision 19). Paths with `..`, a backslash or NUL behind their
// percent signs are refused.
#pragma once

#include "gateway/error_table.hpp"

#include <expected>

namespace lumoz::gateway {

enum class Page : std::uint8_t {
    Root,
    Version,
    Health,
    Ready,
    Metrics,
    Models,
    ModelEntry,  ///< parameter: a model's name, which may have slashes
    Signature,   ///< parameter: id
    Receipt,     ///< parameter: id
    Report,
    AciAttestation,
    TinfoilAttestation,
    TinfoilCertificate,
    Evidence,  ///< parameter: keyset digest
    Usage,
    EngineMetrics,  ///< the engine's own metrics
    ChatCompletions,
    Completions,
    Embeddings,
    Messages,
    Responses,
    Rerank,
    Score,
    ImagesGenerations,
    ImagesEdits,
    AudioTranscriptions,
    AudioSpeech,
    Tokenize,
    Realtime,
    CatchAll,  ///< parameter: the path as received; the last page
};
inline constexpr std::size_t kPageCount = static_cast<std::size_t>(Page::CatchAll) + 1;

struct Route {
    Page page;
    std::string_view name;  ///< static text for metrics and logs, e.g. `/v1/signature/{id}`
    std::string parameter;  ///< decoded last segment where the page has one
};

/// The method of a page.
[[nodiscard]] std::string_view method_of(Page page);
/// Name of the page for metrics, static text. One name for all paths of the catch-all.
[[nodiscard]] std::string_view page_name(Page page);
/// True for the pages that are answered by the engine.
[[nodiscard]] bool is_inference(Page page);
/// True when the page needs a credential wherever credentials are configured.
[[nodiscard]] bool needs_credential(Page page);

/// `target` is the path with its optional query as received. Refuses with 400 (bad path), 404, 405.
[[nodiscard]] std::expected<Route, ApiError> find_route(std::string_view method, std::string_view target);

/// Percent-decoding of one path; nothing for a broken escape.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);
/// The first value of `name` in a query, decoded (`+` stays `+`); nothing when absent or broken.
[[nodiscard]] std::optional<std::string> query_value(std::string_view query, std::string_view name);

}  // namespace lumoz::gateway
