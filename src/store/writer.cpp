// SPDX-License-Identifier: Apache-2.0
#include "store/writer.hpp"

#include "store/schema.hpp"

#include <sqlite3.h>

namespace lumoz::store {
namespace {

// `last_seq` is written behind the commits that somebody waits for, always of all keysets at once: after a
// crash only rows behind the greatest one are not in it yet.
constexpr const char* kMendLastSeq =
    "UPDATE keyset SET last_seq=late.seq FROM (SELECT keyset, max(seq) AS seq FROM receipt"
    " WHERE seq>coalesce((SELECT max(last_seq) FROM keyset),0) GROUP BY keyset) AS late"
    " WHERE keyset.id=late.keyset";

// As `delete_age_`, and rows as long as those ahead of them come to less than ?3 bytes; ?4 beside a document.
constexpr const char* kDeleteExcess =
    "DELETE FROM receipt WHERE seq IN (SELECT seq FROM (SELECT seq,served_at,sum(bytes) OVER (ORDER BY seq)"
    "-bytes AS ahead FROM (SELECT seq,served_at,length(CAST(document AS BLOB))+?4 AS bytes FROM receipt"
    " ORDER BY seq LIMIT ?1)) WHERE served_at<?2 OR ahead<?3)";

int remember_wal_pages(void* counter, sqlite3*, const char*, int pages) {
    *static_cast<int*>(counter) = pages;
    return SQLITE_OK;
}

}  // namespace

Result<std::unique_ptr<Writer>> Writer::open(const std::string& path, bool full) {
    auto writer = std::make_unique<Writer>();
    LUMOZ_TRY(writer->db_, Database::open(path, true));
    LUMOZ_CHECK_OK(prepare_schema(writer->db_, schema_steps()));
    LUMOZ_CHECK_OK(
        writer->db_.run(full ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL", "store.writer.open"));
    // The log keeps at most this much space after a checkpoint.
    LUMOZ_CHECK_OK(writer->db_.run("PRAGMA journal_size_limit=67108864", "store.writer.open"));
    LUMOZ_CHECK_OK(writer->db_.run("PRAGMA cache_size=-16384", "store.writer.open"));
    LUMOZ_CHECK_OK(writer->prepare_all());
    // Replaces SQLite's automatic checkpoint, which would run inside the commit that somebody waits for.
    sqlite3_wal_hook(writer->db_.handle(), remember_wal_pages, &writer->wal_pages_);
    LUMOZ_CHECK_OK(writer->db_.run(kMendLastSeq, "store.writer.open"));
    LUMOZ_TRY(writer->page_size_, writer->db_.integer("PRAGMA page_size", "store.writer.open"));
    LUMOZ_TRY(writer->next_seq_,
              writer->db_.integer("SELECT 1+max(coalesce((SELECT max(seq) FROM receipt),0),coalesce((SELECT "
                                  "max(last_seq) FROM keyset),0))",
                                  "store.writer.open"));
    return writer;
}

Status Writer::prepare_all() {
    LUMOZ_TRY(begin_, db_.prepare("BEGIN IMMEDIATE"));
    LUMOZ_TRY(commit_, db_.prepare("COMMIT"));
    LUMOZ_TRY(rollback_, db_.prepare("ROLLBACK"));
    LUMOZ_TRY(insert_, db_.prepare(kInsertReceipt));
    LUMOZ_TRY(touch_keyset_, db_.prepare("UPDATE keyset SET last_seq=?2 WHERE id=?1"));
    LUMOZ_TRY(owner_insert_, db_.prepare("INSERT INTO owner(name) VALUES(?1) ON CONFLICT DO NOTHING"));
    LUMOZ_TRY(owner_select_, db_.prepare("SELECT id FROM owner WHERE name=?1"));
    LUMOZ_TRY(keyset_select_, db_.prepare("SELECT id FROM keyset WHERE digest=?1"));
    LUMOZ_TRY(
        keyset_put_,
        db_.prepare(
            "INSERT INTO keyset(digest,made_at,not_after,ecdsa_address,ed25519_public,last_seq)"
            " VALUES(?1,?2,?3,?4,?5,?6)"
            " ON CONFLICT(digest) DO UPDATE SET made_at=?2,not_after=?3,ecdsa_address=?4,ed25519_public=?5"));
    LUMOZ_TRY(evidence_put_, db_.prepare("INSERT OR REPLACE INTO evidence(keyset,document) VALUES(?1,?2)"));
    LUMOZ_TRY(probe_, db_.prepare("UPDATE probe SET n=n+1"));
    LUMOZ_TRY(delete_age_,
              db_.prepare("DELETE FROM receipt WHERE seq IN (SELECT seq FROM receipt ORDER BY seq"
                          " LIMIT ?1) AND served_at<?2"));
    LUMOZ_TRY(delete_excess_, db_.prepare(kDeleteExcess));
    LUMOZ_TRY(page_count_, db_.prepare("PRAGMA page_count"));
    LUMOZ_TRY(free_count_, db_.prepare("PRAGMA freelist_count"));
    LUMOZ_TRY(keysets_unused_, db_.prepare("SELECT id,digest FROM keyset WHERE last_seq<"
                                           "coalesce((SELECT min(seq) FROM receipt),?1) LIMIT 256"));
    LUMOZ_TRY(keyset_delete_, db_.prepare("DELETE FROM keyset WHERE id=?1"));
    LUMOZ_TRY(evidence_delete_, db_.prepare("DELETE FROM evidence WHERE keyset=?1"));
    LUMOZ_TRY(usage_add_, db_.prepare("INSERT INTO usage(owner,model,day,requests,input_tokens,output_tokens)"
                                      " VALUES(?1,?2,?3,?4,?5,?6) ON CONFLICT DO UPDATE SET"
                                      " requests=min(requests+?4,?7),input_tokens=min(input_tokens+?5,?7),"
                                      "output_tokens=min(output_tokens+?6,?7)"));
    return {};
}

template <class Body>
Status Writer::transaction(Body body) {
    LUMOZ_CHECK_OK(begin_.run("store.writer.begin"));
    Status done = body();
    if (done) done = commit_.run("store.writer.commit");
    if (!done && db_.in_transaction()) {
        // The first error is the one to tell; SQLite itself rolls back when this cannot.
        [[maybe_unused]] const Status rolled = rollback_.run("store.writer.rollback");
    }
    return done;
}

Status Writer::write(std::span<Pending> batch) {
    const std::int64_t first = next_seq_;
    Status done = transaction([&] { return insert_all(batch); });
    if (!done) {
        next_seq_ = first;
        // A number in last_of_keyset_ that no row has only keeps its keyset a little longer.
        owners_.clear();  // some may have been made in what was rolled back
    }
    return done;
}

Status Writer::insert_all(std::span<Pending> batch) {
    UsageSum used;
    for (Pending& item : batch) {
        LUMOZ_TRY(const auto keyset, keyset_id(item.record.keyset_digest));
        if (!keyset) {
            item.status =
                fail(Errc::Usage, "E_STORE_KEYSET", "store.writer.keyset", "put_keyset comes first");
            continue;
        }
        LUMOZ_TRY(const std::int64_t owner, owner_id(item.record.owner));
        const RowKeys keys{next_seq_, owner, *keyset};
        LUMOZ_CHECK_OK(insert_record(insert_, item.record, keys));
        last_of_keyset_[*keyset] = next_seq_++;
        used.add(item.record);
        item.status = {};
    }
    return add_usage(used);
}

Status Writer::add_usage(const UsageSum& sum) {
    for (const auto& [key, count] : sum.rows()) {
        LUMOZ_TRY(const std::int64_t owner, owner_id(key.owner));
        usage_add_.bind(1, owner).bind(2, std::string_view(key.model)).bind(3, key.day);
        usage_add_.bind(4, static_cast<std::int64_t>(count.requests));
        usage_add_.bind(5, static_cast<std::int64_t>(count.usage.input_tokens));
        usage_add_.bind(6, static_cast<std::int64_t>(count.usage.output_tokens));
        usage_add_.bind(7, static_cast<std::int64_t>(kMaxDayCount));
        LUMOZ_CHECK_OK(usage_add_.run("store.writer.usage"));
    }
    return {};
}

Status Writer::touch_keysets() {
    for (const auto& [keyset, seq] : last_of_keyset_) {
        touch_keyset_.bind(1, keyset).bind(2, seq);
        LUMOZ_CHECK_OK(touch_keyset_.run("store.writer.touch"));
    }
    return {};
}

Result<std::int64_t> Writer::owner_id(const std::string& name) {
    if (const auto known = owners_.find(name); known != owners_.end()) return known->second;
    owner_insert_.bind(1, std::string_view(name));
    LUMOZ_CHECK_OK(owner_insert_.run("store.writer.owner"));
    const ResetGuard guard(owner_select_);
    owner_select_.bind(1, std::string_view(name));
    LUMOZ_TRY(const bool row, owner_select_.step("store.writer.owner"));
    if (!row) return fail(Errc::Malformed, "E_STORE_CORRUPT", "store.writer.owner", "a row vanished");
    owners_[name] = owner_select_.integer(0);
    return owner_select_.integer(0);
}

Result<std::optional<std::int64_t>> Writer::keyset_id(const std::string& digest) {
    if (const auto known = keysets_.find(digest); known != keysets_.end()) return known->second;
    const ResetGuard guard(keyset_select_);
    keyset_select_.bind(1, std::string_view(digest));
    LUMOZ_TRY(const bool row, keyset_select_.step("store.writer.keyset"));
    if (!row) return std::nullopt;
    keysets_[digest] = keyset_select_.integer(0);
    return keyset_select_.integer(0);
}

Status Writer::put_keyset(const KeysetEvidence& keyset) {
    const bool known = keysets_.contains(keyset.keyset_digest);
    Status done = transaction([&]() -> Status {
        LUMOZ_CHECK_OK(touch_keysets());  // the new one begins behind every row
        keyset_put_.bind(1, std::string_view(keyset.keyset_digest)).bind(2, keyset.made_at);
        keyset_put_.bind(3, keyset.not_after).bind(4, keyset.signers.ecdsa.view());
        keyset_put_.bind(5, keyset.signers.ed25519.view()).bind(6, next_seq_ - 1);
        LUMOZ_CHECK_OK(keyset_put_.run("store.writer.keyset"));
        LUMOZ_TRY(const auto id, keyset_id(keyset.keyset_digest));
        evidence_put_.bind(1, id.value_or(0)).bind(2, as_bytes(keyset.evidence));
        return evidence_put_.run("store.writer.evidence");
    });
    // A number that was given in what is rolled back names no row.
    if (!done && !known) keysets_.erase(keyset.keyset_digest);
    return done;
}

Status Writer::probe() {
    return transaction([&] { return probe_.run("store.writer.probe"); });
}

Result<std::size_t> Writer::delete_oldest(std::size_t count, UnixTime before, std::uint64_t excess) {
    Statement& statement = excess == 0 ? delete_age_ : delete_excess_;
    std::size_t deleted = 0;
    LUMOZ_CHECK_OK(transaction([&]() -> Status {
        LUMOZ_CHECK_OK(touch_keysets());  // a number is known here even when its row goes
        statement.bind(1, static_cast<std::int64_t>(count)).bind(2, before);
        if (excess != 0) statement.bind(3, static_cast<std::int64_t>(excess)).bind(4, kRowBytes);
        LUMOZ_CHECK_OK(statement.run("store.writer.delete"));
        deleted = static_cast<std::size_t>(sqlite3_changes(db_.handle()));
        return {};
    }));
    return deleted;
}

Result<std::vector<std::int64_t>> Writer::unused_keysets(std::span<const std::string> in_use) {
    std::vector<std::int64_t> unused;
    const ResetGuard guard(keysets_unused_);
    keysets_unused_.bind(1, next_seq_);
    while (true) {
        LUMOZ_TRY(const bool row, keysets_unused_.step("store.writer.unused"));
        if (!row) return unused;
        if (std::ranges::find(in_use, keysets_unused_.text(1)) == in_use.end())
            unused.push_back(keysets_unused_.integer(0));
    }
}

Status Writer::drop_unused_keysets(std::span<const std::string> in_use) {
    if (!last_of_keyset_.empty()) {
        LUMOZ_CHECK_OK(transaction([&] { return touch_keysets(); }));
        last_of_keyset_.clear();
    }
    LUMOZ_TRY(const std::vector<std::int64_t> unused, unused_keysets(in_use));
    if (unused.empty()) return {};
    keysets_.clear();  // a record that names one of these comes too late, and is told so
    return transaction([&]() -> Status {
        for (const std::int64_t id : unused) {
            evidence_delete_.bind(1, id);
            LUMOZ_CHECK_OK(evidence_delete_.run("store.writer.unused"));
            keyset_delete_.bind(1, id);
            LUMOZ_CHECK_OK(keyset_delete_.run("store.writer.unused"));
        }
        return {};
    });
}

Result<Writer::Pages> Writer::pages() {
    Pages out;
    {
        const ResetGuard guard(page_count_);
        LUMOZ_TRY([[maybe_unused]] const bool row, page_count_.step("store.writer.pages"));
        out.all = static_cast<std::uint64_t>(page_count_.integer(0));
    }
    const ResetGuard guard(free_count_);
    LUMOZ_TRY([[maybe_unused]] const bool row, free_count_.step("store.writer.pages"));
    out.free = static_cast<std::uint64_t>(free_count_.integer(0));
    return out;
}

Status Writer::vacuum(std::size_t count) {
    const std::string sql = "PRAGMA incremental_vacuum(" + std::to_string(count) + ")";
    return db_.run(sql.c_str(), "store.writer.vacuum");
}

Status Writer::checkpoint(bool truncate) {
    const int mode = truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
    int in_log = 0;
    int copied = 0;
    const int code = sqlite3_wal_checkpoint_v2(db_.handle(), nullptr, mode, &in_log, &copied);
    if (code == SQLITE_BUSY) return {};
    if (code != SQLITE_OK)
        return std::unexpected(sqlite_error(db_.handle(), code, "store.writer.checkpoint"));
    if (copied == in_log) wal_pages_ = 0;
    return {};
}

}  // namespace lumoz::store
