// SPDX-License-Identifier: Apache-2.0
#include "store/columns.hpp"

#include "base/hex.hpp"
#include "crypto/sha2.hpp"

namespace lumoz::store {
namespace {

std::unexpected<Error> bad_record(std::string_view what) {
    return fail(Errc::Usage, "E_STORE_RECORD", "store.columns.record", std::string(what));
}
bool is_id(std::string_view text) {
    return !text.empty() && text.size() <= kMaxIdBytes;
}

template <class Fixed>
Status read_fixed(Fixed& out, ByteView bytes, std::string_view what) {
    if (bytes.size() != Fixed::kSize) return bad_row(what);
    std::ranges::copy(bytes, out.bytes.begin());
    return {};
}

}  // namespace

std::unexpected<Error> bad_row(std::string_view what) {
    return fail(Errc::Malformed, "E_STORE_CORRUPT", "store.columns.read", std::string(what));
}

Status check_record(const Record& record) {
    if (record.owner.size() > kMaxIdBytes) return bad_record("owner");
    if (!is_id(record.receipt_id)) return bad_record("receipt_id");
    if (record.response_id && !is_id(*record.response_id)) return bad_record("response_id");
    if (record.keyset_digest.empty() || record.keyset_digest.size() > kMaxIdBytes) {
        return bad_record("keyset_digest");
    }
    if (record.model.size() > kMaxModelBytes) return bad_record("model");
    if (record.receipt_json.empty() || record.receipt_json.size() > kMaxReceiptBytes) {
        return bad_record("receipt_json");
    }
    if (record.signatures) {
        LUMOZ_CHECK_OK(text_hashes(record.signatures->text));
    }
    return {};
}

Status check_keyset(const KeysetEvidence& keyset) {
    if (keyset.keyset_digest.empty() || keyset.keyset_digest.size() > kMaxIdBytes) {
        return bad_record("keyset_digest");
    }
    if (keyset.evidence.size() > kMaxEvidenceBytes) return bad_record("evidence");
    return {};
}

std::int64_t index_key(std::string_view id) {
    const Digest256 digest = crypto::sha256(as_bytes(id));
    std::uint64_t key = 0;
    for (std::size_t i = 0; i < 8; ++i)
        key = key << 8 | digest.bytes[i];
    return static_cast<std::int64_t>(key);
}

Result<TextHashes> text_hashes(std::string_view text) {
    const std::size_t half = (receipt::kTextSize - 1) / 2;
    if (text.size() != receipt::kTextSize || text[half] != ':' || !is_lower_hex(text.substr(0, half)) ||
        !is_lower_hex(text.substr(half + 1))) {
        return bad_record("text is not the two-part form");
    }
    std::string digits(text.substr(0, half));
    digits += text.substr(half + 1);
    return fixed_from_hex<TextHashes>(digits);
}

Result<receipt::TextSignatures> read_signatures(ByteView hashes, ByteView ecdsa, ByteView ed25519) {
    if (hashes.size() != TextHashes::kSize) return bad_row("text_hashes");
    receipt::RequestHash request;
    receipt::ResponseHash response;
    LUMOZ_CHECK_OK(read_fixed(request, hashes.first(32), "text_hashes"));
    LUMOZ_CHECK_OK(read_fixed(response, hashes.subspan(32), "text_hashes"));
    receipt::TextSignatures out{receipt::signature_text(request, response), {}, {}};
    LUMOZ_CHECK_OK(read_fixed(out.ecdsa, ecdsa, "ecdsa"));
    LUMOZ_CHECK_OK(read_fixed(out.ed25519, ed25519, "ed25519"));
    return out;
}

Result<receipt::SignerAddresses> read_signers(ByteView ecdsa, ByteView ed25519) {
    receipt::SignerAddresses out;
    LUMOZ_CHECK_OK(read_fixed(out.ecdsa, ecdsa, "ecdsa_address"));
    LUMOZ_CHECK_OK(read_fixed(out.ed25519, ed25519, "ed25519_public"));
    return out;
}

Result<UsageTotal> usage_total(std::string model, std::int64_t requests, std::array<std::int64_t, 2> tokens) {
    if (requests < 0 || tokens[0] < 0 || tokens[1] < 0) return bad_row("usage");
    const Usage usage{static_cast<std::uint64_t>(tokens[0]), static_cast<std::uint64_t>(tokens[1])};
    return UsageTotal{std::move(model), static_cast<std::uint64_t>(requests), usage};
}

}  // namespace lumoz::store
