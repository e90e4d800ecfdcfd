// SPDX-License-Identifier: Apache-2.0
#include "store/pg_readers.hpp"

#include "store/columns.hpp"

namespace lumoz::store {
namespace {

constexpr std::size_t kIdleLimit = 8;
constexpr std::chrono::seconds kPause{1};

const std::string kSelect =
    "SELECT "
    "r.served_at,r.receipt_id,r.response_id,r.document,r.text_hashes,r.ecdsa,r.ed25519,o.name,k.digest,"
    "k.ecdsa_address,k.ed25519_public FROM lumoz.receipt r JOIN lumoz.owner o ON o.id=r.owner"
    " JOIN lumoz.keyset k ON k.id=r.keyset WHERE r.seq=";
const std::string kOwner = "(SELECT id FROM lumoz.owner WHERE name=$3::bytea)";

/// The newest row of one owner, or of any: one index probe, and for a response id of anybody one per owner.
std::vector<std::pair<const char*, std::string>> statements() {
    const std::string by_receipt =
        "SELECT seq FROM lumoz.receipt WHERE receipt_key=$2::int8 AND receipt_id=$1::bytea";
    const std::string by_response =
        "SELECT seq FROM lumoz.receipt WHERE response_key=$2::int8 AND "
        "response_key IS NOT NULL AND response_id=$1::bytea AND owner=";
    const std::string newest = " ORDER BY seq DESC LIMIT 1";
    return {
        {"find", kSelect + "(" + by_receipt + " AND owner=" + kOwner + newest + ")"},
        {"find_response", kSelect + "(" + by_response + kOwner + newest + ")"},
        {"find_any", kSelect + "(" + by_receipt + newest + ")"},
        {"find_any_response", kSelect + "(SELECT max(n.seq) FROM lumoz.owner a CROSS JOIN LATERAL (" +
                                  by_response + "a.id" + newest + ") n)"},
        {"keyset",
         "SELECT digest,made_at,not_after,ecdsa_address,ed25519_public,evidence FROM lumoz.keyset"
         " WHERE digest=$1::bytea"},
        {"usage",
         "SELECT model,sum(requests)::int8,sum(input_tokens)::int8,sum(output_tokens)::int8"
         " FROM lumoz.usage WHERE owner=(SELECT id FROM lumoz.owner WHERE name=$1::bytea)"
         " GROUP BY model ORDER BY model LIMIT $2::int8"},
    };
}

Result<StoredRecord> read_stored(const PgRows& rows) {
    StoredRecord out;
    Record& record = out.record;
    LUMOZ_TRY(record.served_at, rows.integer(0, 0));
    LUMOZ_TRY(record.receipt_id, rows.text(0, 1, kMaxIdBytes));
    if (!rows.is_null(0, 2)) {
        LUMOZ_TRY(record.response_id, rows.text(0, 2, kMaxIdBytes));
    }
    LUMOZ_TRY(record.receipt_json, rows.text(0, 3, kMaxReceiptBytes));
    if (!rows.is_null(0, 4)) {
        LUMOZ_TRY(const ByteView hashes, rows.bytes(0, 4, kMaxIdBytes));
        LUMOZ_TRY(const ByteView ecdsa, rows.bytes(0, 5, kMaxIdBytes));
        LUMOZ_TRY(const ByteView ed25519, rows.bytes(0, 6, kMaxIdBytes));
        LUMOZ_TRY(record.signatures, read_signatures(hashes, ecdsa, ed25519));
    }
    LUMOZ_TRY(record.owner, rows.text(0, 7, kMaxIdBytes));
    LUMOZ_TRY(record.keyset_digest, rows.text(0, 8, kMaxIdBytes));
    LUMOZ_TRY(const ByteView ecdsa, rows.bytes(0, 9, kMaxIdBytes));
    LUMOZ_TRY(const ByteView ed25519, rows.bytes(0, 10, kMaxIdBytes));
    LUMOZ_TRY(out.signers, read_signers(ecdsa, ed25519));
    return out;
}

}  // namespace

PgReaders::Connection PgReaders::take_idle() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return nullptr;
    Connection connection = std::move(idle_.back());
    idle_.pop_back();
    return connection;
}

Result<PgReaders::Connection> PgReaders::connect() const {
    LUMOZ_TRY(PgConnection opened, PgConnection::open(target_, limit_));
    auto connection = std::make_unique<PgConnection>(std::move(opened));
    LUMOZ_CHECK_OK(
        connection->run("SET search_path=pg_catalog;SET default_transaction_read_only=on;"
                        "SET plan_cache_mode=force_generic_plan;"
                        "SET statement_timeout=" +
                            std::to_string(limit_.count() * 4 / 5),
                        "store.pg_readers.open"));
    for (const auto& [name, sql] : statements()) {
        LUMOZ_CHECK_OK(connection->prepare(name, sql));
    }
    return connection;
}

Result<PgReaders::Connection> PgReaders::open() {
    {
        const std::lock_guard lock(mutex_);
        if (std::chrono::steady_clock::now() < closed_until_)
            return fail(Errc::Io, "E_STORE_IO", "store.pg_readers.open", "the database did not answer");
    }
    auto connection = connect();
    if (!connection) failed();
    return connection;
}

void PgReaders::give_back(Connection connection) {
    const std::lock_guard lock(mutex_);
    if (idle_.size() < kIdleLimit) idle_.push_back(std::move(connection));
}

void PgReaders::failed() {
    const std::lock_guard lock(mutex_);
    idle_.clear();
    closed_until_ = std::chrono::steady_clock::now() + kPause;
}

Result<PgRows> PgReaders::query(const char* name, const PgParams& params, std::string_view where,
                                std::size_t most) {
    Connection connection = take_idle();
    while (connection && !connection->alive())  // the database was restarted
        connection = take_idle();
    if (!connection) {
        LUMOZ_TRY(connection, open());
    }
    auto rows = connection->query(name, params, where, most);
    if (!rows && rows.error().rule == "E_STORE_IO") {
        failed();
    } else if (connection->alive()) {
        give_back(std::move(connection));
    }
    return rows;
}

Result<std::optional<StoredRecord>> PgReaders::find(std::optional<std::string_view> owner,
                                                    std::string_view id) {
    if (id.empty() || id.size() > kMaxIdBytes) return std::nullopt;
    PgParams params;
    params.add(id).add(index_key(id));
    if (owner) params.add(*owner);
    bool by_response = false;
    for (const char* name : {owner ? "find" : "find_any", owner ? "find_response" : "find_any_response"}) {
        LUMOZ_TRY(const PgRows rows, query(name, params, "store.pg_readers.find"));
        if (rows.size() == 1) {
            LUMOZ_TRY(StoredRecord found, read_stored(rows));
            const bool is_it = by_response ? found.record.response_id == id : found.record.receipt_id == id;
            if (!is_it || (owner && found.record.owner != *owner)) return bad_row("another row");
            return found;
        }
        by_response = true;
    }
    return std::nullopt;
}

Result<std::optional<KeysetEvidence>> PgReaders::keyset(std::string_view digest) {
    if (digest.size() > kMaxIdBytes) return std::nullopt;
    LUMOZ_TRY(const PgRows rows, query("keyset", PgParams().add(digest), "store.pg_readers.keyset"));
    if (rows.size() == 0) return std::nullopt;
    KeysetEvidence out;
    LUMOZ_TRY(out.keyset_digest, rows.text(0, 0, kMaxIdBytes));
    if (out.keyset_digest != digest) return bad_row("another keyset");
    LUMOZ_TRY(out.made_at, rows.integer(0, 1));
    LUMOZ_TRY(out.not_after, rows.integer(0, 2));
    LUMOZ_TRY(const ByteView ecdsa, rows.bytes(0, 3, kMaxIdBytes));
    LUMOZ_TRY(const ByteView ed25519, rows.bytes(0, 4, kMaxIdBytes));
    LUMOZ_TRY(out.signers, read_signers(ecdsa, ed25519));
    LUMOZ_TRY(out.evidence, rows.text(0, 5, kMaxEvidenceBytes));
    return out;
}

Result<std::vector<UsageTotal>> PgReaders::usage(std::string_view owner) {
    PgParams params;
    params.add(owner).add(static_cast<std::int64_t>(kMaxUsageModels));
    LUMOZ_TRY(const PgRows rows, query("usage", params, "store.pg_readers.usage", kMaxUsageModels));
    std::vector<UsageTotal> totals;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        LUMOZ_TRY(std::string model, rows.text(row, 0, kMaxModelBytes));
        LUMOZ_TRY(const std::int64_t requests, rows.integer(row, 1));
        LUMOZ_TRY(const std::int64_t input, rows.integer(row, 2));
        LUMOZ_TRY(const std::int64_t output, rows.integer(row, 3));
        LUMOZ_TRY(UsageTotal total, usage_total(std::move(model), requests, {input, output}));
        totals.push_back(std::move(total));
    }
    return totals;
}

}  // namespace lumoz::store
