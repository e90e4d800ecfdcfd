// SPDX-License-Identifier: Apache-2.0
// A private folder that goes away with its object.
#pragma once

#include "base/result.hpp"

#include <filesystem>

namespace lumoz::app {

class TempDir {
public:
    /// Mode 0700 below the system's folder for such things. `E_FILE`.
    static Result<TempDir> make(std::string_view name);
    TempDir(TempDir&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    TempDir(const TempDir&) = delete;
    TempDir& operator=(TempDir&&) = delete;
    ~TempDir();
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    explicit TempDir(std::filesystem::path path) : path_(std::move(path)) {}
    std::filesystem::path path_;
};

}  // namespace lumoz::app
