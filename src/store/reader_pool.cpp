// SPDX-License-Identifier: Apache-2.0
#include "store/reader_pool.hpp"

namespace lumoz::store {
namespace {

constexpr std::size_t kIdleLimit = 8;

constexpr const char* kSelect =
    "SELECT "
    "r.served_at,r.receipt_id,r.response_id,r.document,r.text_hashes,r.ecdsa,r.ed25519,o.name,k.digest,"
    "k.ecdsa_address,k.ed25519_public FROM receipt r JOIN owner o ON o.id=r.owner JOIN keyset k ON "
    "k.id=r.keyset WHERE r.seq=";

/// The newest row of one owner: the last entry of an index range whose row has the id itself.
std::string of_owner(const std::string& id) {
    return std::string(kSelect) +
           "(SELECT seq FROM receipt WHERE owner=(SELECT id FROM owner WHERE name=?3)" + " AND " + id +
           "_key=?2 AND " + id + "_id=?1 ORDER BY seq DESC LIMIT 1)";
}
/// The newest row of any owner: one index probe per owner, however often an engine repeats an id.
std::string of_anybody(const std::string& id) {
    return std::string(kSelect) + "(SELECT max((SELECT seq FROM receipt WHERE owner=a.id AND " + id +
           "_key=?2 AND " + id + "_id=?1 ORDER BY seq DESC LIMIT 1)) FROM owner a)";
}

Result<std::optional<StoredRecord>> first_row(Statement& statement, std::string_view id,
                                              std::optional<std::string_view> owner) {
    const ResetGuard guard(statement);
    statement.bind(1, id).bind(2, index_key(id));
    if (owner) statement.bind(3, *owner);
    LUMOZ_TRY(const bool row, statement.step("store.reader.find"));
    if (!row) return std::nullopt;
    LUMOZ_TRY(StoredRecord record, read_record(statement));
    return record;
}

}  // namespace

Result<std::unique_ptr<ReaderPool::Reader>> ReaderPool::open(const std::string& path) {
    auto reader = std::make_unique<Reader>();
    LUMOZ_TRY(reader->db, Database::open(path, false));
    LUMOZ_CHECK_OK(reader->db.run("PRAGMA query_only=ON", "store.reader.open"));
    LUMOZ_TRY(reader->by_id, reader->db.prepare(of_owner("receipt").c_str()));
    LUMOZ_TRY(reader->by_response, reader->db.prepare(of_owner("response").c_str()));
    LUMOZ_TRY(reader->any_by_id, reader->db.prepare(of_anybody("receipt").c_str()));
    LUMOZ_TRY(reader->any_by_response, reader->db.prepare(of_anybody("response").c_str()));
    LUMOZ_TRY(reader->keyset,
              reader->db.prepare("SELECT k.digest,k.made_at,k.not_after,k.ecdsa_address,k.ed25519_public,"
                                 "e.document FROM keyset k JOIN evidence e ON e.keyset=k.id"
                                 " WHERE k.digest=?1"));
    LUMOZ_TRY(reader->usage,
              reader->db.prepare("SELECT model,sum(requests),sum(input_tokens),sum(output_tokens) FROM usage"
                                 " WHERE owner=(SELECT id FROM owner WHERE name=?1)"
                                 " GROUP BY model ORDER BY model LIMIT ?2"));
    return reader;
}

Result<std::unique_ptr<ReaderPool::Reader>> ReaderPool::take() {
    {
        const std::lock_guard lock(mutex_);
        if (!idle_.empty()) {
            auto reader = std::move(idle_.back());
            idle_.pop_back();
            return reader;
        }
    }
    return open(path_);
}

void ReaderPool::give_back(std::unique_ptr<Reader> reader) {
    const std::lock_guard lock(mutex_);
    if (idle_.size() < kIdleLimit) idle_.push_back(std::move(reader));
}

Result<std::optional<StoredRecord>> ReaderPool::find(std::optional<std::string_view> owner,
                                                     std::string_view id) {
    if (id.empty() || id.size() > kMaxIdBytes) return std::nullopt;
    LUMOZ_TRY(auto reader, take());
    LUMOZ_TRY(auto found, first_row(owner ? reader->by_id : reader->any_by_id, id, owner));
    if (!found) {
        LUMOZ_TRY(found, first_row(owner ? reader->by_response : reader->any_by_response, id, owner));
    }
    give_back(std::move(reader));
    return found;
}

Result<std::optional<KeysetEvidence>> ReaderPool::keyset(std::string_view digest) {
    LUMOZ_TRY(auto reader, take());
    std::optional<KeysetEvidence> found;
    {
        const ResetGuard guard(reader->keyset);
        reader->keyset.bind(1, digest);
        LUMOZ_TRY(const bool row, reader->keyset.step("store.reader.keyset"));
        if (row) {
            LUMOZ_TRY(found, read_keyset(reader->keyset));
        }
    }
    give_back(std::move(reader));
    return found;
}

Result<std::vector<UsageTotal>> ReaderPool::usage(std::string_view owner) {
    LUMOZ_TRY(auto reader, take());
    std::vector<UsageTotal> totals;
    {
        const ResetGuard guard(reader->usage);
        reader->usage.bind(1, owner).bind(2, static_cast<std::int64_t>(kMaxUsageModels));
        while (true) {
            LUMOZ_TRY(const bool row, reader->usage.step("store.reader.usage"));
            if (!row) break;
            LUMOZ_TRY(UsageTotal total, read_usage(reader->usage));
            totals.push_back(std::move(total));
        }
    }
    give_back(std::move(reader));
    return totals;
}

}  // namespace lumoz::store
