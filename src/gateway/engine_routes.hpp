// SPDX-License-Identifier: Apache-2.0
// What a page means for the engine: how the configuration calls it, where it is asked, what a request may
// carry, how an answer ends, and whether the exchange has a receipt. One table (docs/endpoints.md has it for
// people).
#pragma once

#include "gateway/router.hpp"

#include <span>

namespace lumoz::net {
struct RequestHead;
}

namespace lumoz::gateway {

/// What a page's requests carry.
enum class Intake : std::uint8_t {
    Json,   ///< one JSON object
    Image,  ///< multipart/form-data with pictures, or JSON
    Audio,  ///< multipart/form-data with sound, or JSON
    Any,    ///< the catch-all: whatever comes
};

struct EngineRoute {
    Page page;
    std::string_view word;         ///< in `endpoints` and `endpoint_urls`; empty: the catch-all
    std::string_view target = {};  ///< path at the engine where it is not the page's own
    Intake intake = Intake::Json;
    bool end_marker = false;  ///< an event stream without terminal event is a cut one
    bool receipt = true;
    bool llama_server = false;          ///< llama-server answers it as we start it
    std::string_view id_prefix = "pt";  ///< of ids that are put in (`receipts.insert_ids`)

    /// What clients ask for.
    [[nodiscard]] std::string_view path() const { return page_name(page); }
};
/// The endpoints of models, in the order of specs/api.md 1: all routes but the catch-all.
[[nodiscard]] std::span<const EngineRoute> endpoints();
/// Null for a word that is none.
[[nodiscard]] const EngineRoute* endpoint_of_word(std::string_view word);
/// Requires: `is_inference(page)`.
[[nodiscard]] const EngineRoute& engine_route(Page page);

/// How the body of one request is read.
enum class BodyForm : std::uint8_t {
    None,       ///< nothing came
    Json,       ///< taken whole and checked
    Multipart,  ///< streamed, its `model` field read on the way
    Opaque,     ///< streamed unseen
    Refused,    ///< of a type that the page does not take
};
[[nodiscard]] BodyForm body_form(Intake intake, const net::RequestHead& head);

}  // namespace lumoz::gateway
