// SPDX-License-Identifier: Apache-2.0
// What compatible services hash in their own way: the values of a multipart form, and the list of actions of
// a compose manager.
#include "app/vectors/check.hpp"
#include "app/vectors/suites.hpp"
#include "base/hex.hpp"
#include "crypto/sha2.hpp"
#include "verify/form_values.hpp"

namespace lumoz::app::vectors {
namespace {

/// The form as a client sends it.
Result<Bytes> form_body(const json::Value& fields) {
    constexpr std::string_view kBoundary = "----vector-boundary-7MA4YWxkTrZu0gW";
    Bytes out;
    for (const json::Value& field : fields.elements()) {
        LUMOZ_TRY(const std::string name, text(field, "name"));
        LUMOZ_TRY(const Bytes value, hex(field, "value_hex"));
        std::string head =
            "--" + std::string(kBoundary) + "\r\nContent-Disposition: form-data; name=\"" + name + "\"";
        if (const auto file = maybe_text(field, "filename")) head += "; filename=\"" + *file + "\"";
        if (const auto type = maybe_text(field, "content_type")) head += "\r\nContent-Type: " + *type;
        append(out, as_bytes(head + "\r\n\r\n"));
        append(out, value);
        append(out, as_bytes("\r\n"));
    }
    append(out, as_bytes("--" + std::string(kBoundary) + "--\r\n"));
    return out;
}

Status run_multipart(const Case& c) {
    LUMOZ_TRY(const json::Value fields, member(c.value, "fields"));
    LUMOZ_TRY(const Bytes body, form_body(fields));
    LUMOZ_TRY(const std::string want, text(c.value, "peer_request_hash"));
    const auto have = verify::form_values_sha256(body);
    return same("peer_request_hash", want, have ? to_hex(have->view()) : "no form");
}

Status run_compose_manager(const Case& c) {
    LUMOZ_TRY(const json::Value actions, member(c.value, "actions"));
    LUMOZ_TRY(const std::string canonical, text(c.value, "canonical"));
    const std::string have = json::canonical(actions);
    LUMOZ_CHECK_OK(same("canonical", canonical, have));
    LUMOZ_TRY(const std::string want, text(c.value, "actions_hash"));
    return same("actions_hash", want, to_hex(crypto::sha256(as_bytes(have)).view()));
}

}  // namespace

void add_forms(Handlers& handlers) {
    handlers["multipart_hash"] = run_multipart;
    handlers["compose_manager_hash"] = run_compose_manager;
}

}  // namespace lumoz::app::vectors
