// SPDX-License-Identifier: Apache-2.0
// Records to rows and back. A row that does not have the form this program writes is `E_STORE_CORRUPT`: the
// disk is not trusted to be what it was.
#pragma once

#include "store/sqlite.hpp"
#include "store/store.hpp"

namespace lumoz::store {

/// `E_STORE_RECORD` when a bound of Record is broken, or the text is not the two-part form.
Status check_record(const Record& record);
/// `E_STORE_RECORD` when a bound of KeysetEvidence is broken.
Status check_keyset(const KeysetEvidence& keyset);

/// What an index holds of an id: the first 8 bytes of its SHA-256. A look-up compares the id itself too.
[[nodiscard]] std::int64_t index_key(std::string_view id);

/// Numbers that stand for texts in a row.
struct RowKeys {
    std::int64_t seq = 0;
    std::int64_t owner = 0;
    std::int64_t keyset = 0;
};

/// `INSERT INTO receipt` with the parameters in the order that bind_record uses.
inline constexpr const char* kInsertReceipt =
    "INSERT INTO receipt(seq,owner,keyset,served_at,receipt_id,response_id,receipt_key,response_key,document,"
    "text_hashes,ecdsa,ed25519) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)";
/// Runs the insert. Requires: check_record holds.
Status insert_record(Statement& insert, const Record& record, const RowKeys& keys);

/// Columns: served_at, receipt_id, response_id, document, text_hashes, ecdsa, ed25519 of the receipt; name of
/// its owner; digest, ecdsa_address, ed25519_public of its keyset.
Result<StoredRecord> read_record(const Statement& row);

/// Columns: digest, made_at, not_after, ecdsa_address, ed25519_public of the keyset; document of its
/// evidence.
Result<KeysetEvidence> read_keyset(const Statement& row);

/// Columns: model, requests, input_tokens, output_tokens.
Result<UsageTotal> read_usage(const Statement& row);

}  // namespace lumoz::store
