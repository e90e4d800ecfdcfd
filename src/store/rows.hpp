// SPDX-License-Identifier: Apache-2.0
// Records to rows and back. A row that does not have the form this program writes is `E_STORE_CORRUPT`: the
// disk is not trusted to be what it was.
#pragma once

#include "store/columns.hpp"
#include "store/sqlite.hpp"

namespace lumoz::store {

/// Numbers that stand for texts in a row.
struct RowKeys {
    std::int64_t seq = 0;
    std::int64_t owner = 0;
    std::int64_t keyset = 0;
};

/// `INSERT INTO receipt` with the parameters in the order that insert_record binds.
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
