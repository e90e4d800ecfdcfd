// SPDX-License-Identifier: Apache-2.0
#include "gateway/insert_id.hpp"

#include "base/hex.hpp"
#include "base/json.hpp"
#include "crypto/random.hpp"
#include "evidence/statement.hpp"

#include <array>

namespace lumoz::gateway {

std::optional<std::string> insert_id(Bytes& body, std::string_view prefix) {
    const json::Limits limits{.max_bytes = body.size(), .max_depth = 256, .any_number = true};
    const Result<json::Document> parsed = json::Document::parse(as_text(body), limits);
    if (!parsed || !parsed->root().is_object() || parsed->root().find("id")) return std::nullopt;
    std::array<std::uint8_t, 12> random{};
    crypto::random_fill(random);
    const std::string id = std::string(prefix) + "-" + to_hex(random);
    const bool only = parsed->root().size() == 0;
    const std::string member = "\"id\":\"" + id + (only ? "\"" : "\",");
    const auto behind_brace = body.begin() + static_cast<std::ptrdiff_t>(parsed->root().offset()) + 1;
    body.insert(behind_brace, member.begin(), member.end());
    return id;
}

std::string inserted_id_event(const Digest256& engine_body) {
    json::Writer w;
    w.object();
    w.key("engine_body_hash").string(evidence::sha256_text(engine_body));
    w.key("type").string("lumoz.id_inserted");
    w.end();
    return std::move(w).text();
}

}  // namespace lumoz::gateway
