// SPDX-License-Identifier: Apache-2.0
#include "store/rows.hpp"

#include "base/hex.hpp"
#include "crypto/sha2.hpp"

namespace lumoz::store {
namespace {

std::unexpected<Error> bad_record(std::string_view what) {
    return fail(Errc::Usage, "E_STORE_RECORD", "store.rows.record", std::string(what));
}
std::unexpected<Error> bad_row(std::string_view what) {
    return fail(Errc::Malformed, "E_STORE_CORRUPT", "store.rows.read", std::string(what));
}

bool is_id(std::string_view text) {
    return !text.empty() && text.size() <= kMaxIdBytes;
}

/// The 64 bytes that the two-part text spells.
Result<FixedBytes<struct TextHashesTag, 64>> hashes_of(std::string_view text) {
    const std::size_t half = (receipt::kTextSize - 1) / 2;
    if (text.size() != receipt::kTextSize || text[half] != ':' || !is_lower_hex(text.substr(0, half)) ||
        !is_lower_hex(text.substr(half + 1))) {
        return bad_record("text is not the two-part form");
    }
    std::string digits(text.substr(0, half));
    digits += text.substr(half + 1);
    return fixed_from_hex<FixedBytes<struct TextHashesTag, 64>>(digits);
}

template <class Fixed>
Status read_fixed(Fixed& out, ByteView bytes, std::string_view what) {
    if (bytes.size() != Fixed::kSize) return bad_row(what);
    std::ranges::copy(bytes, out.bytes.begin());
    return {};
}

Result<std::optional<receipt::TextSignatures>> read_signatures(const Statement& row) {
    if (row.is_null(4)) return std::nullopt;
    const ByteView hashes = row.blob(4);
    if (hashes.size() != 64) return bad_row("text_hashes");
    receipt::RequestHash request;
    receipt::ResponseHash response;
    LUMOZ_CHECK_OK(read_fixed(request, hashes.first(32), "text_hashes"));
    LUMOZ_CHECK_OK(read_fixed(response, hashes.subspan(32), "text_hashes"));
    receipt::TextSignatures out{receipt::signature_text(request, response), {}, {}};
    LUMOZ_CHECK_OK(read_fixed(out.ecdsa, row.blob(5), "ecdsa"));
    LUMOZ_CHECK_OK(read_fixed(out.ed25519, row.blob(6), "ed25519"));
    return out;
}

}  // namespace

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
        LUMOZ_CHECK_OK(hashes_of(record.signatures->text));
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

Status insert_record(Statement& insert, const Record& record, const RowKeys& keys) {
    insert.bind(1, keys.seq).bind(2, keys.owner).bind(3, keys.keyset).bind(4, record.served_at);
    insert.bind(5, std::string_view(record.receipt_id)).bind(7, index_key(record.receipt_id));
    if (record.response_id) {
        insert.bind(6, std::string_view(*record.response_id)).bind(8, index_key(*record.response_id));
    } else {
        insert.bind_null(6).bind_null(8);
    }
    insert.bind(9, std::string_view(record.receipt_json));
    if (!record.signatures) {
        insert.bind_null(10).bind_null(11).bind_null(12);
        return insert.run("store.rows.insert");
    }
    LUMOZ_TRY(const auto hashes, hashes_of(record.signatures->text));
    insert.bind(10, hashes.view());
    insert.bind(11, record.signatures->ecdsa.view()).bind(12, record.signatures->ed25519.view());
    return insert.run("store.rows.insert");
}

Result<StoredRecord> read_record(const Statement& row) {
    StoredRecord out;
    out.record.served_at = row.integer(0);
    out.record.receipt_id = row.text(1);
    if (!row.is_null(2)) out.record.response_id = row.text(2);
    out.record.receipt_json = row.text(3);
    LUMOZ_TRY(out.record.signatures, read_signatures(row));
    out.record.owner = row.text(7);
    out.record.keyset_digest = row.text(8);
    LUMOZ_CHECK_OK(read_fixed(out.signers.ecdsa, row.blob(9), "ecdsa_address"));
    LUMOZ_CHECK_OK(read_fixed(out.signers.ed25519, row.blob(10), "ed25519_public"));
    return out;
}

Result<KeysetEvidence> read_keyset(const Statement& row) {
    KeysetEvidence out;
    out.keyset_digest = row.text(0);
    out.made_at = row.integer(1);
    out.not_after = row.integer(2);
    LUMOZ_CHECK_OK(read_fixed(out.signers.ecdsa, row.blob(3), "ecdsa_address"));
    LUMOZ_CHECK_OK(read_fixed(out.signers.ed25519, row.blob(4), "ed25519_public"));
    out.evidence = row.text(5);
    return out;
}

Result<UsageTotal> read_usage(const Statement& row) {
    UsageTotal out;
    std::array<std::uint64_t, 3> counts{};
    for (int column = 0; column < 3; ++column) {
        const std::int64_t count = row.integer(column + 1);
        if (count < 0) return bad_row("usage");
        counts[static_cast<std::size_t>(column)] = static_cast<std::uint64_t>(count);
    }
    out.model = row.text(0);
    out.requests = counts[0];
    out.usage = {counts[1], counts[2]};
    return out;
}

}  // namespace lumoz::store
