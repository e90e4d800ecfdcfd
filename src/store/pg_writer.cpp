// SPDX-License-Identifier: Apache-2.0
#include "store/pg_writer.hpp"

#include "store/columns.hpp"
#include "store/pg_schema.hpp"

#include <set>

namespace lumoz::store {
namespace {

/// Replicas that write at a time; more share the last lane.
constexpr std::int64_t kLanes = 64;
/// Names and digests that are remembered; beyond it they are asked for again.
constexpr std::size_t kRemembered = 65536;
/// Records wait meanwhile.
constexpr std::chrono::milliseconds kConnectLimit{3000};
/// Making the schema may wait for another replica that makes it.
constexpr std::chrono::seconds kSchemaLimit{60};

// One statement is one transaction: receipts, usage and size go together or not at all. A keyset that is gone
// or was not renewed gives a null that the table refuses.
constexpr const char* kAppend = R"sql(
WITH named AS MATERIALIZED (
    SELECT id FROM lumoz.keyset WHERE id=ANY($1::int8[])
    AND seen_at>now()-make_interval(secs=>$20::int8/2.0) FOR KEY SHARE
), stored AS (
    INSERT INTO lumoz.receipt(owner,keyset,served_at,receipt_key,response_key,receipt_id,response_id,document,
        text_hashes,ecdsa,ed25519)
    SELECT i.owner,named.id,i.served_at,i.receipt_key,i.response_key,i.receipt_id,i.response_id,i.document,
        i.text_hashes,i.ecdsa,i.ed25519
    FROM unnest($2::int8[],$3::int8[],$4::int8[],$5::int8[],$6::int8[],$7::bytea[],$8::bytea[],$9::bytea[],
        $10::bytea[],$11::bytea[],$12::bytea[]) WITH ORDINALITY AS i(owner,keyset,served_at,receipt_key,
        response_key,receipt_id,response_id,document,text_hashes,ecdsa,ed25519,place)
    LEFT JOIN named ON named.id=i.keyset ORDER BY i.place
), used AS (
    INSERT INTO lumoz.usage AS old(owner,model,day,lane,requests,input_tokens,output_tokens)
    SELECT u.owner,u.model,u.day,$19::int8,u.requests,u.input_tokens,u.output_tokens
    FROM unnest($13::int8[],$14::bytea[],$15::int8[],$16::int8[],$17::int8[],$18::int8[])
        AS u(owner,model,day,requests,input_tokens,output_tokens)
    ON CONFLICT(owner,model,day,lane) DO UPDATE SET
        requests=least(old.requests+excluded.requests,$21::int8),
        input_tokens=least(old.input_tokens+excluded.input_tokens,$21::int8),
        output_tokens=least(old.output_tokens+excluded.output_tokens,$21::int8)
)
UPDATE lumoz.lane SET records=records+$22::int8,bytes=bytes+$23::int8 WHERE id=$19::int8
)sql";

constexpr const char* kPutKeyset = R"sql(
INSERT INTO lumoz.keyset(digest,made_at,not_after,ecdsa_address,ed25519_public,evidence)
VALUES($1::bytea,$2::int8,$3::int8,$4::bytea,$5::bytea,$6::bytea)
ON CONFLICT(digest) DO UPDATE SET made_at=excluded.made_at,not_after=excluded.not_after,
    ecdsa_address=excluded.ecdsa_address,ed25519_public=excluded.ed25519_public,evidence=excluded.evidence,
    seen_at=now()
)sql";

// $1 rows at most, $2 served before, $3 lane, $4 bytes beside a document, $5 and $6 the lock, $7 bytes to
// keep. What is too much is computed here: a replica that remembers a size would delete what another one did.
constexpr const char* kDelete = R"sql(
WITH turn AS MATERIALIZED (SELECT pg_try_advisory_xact_lock($5::int8::int4,$6::int8::int4) AS ours),
oldest AS (
    SELECT seq,served_at,sum(bytes) OVER (ORDER BY seq)-bytes AS ahead FROM (
        SELECT seq,served_at,octet_length(document)+$4::int8 AS bytes FROM lumoz.receipt
        ORDER BY seq LIMIT $1::int8
    ) AS first
), gone AS (
    DELETE FROM lumoz.receipt WHERE (SELECT ours FROM turn) AND seq=ANY(ARRAY(
        SELECT seq FROM oldest WHERE served_at<$2::int8
        OR ahead<(SELECT coalesce(sum(bytes),0) FROM lumoz.lane)-$7::int8
    ))
    RETURNING octet_length(document)+$4::int8 AS bytes
), size AS (SELECT count(*)::int8 AS records,coalesce(sum(bytes),0)::int8 AS bytes FROM gone),
less AS (
    UPDATE lumoz.lane SET records=lane.records-size.records,bytes=lane.bytes-size.bytes FROM size
    WHERE lane.id=$3::int8
)
SELECT records FROM size
)sql";

// Every receipt of a keyset was stored before half a lease behind the last time that it was seen.
constexpr const char* kDropKeysets = R"sql(
DELETE FROM lumoz.keyset WHERE seen_at<least(now(),coalesce(
    (SELECT stored_at FROM lumoz.receipt ORDER BY seq LIMIT 1),now()))-make_interval(secs=>$1::int8)
)sql";

std::span<const std::pair<const char*, const char*>> statements() {
    static constexpr std::array<std::pair<const char*, const char*>, 10> kStatements = {{
        {"append", kAppend},
        {"keyset_put", kPutKeyset},
        {"delete", kDelete},
        {"drop_keysets", kDropKeysets},
        {"owners_make",
         "INSERT INTO lumoz.owner(name) SELECT DISTINCT unnest($1::bytea[]) ORDER BY 1 ON CONFLICT DO "
         "NOTHING"},
        {"owners", "SELECT id,name FROM lumoz.owner WHERE name=ANY($1::bytea[])"},
        {"keysets", "SELECT id,digest FROM lumoz.keyset WHERE digest=ANY($1::bytea[])"},
        {"renew", "UPDATE lumoz.keyset SET seen_at=now() WHERE digest=ANY($1::bytea[])"},
        {"probe", "UPDATE lumoz.lane SET records=records WHERE id=$1::int8"},
        {"size", "SELECT coalesce(sum(bytes),0)::int8 FROM lumoz.lane"},
    }};
    return kStatements;
}

PgArray array_of(const std::set<std::string_view>& texts) {
    PgArray out(PgArray::Of::Bytea);
    for (const std::string_view text : texts)
        out.add(text);
    return out;
}

using Numbers = std::map<std::string, std::int64_t, std::less<>>;

/// What a member of the batch's records says, where it has no number yet. A map that grew too large is begun
/// anew.
std::set<std::string_view> not_known(Numbers& known, std::span<const Pending> batch,
                                     std::string Record::* member) {
    if (known.size() > kRemembered) known.clear();
    std::set<std::string_view> out;
    for (const Pending& item : batch)
        if (!known.contains(item.record.*member)) out.insert(item.record.*member);
    return out;
}

/// Rows `number, name` into a map.
Status remember(Numbers& known, const PgRows& rows) {
    for (std::size_t row = 0; row < rows.size(); ++row) {
        LUMOZ_TRY(const std::int64_t number, rows.integer(row, 0));
        LUMOZ_TRY(std::string name, rows.text(row, 1, kMaxIdBytes));
        known[std::move(name)] = number;
    }
    return {};
}

/// The columns of receipts, in the order of kAppend from $2 on.
class ReceiptColumns {
public:
    Status add(const Record& record, std::int64_t owner, std::int64_t keyset) {
        owner_.add(owner);
        keyset_.add(keyset);
        served_at_.add(record.served_at);
        receipt_key_.add(index_key(record.receipt_id));
        receipt_id_.add(record.receipt_id);
        document_.add(record.receipt_json);
        if (record.response_id) {
            response_key_.add(index_key(*record.response_id));
            response_id_.add(*record.response_id);
        } else {
            response_key_.add_null();
            response_id_.add_null();
        }
        if (!record.signatures) {
            for (PgArray* column : {&text_hashes_, &ecdsa_, &ed25519_})
                column->add_null();
            return {};
        }
        LUMOZ_TRY(const TextHashes hashes, text_hashes(record.signatures->text));
        text_hashes_.add(hashes.view());
        ecdsa_.add(record.signatures->ecdsa.view());
        ed25519_.add(record.signatures->ed25519.view());
        return {};
    }
    void move_to(PgParams& params) {
        for (PgArray* column : {&owner_, &keyset_, &served_at_, &receipt_key_, &response_key_, &receipt_id_,
                                &response_id_, &document_, &text_hashes_, &ecdsa_, &ed25519_})
            params.add(std::move(*column));
    }

private:
    using Of = PgArray::Of;
    PgArray owner_{Of::Int8}, keyset_{Of::Int8}, served_at_{Of::Int8}, receipt_key_{Of::Int8},
        response_key_{Of::Int8}, receipt_id_{Of::Bytea}, response_id_{Of::Bytea}, document_{Of::Bytea},
        text_hashes_{Of::Bytea}, ecdsa_{Of::Bytea}, ed25519_{Of::Bytea};
};

}  // namespace

Result<std::unique_ptr<PgWriter>> PgWriter::open(const PostgresOptions& options) {
    LUMOZ_TRY(PgConnection db,
              PgConnection::open(options.target, std::min(options.write_limit, kConnectLimit)));
    std::unique_ptr<PgWriter> writer(new PgWriter(std::move(db)));
    LUMOZ_CHECK_OK(writer->begin_session(options));
    LUMOZ_CHECK_OK(writer->take_lane());
    LUMOZ_CHECK_OK(writer->prepare_all());
    return writer;
}

Status PgWriter::begin_session(const PostgresOptions& options) {
    const bool full = options.durability == Durability::Full;
    lease_seconds_ = options.lease.count();
    // Names are resolved in our schema and the system's alone, whatever the role's settings say.
    LUMOZ_CHECK_OK(db_.run("SET search_path=pg_catalog", "store.pg_writer.session"));
    db_.set_limit(kSchemaLimit);
    LUMOZ_CHECK_OK(prepare_pg_schema(db_, pg_schema_steps()));
    db_.set_limit(options.write_limit);
    LUMOZ_TRY(const PgRows rows,
              db_.ask("SELECT (current_setting('fsync')='on')::int4::int8", "store.pg_writer.session"));
    LUMOZ_TRY(const std::int64_t fsync, rows.size() == 1 ? rows.integer(0, 0) : bad_row("fsync"));
    if (full && fsync == 0) {
        return fail(Errc::Unavailable, "E_STORE_NOT_DURABLE", "store.pg_writer.session",
                    "the database runs with fsync=off");
    }
    // The server gives up before this side does: then the outcome is known.
    const std::string limit = std::to_string(options.write_limit.count() * 4 / 5);
    // Planning and compiling the one big statement anew for each batch would cost milliseconds.
    return db_.run("SET statement_timeout=" + limit + ";SET lock_timeout=" + limit +
                       ";SET idle_in_transaction_session_timeout=" + limit +
                       ";SET synchronous_commit=" + (full ? "on" : "off") +
                       ";SET jit=off;SET plan_cache_mode=force_generic_plan;SET "
                       "default_transaction_isolation='read committed'",
                   "store.pg_writer.session");
}

Status PgWriter::take_lane() {
    const std::string locks = std::to_string(kPgLocks);
    LUMOZ_TRY(const PgRows rows,
              db_.ask("SELECT lane::int8 FROM generate_series(0," + std::to_string(kLanes - 2) +
                          ") AS lane WHERE pg_try_advisory_lock(" + locks + "," +
                          std::to_string(kPgLockFirstLane) + "+lane) LIMIT 1",
                      "store.pg_writer.lane"));
    lane_ = kLanes - 1;
    if (rows.size() == 1) {
        LUMOZ_TRY(lane_, rows.integer(0, 0));
    }
    return db_.run("INSERT INTO lumoz.lane(id) VALUES(" + std::to_string(lane_) + ") ON CONFLICT DO NOTHING",
                   "store.pg_writer.lane");
}

Status PgWriter::prepare_all() {
    for (const auto& [name, sql] : statements()) {
        LUMOZ_CHECK_OK(db_.prepare(name, sql));
    }
    return {};
}

Status PgWriter::know_owners(std::span<const Pending> batch) {
    const std::set<std::string_view> names = not_known(owners_, batch, &Record::owner);
    if (names.empty()) return {};
    LUMOZ_TRY([[maybe_unused]] const PgRows made,
              db_.query("owners_make", PgParams().add(array_of(names)), "store.pg_writer.owner", 0));
    LUMOZ_TRY(const PgRows rows,
              db_.query("owners", PgParams().add(array_of(names)), "store.pg_writer.owner", names.size()));
    return remember(owners_, rows);
}

Status PgWriter::know_keysets(std::span<const Pending> batch) {
    const std::set<std::string_view> digests = not_known(keysets_, batch, &Record::keyset_digest);
    if (digests.empty()) return {};
    // A keyset that another replica stored is used from here on.
    for (const char* statement : {"renew", "keysets"}) {
        LUMOZ_TRY(const PgRows rows, db_.query(statement, PgParams().add(array_of(digests)),
                                               "store.pg_writer.keyset", digests.size()));
        LUMOZ_CHECK_OK(remember(keysets_, rows));
    }
    return {};
}

Result<PgParams> PgWriter::columns_of(std::span<Pending> batch, std::size_t& rows) {
    ReceiptColumns receipts;
    UsageSum used;
    std::set<std::int64_t> named;
    std::int64_t bytes = 0;
    for (Pending& item : batch) {
        const auto keyset = keysets_.find(item.record.keyset_digest);
        if (keyset == keysets_.end()) {
            item.status =
                fail(Errc::Usage, "E_STORE_KEYSET", "store.pg_writer.keyset", "put_keyset comes first");
            continue;
        }
        item.status = {};
        const auto owner = owners_.find(item.record.owner);
        if (owner == owners_.end()) return bad_row("an owner vanished");
        LUMOZ_CHECK_OK(receipts.add(item.record, owner->second, keyset->second));
        used.add(item.record);
        named.insert(keyset->second);
        bytes += kRowBytes + static_cast<std::int64_t>(item.record.receipt_json.size());
        ++rows;
    }
    PgArray keysets(PgArray::Of::Int8), owner(PgArray::Of::Int8), model(PgArray::Of::Bytea),
        day(PgArray::Of::Int8), requests(PgArray::Of::Int8), input(PgArray::Of::Int8),
        output(PgArray::Of::Int8);
    for (const std::int64_t id : named)
        keysets.add(id);
    for (const auto& [key, count] : used.rows()) {
        owner.add(owners_.find(key.owner)->second);
        model.add(key.model);
        day.add(key.day);
        requests.add(static_cast<std::int64_t>(count.requests));
        input.add(static_cast<std::int64_t>(count.usage.input_tokens));
        output.add(static_cast<std::int64_t>(count.usage.output_tokens));
    }
    PgParams params;
    params.add(std::move(keysets));
    receipts.move_to(params);
    for (PgArray* column : {&owner, &model, &day, &requests, &input, &output})
        params.add(std::move(*column));
    params.add(lane_).add(lease_seconds_).add(static_cast<std::int64_t>(kMaxDayCount));
    params.add(static_cast<std::int64_t>(rows)).add(bytes);
    return params;
}

Status PgWriter::write(std::span<Pending> batch) {
    LUMOZ_CHECK_OK(know_owners(batch));
    LUMOZ_CHECK_OK(know_keysets(batch));
    std::size_t rows = 0;
    LUMOZ_TRY(const PgParams params, columns_of(batch, rows));
    if (rows == 0) return {};
    const Result<PgRows> done = db_.query("append", params, "store.pg_writer.append", 0);
    if (done) return {};
    if (db_.state() == "23502") {  // not_null_violation: the keyset
        keysets_.clear();
        return fail(Errc::Unavailable, "E_STORE_LEASE", "store.pg_writer.append");
    }
    return std::unexpected(done.error());
}

Status PgWriter::put_keyset(const KeysetEvidence& keyset) {
    PgParams params;
    params.add(keyset.keyset_digest).add(keyset.made_at).add(keyset.not_after);
    params.add(keyset.signers.ecdsa.view()).add(keyset.signers.ed25519.view()).add(keyset.evidence);
    LUMOZ_TRY([[maybe_unused]] const PgRows rows,
              db_.query("keyset_put", params, "store.pg_writer.keyset", 0));
    return {};
}

Status PgWriter::renew(std::span<const std::string> digests) {
    if (digests.empty()) return {};
    const std::set<std::string_view> names(digests.begin(), digests.end());
    LUMOZ_TRY([[maybe_unused]] const PgRows rows,
              db_.query("renew", PgParams().add(array_of(names)), "store.pg_writer.renew", 0));
    return {};
}

Result<std::size_t> PgWriter::delete_oldest(std::size_t count, UnixTime before, std::uint64_t keep_bytes) {
    PgParams params;
    params.add(static_cast<std::int64_t>(count)).add(before).add(lane_).add(kRowBytes);
    params.add(kPgLocks).add(kPgLockRetention).add(static_cast<std::int64_t>(keep_bytes));
    LUMOZ_TRY(const PgRows rows, db_.query("delete", params, "store.pg_writer.delete"));
    if (rows.size() != 1) return bad_row("delete");
    LUMOZ_TRY(const std::int64_t deleted, rows.integer(0, 0));
    if (deleted < 0 || static_cast<std::size_t>(deleted) > count) return bad_row("delete");
    return static_cast<std::size_t>(deleted);
}

Status PgWriter::drop_unused_keysets() {
    LUMOZ_TRY([[maybe_unused]] const PgRows rows,
              db_.query("drop_keysets", PgParams().add(lease_seconds_), "store.pg_writer.unused", 0));
    return {};
}

Status PgWriter::probe() {
    LUMOZ_TRY([[maybe_unused]] const PgRows rows,
              db_.query("probe", PgParams().add(lane_), "store.pg_writer.probe", 0));
    return {};
}

Result<std::uint64_t> PgWriter::bytes_used() {
    LUMOZ_TRY(const PgRows rows, db_.query("size", PgParams(), "store.pg_writer.size"));
    if (rows.size() != 1) return bad_row("size");
    LUMOZ_TRY(const std::int64_t bytes, rows.integer(0, 0));
    return static_cast<std::uint64_t>(std::max<std::int64_t>(bytes, 0));
}

}  // namespace lumoz::store
