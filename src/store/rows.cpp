// SPDX-License-Identifier: Apache-2.0
#include "store/rows.hpp"

namespace lumoz::store {

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
    LUMOZ_TRY(const auto hashes, text_hashes(record.signatures->text));
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
    if (!row.is_null(4)) {
        LUMOZ_TRY(out.record.signatures, read_signatures(row.blob(4), row.blob(5), row.blob(6)));
    }
    out.record.owner = row.text(7);
    out.record.keyset_digest = row.text(8);
    LUMOZ_TRY(out.signers, read_signers(row.blob(9), row.blob(10)));
    return out;
}

Result<KeysetEvidence> read_keyset(const Statement& row) {
    KeysetEvidence out;
    out.keyset_digest = row.text(0);
    out.made_at = row.integer(1);
    out.not_after = row.integer(2);
    LUMOZ_TRY(out.signers, read_signers(row.blob(3), row.blob(4)));
    out.evidence = row.text(5);
    return out;
}

Result<UsageTotal> read_usage(const Statement& row) {
    return usage_total(row.text(0), row.integer(1), {row.integer(2), row.integer(3)});
}

}  // namespace lumoz::store
