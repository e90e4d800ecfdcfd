// SPDX-License-Identifier: Apache-2.0
// The tables in a PostgreSQL database and their versions: schema `lumoz`, whose version is the number of
// steps that were done. Opening does the rest in one transaction under a lock, so that replicas that start
// together do it once. A newer version is refused, never touched.
#pragma once

#include "store/pg_connection.hpp"

#include <span>

namespace lumoz::store {

/// First number of our advisory locks ("LmzR"), and the second ones.
inline constexpr std::int64_t kPgLocks = 0x4c6d7a52;
inline constexpr std::int64_t kPgLockSchema = 1;
inline constexpr std::int64_t kPgLockRetention = 2;
inline constexpr std::int64_t kPgLockFirstLane = 100;

/// The steps of this version, oldest first. Each is SQL text without transaction control.
[[nodiscard]] std::span<const char* const> pg_schema_steps();
/// Brings the database to `steps.size()`. `E_STORE_VERSION`, and what a connection gives.
Status prepare_pg_schema(PgConnection& connection, std::span<const char* const> steps);

}  // namespace lumoz::store
