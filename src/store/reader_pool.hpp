// SPDX-License-Identifier: Apache-2.0
// Connections for look-ups, apart from the writer's. A look-up takes an idle one or opens another; a few are
// kept.
#pragma once

#include "store/rows.hpp"

#include <mutex>

namespace lumoz::store {

/// Thread-safe.
class ReaderPool {
public:
    explicit ReaderPool(std::string path) : path_(std::move(path)) {}

    /// Receipt id first, then response id, the newest of equals. Without `owner` any owner's.
    Result<std::optional<StoredRecord>> find(std::optional<std::string_view> owner, std::string_view id);
    Result<std::optional<KeysetEvidence>> keyset(std::string_view digest);
    Result<std::vector<UsageTotal>> usage(std::string_view owner);

private:
    struct Reader {
        Database db;
        Statement by_id, by_response, any_by_id, any_by_response, keyset, usage;
    };
    Result<std::unique_ptr<Reader>> take();
    void give_back(std::unique_ptr<Reader> reader);
    static Result<std::unique_ptr<Reader>> open(const std::string& path);

    std::string path_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<Reader>> idle_;
};

}  // namespace lumoz::store
