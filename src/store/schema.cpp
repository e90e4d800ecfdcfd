// SPDX-License-Identifier: Apache-2.0
#include "store/schema.hpp"

namespace lumoz::store {
namespace {

// Rows are appended in the order of `seq`, which is never used twice. The two indexes answer look-ups by id;
// they hold 8 bytes of the id's hash, since ids are random and every page of an index that a transaction
// touches is written whole: less than half the pages of an index over the texts.
// Evidence is large and apart from `keyset`, whose `last_seq` is written often. A later step may add
// columns (a gap-free sequence and the typed signature of specs/onchain.md 4.1): ADD COLUMN costs nothing.
constexpr const char* kFirst = R"sql(
CREATE TABLE owner(
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE keyset(
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    made_at INTEGER NOT NULL,
    not_after INTEGER NOT NULL,
    ecdsa_address BLOB NOT NULL,
    ed25519_public BLOB NOT NULL,
    last_seq INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE evidence(
    keyset INTEGER PRIMARY KEY,
    document BLOB NOT NULL
) STRICT;
CREATE TABLE receipt(
    seq INTEGER PRIMARY KEY,
    owner INTEGER NOT NULL,
    keyset INTEGER NOT NULL,
    served_at INTEGER NOT NULL,
    receipt_id TEXT NOT NULL,
    response_id TEXT,
    receipt_key INTEGER NOT NULL,
    response_key INTEGER,
    document TEXT NOT NULL,
    text_hashes BLOB,
    ecdsa BLOB,
    ed25519 BLOB
) STRICT;
CREATE INDEX receipt_by_id ON receipt(owner, receipt_key);
CREATE INDEX receipt_by_response ON receipt(owner, response_key) WHERE response_key IS NOT NULL;
CREATE TABLE probe(id INTEGER PRIMARY KEY CHECK(id = 1), n INTEGER NOT NULL) STRICT;
INSERT INTO probe VALUES(1, 0);
)sql";

// One row a day, so that a bill can name its days; `usage` outlives the receipts that it counts.
constexpr const char* kUsage = R"sql(
CREATE TABLE usage(
    owner INTEGER NOT NULL,
    model TEXT NOT NULL,
    day INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    PRIMARY KEY(owner, model, day)
) STRICT, WITHOUT ROWID;
)sql";

constexpr std::array<const char* const, 2> kSteps = {kFirst, kUsage};

Status begin_file(Database& db) {
    // Both settings must come before the first table. Small pages: one receipt touches three places, and a
    // commit that somebody waits for writes each page that it touches whole.
    LUMOZ_CHECK_OK(db.run("PRAGMA page_size=4096", "store.schema.create"));
    LUMOZ_CHECK_OK(db.run("PRAGMA auto_vacuum=INCREMENTAL", "store.schema.create"));
    const std::string id = "PRAGMA application_id=" + std::to_string(kApplicationId);
    return db.run(id.c_str(), "store.schema.create");
}

Status run_step(Database& db, const char* sql, std::size_t version) {
    LUMOZ_CHECK_OK(db.run("BEGIN IMMEDIATE", "store.schema.step"));
    Status done = db.run(sql, "store.schema.step");
    if (done) {
        const std::string set = "PRAGMA user_version=" + std::to_string(version);
        done = db.run(set.c_str(), "store.schema.step");
    }
    if (done) done = db.run("COMMIT", "store.schema.step");
    if (!done && db.in_transaction()) {
        // The error of the step is the one to tell; the connection is given up after it.
        [[maybe_unused]] const Status rolled = db.run("ROLLBACK", "store.schema.step");
    }
    return done;
}

}  // namespace

std::span<const char* const> schema_steps() {
    return kSteps;
}

Status prepare_schema(Database& db, std::span<const char* const> steps) {
    LUMOZ_TRY(const std::int64_t tables,
              db.integer("SELECT count(*) FROM sqlite_schema", "store.schema.read"));
    LUMOZ_TRY(const std::int64_t version, db.integer("PRAGMA user_version", "store.schema.read"));
    LUMOZ_TRY(const std::int64_t id, db.integer("PRAGMA application_id", "store.schema.read"));
    if (tables == 0 && version == 0) {
        LUMOZ_CHECK_OK(begin_file(db));
    } else if (id != kApplicationId || version < 0) {
        return fail(Errc::Malformed, "E_STORE_CORRUPT", "store.schema.application_id",
                    "the file is no receipt store");
    }
    if (version > static_cast<std::int64_t>(steps.size())) {
        return fail(Errc::Unsupported, "E_STORE_VERSION", "store.schema.version",
                    "file has version " + std::to_string(version) + ", this program knows " +
                        std::to_string(steps.size()));
    }
    LUMOZ_CHECK_OK(db.run("PRAGMA journal_mode=WAL", "store.schema.wal"));
    for (auto next = static_cast<std::size_t>(version); next < steps.size(); ++next) {
        LUMOZ_CHECK_OK(run_step(db, steps[next], next + 1));
    }
    return {};
}

}  // namespace lumoz::store
