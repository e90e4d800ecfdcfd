// SPDX-License-Identifier: Apache-2.0
#include "gateway/auth.hpp"

#include "base/hex.hpp"
#include "base/trim.hpp"
#include "crypto/random.hpp"
#include "crypto/sha2.hpp"
#include "net/http.hpp"

#include <cstring>
#include <fstream>

namespace lumoz::gateway {
namespace {

constexpr std::size_t kMaxLines = 200'000;
constexpr std::size_t kMaxFile = std::size_t{32} << 20;
constexpr std::size_t kMaxToken = 4'096;
constexpr std::string_view kWhere = "gateway.tokens";

bool is_name(std::string_view name) {
    return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
               c == '_' || c == '-';
    });
}

std::string_view trim(std::string_view text) {
    return trimmed(text, " \t\r");
}

}  // namespace

TokenTable::TokenTable() : key_(crypto::random_fixed<Digest256>()) {}

std::size_t DigestHash::operator()(const Digest256& digest) const {
    std::size_t out = 0;
    std::memcpy(&out, digest.bytes.data(), sizeof out);
    return out;
}

Digest256 TokenTable::blinded(const Digest256& token_digest) const {
    std::array<std::uint8_t, 64> both{};
    std::ranges::copy(key_.bytes, both.begin());
    std::ranges::copy(token_digest.bytes, both.begin() + 32);
    return crypto::sha256(both);
}

Result<TokenTable> TokenTable::parse(std::string_view text) {
    TokenTable table;
    std::size_t number = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = trim(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        ++number;
        const auto refuse = [number](std::string_view reason) {
            return fail(Errc::Usage, "E_TOKEN_FILE", kWhere,
                        "line " + std::to_string(number) + ": " + std::string(reason));
        };
        if (line.empty() || line.starts_with('#')) continue;
        if (table.names_.size() == kMaxLines) return refuse("too many lines");
        const std::size_t space = line.find_first_of(" \t");
        if (space == std::string_view::npos) return refuse("want `name sha256:<hex>`");
        const std::string_view name = line.substr(0, space);
        const std::string_view value = trim(line.substr(space));
        if (!is_name(name)) return refuse("the name is not [A-Za-z0-9._-]{1,64}");
        if (!value.starts_with("sha256:")) return refuse("want `sha256:` and the digest of the token");
        const Result<Digest256> digest = fixed_from_hex<Digest256>(value.substr(7));
        if (!digest) return refuse("the digest is not 64 hex digits");
        if (!table.names_.emplace(table.blinded(*digest), name).second)
            return refuse("the digest stands there twice");
    }
    return table;
}

Result<std::string> read_token_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) return fail(Errc::Usage, "E_TOKEN_FILE", kWhere, "cannot open " + path);
    std::string text;
    std::string piece(std::size_t{64} << 10, '\0');
    while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())), in.gcount() > 0) {
        text.append(piece, 0, static_cast<std::size_t>(in.gcount()));
        if (text.size() > kMaxFile)
            return fail(Errc::Usage, "E_TOKEN_FILE", kWhere, path + " is larger than 32 MiB");
    }
    if (in.bad()) return fail(Errc::Usage, "E_TOKEN_FILE", kWhere, "cannot read " + path);
    return text;
}

Result<TokenTable> TokenTable::load(const std::string& path) {
    LUMOZ_TRY(const std::string text, read_token_file(path));
    return parse(text);
}

std::string_view TokenTable::find(const Digest256& token_digest) const {
    const auto found = names_.find(blinded(token_digest));
    return found == names_.end() ? std::string_view() : std::string_view(found->second);
}

std::string_view TokenTable::find(std::string_view token) const {
    return find(crypto::sha256(as_bytes(token)));
}

std::string_view bearer_token(std::string_view authorization) {
    constexpr std::string_view kScheme = "bearer ";
    if (authorization.size() <= kScheme.size() ||
        !net::iequals(authorization.substr(0, kScheme.size()), kScheme))
        return {};
    const std::string_view token = trim(authorization.substr(kScheme.size()));
    return token.size() > kMaxToken ? std::string_view() : token;
}

Principal authenticate(const TokenTable* table, std::string_view authorization) {
    if (table == nullptr) return {.state = AuthState::Open, .name = {}};
    const std::string_view token = bearer_token(authorization);
    if (token.empty()) return {};
    const std::string_view name = table->find(token);
    if (name.empty()) return {};
    return {.state = AuthState::Known, .name = std::string(name)};
}

}  // namespace lumoz::gateway
