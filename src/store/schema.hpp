// SPDX-License-Identifier: Apache-2.0
// The tables of the receipt store and their versions. `user_version` is the number of steps that were done;
// opening does the rest, one transaction each. A file of a newer version is refused, never touched.
#pragma once

#include "store/sqlite.hpp"

namespace lumoz::store {

/// "LmzR" in the file header: tells a receipt store from any other SQLite file.
inline constexpr std::int64_t kApplicationId = 0x4c6d7a52;

/// The steps of this version, oldest first. Each is SQL text without transaction control.
[[nodiscard]] std::span<const char* const> schema_steps();
/// Prepares a new file (page size, incremental vacuum, WAL), checks an old one, and brings it to
/// `steps.size()`. `E_STORE_CORRUPT` (not a receipt store), `E_STORE_VERSION`, and SQLite's.
Status prepare_schema(Database& db, std::span<const char* const> steps);

}  // namespace lumoz::store
