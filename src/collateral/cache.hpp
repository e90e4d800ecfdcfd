// SPDX-License-Identifier: Apache-2.0
// Documents on disk, one file each, replaced as a whole. What is read back is only a candidate: its signature
// is checked again by whoever asked, so a file that was tampered with costs a fetch and nothing else.
#pragma once

#include "collateral/document.hpp"

#include <filesystem>

namespace lumoz::collateral {

class Cache {
public:
    /// Most files in the folder; the ones written longest ago go first.
    static constexpr std::size_t kMaxFiles = 256;

    /// Makes the folder (mode 0700) when it is absent. `E_COLLATERAL_CACHE` when it cannot be used, is not
    /// ours, or others may write to it.
    static Result<Cache> open(std::filesystem::path folder);

    /// Nothing when there is no such file or it cannot be read as what it claims to be.
    [[nodiscard]] std::optional<Document> load(Item item, std::string_view key) const;
    /// Mode 0600, durable before it is visible. `E_COLLATERAL_CACHE`.
    Status store(const Document& document, std::string_view key) const;
    [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

private:
    explicit Cache(std::filesystem::path folder) : folder_(std::move(folder)) {}
    void make_room() const;
    std::filesystem::path folder_;
};

/// The file's content. Documented in docs/collateral.md.
[[nodiscard]] std::string cache_text(const Document& document, std::string_view key);
/// Nothing for anything else than `cache_text` gives for this document and key.
[[nodiscard]] std::optional<Document> read_cache_text(std::string_view text, Item item, std::string_view key);

}  // namespace lumoz::collateral
