// SPDX-License-Identifier: Apache-2.0
#include "app/lumozd/store_choice.hpp"

#include "store/postgres_store.hpp"
#include "store/sqlite_store.hpp"

namespace lumoz::app {
namespace {

/// What both kinds have.
template <class Options>
Options common_options(const gateway::Config& config) {
    Options options;
    options.durability = config.receipts_relaxed ? store::Durability::Relaxed : store::Durability::Full;
    options.max_age = std::chrono::duration_cast<std::chrono::seconds>(config.receipts_max_age);
    options.max_bytes = static_cast<std::uint64_t>(config.receipts_max_bytes);
    return options;
}

}  // namespace

Result<std::unique_ptr<store::ReceiptStore>> open_store(const gateway::Config& config, const Clock& clock) {
    if (!config.receipts_url.empty()) {
        auto options = common_options<store::PostgresOptions>(config);
        LUMOZ_TRY(options.target, store::read_pg_target(config.receipts_url, config.receipts_password_file,
                                                        config.allow_plain_database));
        return store::open_postgres_store(options, clock);
    }
    auto options = common_options<store::SqliteOptions>(config);
    options.directory = std::filesystem::path(config.state_dir) / "receipts";
    options.min_free_bytes = static_cast<std::uint64_t>(config.receipts_min_free_bytes);
    options.ballast_bytes = static_cast<std::uint64_t>(config.receipts_ballast_bytes);
    return store::open_sqlite_store(options, clock);
}

}  // namespace lumoz::app
