// SPDX-License-Identifier: Apache-2.0
// Where a PostgreSQL database is: a `postgres://` URL, checked before anything is connected. The password is
// in a file, never in the URL.
#pragma once

#include "base/result.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace lumoz::store {

/// Keywords and values for libpq; no password among them.
struct PgTarget {
    std::vector<std::pair<std::string, std::string>> values;
    std::filesystem::path password_file;  ///< empty: none
};

/// `E_STORE_URL`: not a `postgres://` URL, an option that is not allowed, a password in it, or a host beyond
/// this machine without `sslmode=verify-full` and `sslrootcert`, unless `allow_plain`. The text of the URL is
/// never part of an error.
Result<PgTarget> read_pg_target(const std::string& url, const std::filesystem::path& password_file,
                                bool allow_plain);

}  // namespace lumoz::store
