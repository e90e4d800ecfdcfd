// SPDX-License-Identifier: Apache-2.0
#include "base/hex.hpp"
#include "crypto/der.hpp"

namespace lumoz::crypto::der {

namespace {

constexpr std::string_view kBegin = "-----BEGIN ", kEnd = "-----END ", kDashes = "-----";
constexpr std::size_t kLineWidth = 64;
constexpr std::size_t kMaxLabel = 64;

std::unexpected<Error> pem_error(std::size_t offset, std::string_view reason) {
    return fail(Errc::Malformed, "E_PEM", "pem",
                "offset " + std::to_string(offset) + ": " + std::string(reason));
}

bool is_label(std::string_view label) {
    return !label.empty() && label.size() <= kMaxLabel && std::ranges::all_of(label, [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ';
    });
}

bool is_line_end(char c) {
    return c == '\r' || c == '\n';
}

/// The Base64 of a body; whole lines are copied at once.
std::string without_line_ends(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const std::size_t line = std::min(text.find('\n'), text.size());
        out.append(text.substr(0, line));
        text.remove_prefix(std::min(line + 1, text.size()));
    }
    if (out.find('\r') != std::string::npos) std::erase(out, '\r');
    return out;
}

/// Reads one block at `at` and moves behind its last dash.
Result<PemBlock> block(std::string_view text, std::size_t& at) {
    if (!text.substr(at).starts_with(kBegin)) return pem_error(at, "block expected");
    const std::size_t label_at = at + kBegin.size();
    const std::size_t label_end = text.find(kDashes, label_at);
    if (label_end == std::string_view::npos) return pem_error(at, "no end of the first line");
    PemBlock out{std::string(text.substr(label_at, label_end - label_at)), {}};
    if (!is_label(out.label)) return pem_error(label_at, "label");
    const std::size_t body_at = label_end + kDashes.size();
    if (body_at >= text.size() || !is_line_end(text[body_at])) return pem_error(body_at, "line end expected");
    const std::size_t body_end = text.find('-', body_at);
    const std::string last = std::string(kEnd) + out.label + std::string(kDashes);
    if (body_end == std::string_view::npos || !text.substr(body_end).starts_with(last) ||
        !is_line_end(text[body_end - 1])) {
        return pem_error(std::min(body_end, text.size()), "last line expected");
    }
    auto der = from_base64(without_line_ends(text.substr(body_at, body_end - body_at)));
    if (!der || der->empty()) return pem_error(body_at, "Base64");
    out.der = *std::move(der);
    at = body_end + last.size();
    if (at < text.size() && !is_line_end(text[at])) return pem_error(at, "line end expected");
    return out;
}

}  // namespace

Result<std::vector<PemBlock>> parse_pem(std::string_view text) {
    while (text.ends_with('\0'))
        text.remove_suffix(1);
    std::vector<PemBlock> out;
    std::size_t at = 0;
    while (true) {
        while (at < text.size() && is_line_end(text[at]))
            ++at;
        if (at == text.size()) return out;
        LUMOZ_TRY(PemBlock next, block(text, at));
        out.push_back(std::move(next));
    }
}

std::string to_pem(std::string_view label, ByteView der) {
    const std::string base64 = to_base64(der);
    std::string out = std::string(kBegin) + std::string(label) + "-----\n";
    for (std::size_t i = 0; i < base64.size(); i += kLineWidth) {
        out.append(base64, i, kLineWidth) += '\n';
    }
    return out += std::string(kEnd) + std::string(label) + "-----\n";
}

}  // namespace lumoz::crypto::der
