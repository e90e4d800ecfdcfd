// SPDX-License-Identifier: Apache-2.0
// The keysets that this process put, newest and those before it. A request that began under one of them may
// still bring a record, so they are kept though no receipt may name them.
#pragma once

#include "store/store.hpp"

#include <mutex>
#include <span>

namespace lumoz::store {

/// Thread-safe.
class OwnKeysets {
public:
    void put(KeysetEvidence keyset) {
        const std::lock_guard lock(mutex_);
        std::erase_if(keysets_, [&](const auto& own) { return own.keyset_digest == keyset.keyset_digest; });
        keysets_.push_back(std::move(keyset));
        if (keysets_.size() > kOwnKeysets) keysets_.erase(keysets_.begin());
    }
    [[nodiscard]] std::vector<KeysetEvidence> all() const {
        const std::lock_guard lock(mutex_);
        return keysets_;
    }
    [[nodiscard]] std::vector<std::string> digests() const {
        const std::lock_guard lock(mutex_);
        std::vector<std::string> out;
        for (const KeysetEvidence& own : keysets_)
            out.push_back(own.keyset_digest);
        return out;
    }
    [[nodiscard]] receipt::SignerAddresses signers(std::string_view digest) const {
        const std::lock_guard lock(mutex_);
        for (const KeysetEvidence& own : keysets_)
            if (own.keyset_digest == digest) return own.signers;
        return {};
    }

private:
    mutable std::mutex mutex_;
    std::vector<KeysetEvidence> keysets_;  ///< oldest first, at most kOwnKeysets
};

}  // namespace lumoz::store
